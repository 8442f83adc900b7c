"""LSTMs in 8-bit integers whose rounding does not depend on what else is in the batch.

ONNX Runtime rounds what enters a product of 8-bit integers by the range that the whole batch has,
so a line would be read a little otherwise beside other lines. Here constants travel with every
line that nothing in the network exceeds, and they fix that range: features as large as the
largest that the convolutions can give, and in each direction of an LSTM a unit that adds 1 in
each step and one that takes 1 off, as no cell can faster. All that follows gives them a weight
of 0. So lines of one width can be read together, about twice as fast as each alone, and to the
last bit alike.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper

from model.networks.session import FIXED_RANGES

# Two units are used. Four leave the columns of a product a multiple of 16: of 16 k + 8 columns
# ONNX Runtime's kernel for AMX (1.23) gets some wrong.
_GUARDS = 4
# Sigmoid and tangent are as near to 1 here as ONNX Runtime's approximations come.
_CERTAIN = 50.0


def guard_ranges(network: onnx.ModelProto) -> None:
    """Put guards into a network, in place, and note them; it computes what it did before.

    Args:
        network: What `recogniser_onnx` wrote, its convolutions quantised, its LSTMs not.

    Raises:
        ValueError: If the features that enter the first LSTM are not quantised.
    """
    graph = network.graph
    weights = {weight.name: weight for weight in graph.initializer}
    lstms = [node for node in graph.node if node.op_type == "LSTM"]
    _append_features(graph, weights, lstms[0])
    blocks = 1
    for i, lstm in enumerate(lstms):
        _append_units(lstm, weights, f"lstm{i}", blocks)
        blocks = 2
    _change(weights["kernel"], lambda kernel: _pad_blocks(kernel, 0, blocks))
    # Shapes of before.
    del graph.value_info[:]
    helper.set_model_props(network, {FIXED_RANGES: "yes"})


def _append_features(
    graph: onnx.GraphProto, weights: dict[str, onnx.TensorProto], lstm: onnx.NodeProto
) -> None:
    """Append features that are as large as any can be: that 8 bits can stand for."""
    makers = {output: node for node in graph.node for output in node.output}
    maker = makers.get(lstm.input[0])
    while maker is not None and maker.op_type != "DequantizeLinear":
        maker = makers.get(maker.input[0])
    if maker is None:
        raise ValueError("features enter the LSTM as floats; quantise the convolutions first")
    scale, zero_point = (numpy_helper.to_array(weights[name]) for name in maker.input[1:3])
    largest = np.float32(scale * np.float32(np.iinfo(np.uint8).max - int(zero_point)))
    pads = np.array([0, 0, 0, 0, 0, _GUARDS], np.int64)
    for name, array in (("guard_pads", pads), ("guard_value", largest)):
        graph.initializer.append(numpy_helper.from_array(np.asarray(array), name))
    inputs = [lstm.input[0], "guard_pads", "guard_value"]
    guarded = helper.make_node("Pad", inputs, ["guarded"], name="guarded")
    graph.node.insert(list(graph.node).index(lstm), guarded)
    lstm.input[0] = "guarded"


def _append_units(
    lstm: onnx.NodeProto, weights: dict[str, onnx.TensorProto], name: str, blocks: int
) -> None:
    """Append units that count up and down to both directions of an LSTM.

    Args:
        lstm: The node.
        weights: Of the network, by name.
        name: What its weights' names begin with.
        blocks: How many parts with guards of their own it is fed.
    """
    size = next(attribute for attribute in lstm.attribute if attribute.name == "hidden_size")

    def grown(array: np.ndarray) -> np.ndarray:
        """Insert rows of 0 behind those of each gate: [direction, gates * units, ...]."""
        return _pad_blocks(array, 1, array.shape[1] // size.i)

    def counting(bias: np.ndarray) -> np.ndarray:
        # Gates i, o, f, c, then the same again for the recurrent bias.
        parts = grown(bias).reshape(2, 2, 4, -1)
        parts[:, 0, :, size.i : size.i + 2] = _CERTAIN
        parts[:, 0, 3, size.i + 1] = -_CERTAIN
        return parts.reshape(2, -1)

    _change(weights[f"{name}_input"], lambda kernel: _pad_blocks(grown(kernel), 2, blocks))
    _change(weights[f"{name}_recurrent"], lambda kernel: _pad_blocks(grown(kernel), 2, 1))
    _change(weights[f"{name}_bias"], counting)
    size.i += _GUARDS
    _change(weights[f"{name}_shape"], lambda shape: np.array([*shape[:2], 2 * size.i]))


def _pad_blocks(array: np.ndarray, axis: int, blocks: int) -> np.ndarray:
    """Insert zeros behind each of some equal parts of an axis."""
    parts = np.split(array, blocks, axis)
    widths = [(0, _GUARDS if at == axis else 0) for at in range(array.ndim)]
    return np.concatenate([np.pad(part, widths) for part in parts], axis)


def _change(weight: onnx.TensorProto, change) -> None:
    array = np.ascontiguousarray(change(numpy_helper.to_array(weight)))
    weight.CopyFrom(numpy_helper.from_array(array, weight.name))
