"""Guards that make dynamic quantisation of LSTMs independent of the other lines in a batch.

With dynamic quantisation, ONNX Runtime derives the rounding of a tensor from its range over the
whole batch, so the logits of a line would depend slightly on the lines beside it. Guards fix
that range. They are extra values that bound all others: constant features, as large as the
largest value that the quantised convolutions can output, and two units in each direction of an
LSTM, one whose cell grows by 1 at each step and one whose cell falls by 1, which is the fastest
that a cell can change. Later layers multiply the guards by 0. Lines of one width can thus be
recognised in one batch, about twice as fast as one by one, with bit-identical results.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper

from model.networks.session import FIXED_RANGES

# Only two units are needed. With four, the number of columns of a matrix product stays a multiple
# of 16: with 16 k + 8 columns, the AMX kernel of ONNX Runtime 1.23 computes some wrongly.
_GUARDS = 4
# Sigmoid and tanh are saturated at this input in the approximations of ONNX Runtime.
_SATURATED = 50.0


def guard_ranges(network: onnx.ModelProto) -> None:
    """Add guards to a network in place and record them in its metadata; its outputs do not change.

    Args:
        network: Network from `recogniser_onnx` with quantised convolutions, but not LSTMs.

    Raises:
        ValueError: If the input features of the first LSTM are not quantised.
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
    # The recorded shapes are out of date.
    del graph.value_info[:]
    helper.set_model_props(network, {FIXED_RANGES: "yes"})


def _append_features(
    graph: onnx.GraphProto, weights: dict[str, onnx.TensorProto], lstm: onnx.NodeProto
) -> None:
    """Append features with the largest value that the 8-bit features can represent."""
    makers = {output: node for node in graph.node for output in node.output}
    maker = makers.get(lstm.input[0])
    while maker is not None and maker.op_type != "DequantizeLinear":
        maker = makers.get(maker.input[0])
    if maker is None:
        raise ValueError("the LSTM gets float features; quantise the convolutions first")
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
        lstm: The LSTM node.
        weights: Weights of the network by name.
        name: Prefix of the names of its weights.
        blocks: Number of parts of its input that have their own guards.
    """
    size = next(attribute for attribute in lstm.attribute if attribute.name == "hidden_size")

    def padded(array: np.ndarray) -> np.ndarray:
        """Insert zero rows after those of each gate: [direction, gates * units, ...]."""
        return _pad_blocks(array, 1, array.shape[1] // size.i)

    def with_counters(bias: np.ndarray) -> np.ndarray:
        # Gates i, o, f, c, then the same again for the recurrent bias.
        parts = padded(bias).reshape(2, 2, 4, -1)
        parts[:, 0, :, size.i : size.i + 2] = _SATURATED
        parts[:, 0, 3, size.i + 1] = -_SATURATED
        return parts.reshape(2, -1)

    _change(weights[f"{name}_input"], lambda kernel: _pad_blocks(padded(kernel), 2, blocks))
    _change(weights[f"{name}_recurrent"], lambda kernel: _pad_blocks(padded(kernel), 2, 1))
    _change(weights[f"{name}_bias"], with_counters)
    size.i += _GUARDS
    _change(weights[f"{name}_shape"], lambda shape: np.array([*shape[:2], 2 * size.i]))


def _pad_blocks(array: np.ndarray, axis: int, blocks: int) -> np.ndarray:
    """Split an axis into equal blocks and append zeros to each."""
    parts = np.split(array, blocks, axis)
    widths = [(0, _GUARDS if at == axis else 0) for at in range(array.ndim)]
    return np.concatenate([np.pad(part, widths) for part in parts], axis)


def _change(weight: onnx.TensorProto, change) -> None:
    array = np.ascontiguousarray(change(numpy_helper.to_array(weight)))
    weight.CopyFrom(numpy_helper.from_array(array, weight.name))
