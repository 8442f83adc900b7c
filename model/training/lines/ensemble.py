"""An ensemble of line networks as one ONNX network, whose maps are the mean of theirs.

Networks that were trained differently miss different lines, and a line that only one of them
finds is often a false positive (Hansen and Salamon 1990, "Neural network ensembles").
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model.training.optimisation.backend import check_onnx
from schemas.process_end import end_process
from schemas.program import program_name

if TYPE_CHECKING:
    import onnx

_IMAGE, _MAPS = "image", "maps"


def average_networks(networks: Sequence[onnx.ModelProto]) -> onnx.ModelProto:
    """Combine networks into one graph that outputs the mean of their logits.

    Args:
        networks: Networks from `export_line_network`, of any size.

    Returns:
        A graph with the same input and output.

    Raises:
        ValueError: If there is no network.
    """
    import onnx
    from onnx import helper, numpy_helper

    if not networks:
        raise ValueError("no network to average; give at least one")
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
    """Prefix a name with the number of its network, except the shared image and omitted inputs."""
    return name if name in ("", _IMAGE) else f"{number}/{name}"


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments without the program's name; None for those of the process (`sys.argv`).

    Returns:
        The exit status: 0, or 2 for files that are not valid.
    """
    parser = argparse.ArgumentParser(
        prog=program_name("model.training.lines.ensemble"),
        description="Combine several line networks into one that averages their outputs.",
        allow_abbrev=False,
    )
    parser.add_argument("networks", type=Path, nargs="+", help="lines.onnx of each training run")
    parser.add_argument("--output", type=Path, required=True, help="ONNX file to write")
    args = parser.parse_args(argv)
    if args.output.exists():
        print(f"{args.output} exists; choose another --output", file=sys.stderr)
        return 2
    try:
        check_onnx()
        networks = [_load(path) for path in args.networks]
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    args.output.write_bytes(average_networks(networks).SerializeToString())
    return 0


def _load(path: Path) -> onnx.ModelProto:
    import onnx

    try:
        network = onnx.load_from_string(path.read_bytes())
    # The errors of protobuf have no common base class.
    except Exception as error:
        raise ValueError(
            f"{path}: not an ONNX file ({error}); give the lines.onnx of a run"
        ) from None
    if [value.name for value in (*network.graph.input, *network.graph.output)] != [_IMAGE, _MAPS]:
        raise ValueError(f"{path}: not a line network; give the lines.onnx of a run")
    return network


if __name__ == "__main__":
    end_process(main)
