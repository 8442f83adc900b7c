"""Several line networks as one, whose maps are their mean.

Networks that were trained differently miss different lines, and what one of them alone sees
is often not there (Hansen and Salamon 1990, "Neural network ensembles").
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from schemas.program import program_name

_IMAGE, _MAPS = "image", "maps"


def average_networks(networks: Sequence[onnx.ModelProto]) -> onnx.ModelProto:
    """Make one graph of some, that gives the mean of their logits.

    Args:
        networks: What `export_line_network` gave, of any size.

    Returns:
        A graph with the same input and output.

    Raises:
        ValueError: If there is none.
    """
    if not networks:
        raise ValueError("no network to average; give one at least")
    nodes, weights = [], []
    for number, network in enumerate(networks):
        for weight in network.graph.initializer:
            weights.append(onnx.TensorProto())
            weights[-1].CopyFrom(weight)
            weights[-1].name = _name(weight.name, number)
        for node in network.graph.node:
            nodes.append(onnx.NodeProto())
            nodes[-1].CopyFrom(node)
            nodes[-1].name = _name(node.name, number)
            nodes[-1].input[:] = [_name(name, number) for name in node.input]
            nodes[-1].output[:] = [_name(name, number) for name in node.output]
    maps = [_name(_MAPS, number) for number in range(len(networks))]
    share = numpy_helper.from_array(np.array(1 / len(networks), np.float32), "share")
    nodes += [
        helper.make_node("Sum", maps, ["sum"], name="sum"),
        helper.make_node("Mul", ["sum", "share"], [_MAPS], name="mean"),
    ]
    first = networks[0].graph
    proto = helper.make_model(
        helper.make_graph(nodes, first.name, first.input, first.output, [*weights, share]),
        opset_imports=networks[0].opset_import,
        ir_version=networks[0].ir_version,
        producer_name="quire",
    )
    onnx.checker.check_model(proto)
    return proto


def _name(name: str, number: int) -> str:
    """Tell the parts of networks apart; the image is the same for all, and '' is left out."""
    return name if name in ("", _IMAGE) else f"{number}/{name}"


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments without the program's name; None for those of the process.

    Returns:
        The exit status: 0, or 2 for files that cannot be used.
    """
    parser = argparse.ArgumentParser(
        prog=program_name("model.training.lines.ensemble"),
        description="Make one line network of several.",
        allow_abbrev=False,
    )
    parser.add_argument("networks", type=Path, nargs="+", help="lines.onnx of each training")
    parser.add_argument("--output", type=Path, required=True, help="ONNX file to write")
    args = parser.parse_args(argv)
    if args.output.exists():
        print(f"{args.output} exists; choose another --output", file=sys.stderr)
        return 2
    try:
        networks = [_load(path) for path in args.networks]
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    args.output.write_bytes(average_networks(networks).SerializeToString())
    return 0


def _load(path: Path) -> onnx.ModelProto:
    try:
        network = onnx.load_from_string(path.read_bytes())
    # protobuf's errors are of no common kind.
    except Exception as error:
        raise ValueError(f"{path}: no ONNX file ({error}); give lines.onnx of a training") from None
    if [value.name for value in (*network.graph.input, *network.graph.output)] != [_IMAGE, _MAPS]:
        raise ValueError(f"{path}: no line network; give lines.onnx of a training")
    return network


if __name__ == "__main__":
    sys.exit(main())
