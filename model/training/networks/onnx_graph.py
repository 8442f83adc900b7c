"""Building ONNX graphs, and converting the weights of Keras layers for them."""

from __future__ import annotations

import keras
import numpy as np
import onnx
from onnx import helper, numpy_helper

_OPSET = 17
_IR_VERSION = 9


class Graph:
    """Nodes and weights of a graph under construction."""

    def __init__(self):
        self._nodes = []
        self._weights = []

    def constant(self, name: str, array: np.ndarray) -> str:
        """Add a weight and return its name."""
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, op: str, inputs: list[str], name: str, **attributes) -> str:
        """Add an operator with one output and return its name, which both have."""
        self._nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def finish(
        self, name: str, input_: onnx.ValueInfoProto, outputs: list[onnx.ValueInfoProto]
    ) -> onnx.ModelProto:
        """Return the checked model of the nodes and weights that were added.

        Args:
            name: Name of the graph.
            input_: Input of the graph.
            outputs: Outputs of the graph, named as their nodes.
        """
        proto = helper.make_model(
            helper.make_graph(self._nodes, name, [input_], outputs, self._weights),
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR_VERSION,
            producer_name="quire",
        )
        onnx.checker.check_model(proto)
        return proto


def folded_convolution(model: keras.Model, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Fold the batch normalisation that follows a Keras convolution into the convolution.

    Args:
        model: Trained network with the layers `{name}_conv` (no bias) and `{name}_norm`.
        name: Name of the block.

    Returns:
        Kernel as ONNX orders it, float32 [filters, channels, height, width], and bias, float32
        [filters].
    """
    (kernel,) = model.get_layer(f"{name}_conv").get_weights()
    norm = model.get_layer(f"{name}_norm")
    gamma, beta, mean, variance = norm.get_weights()
    scale = gamma / np.sqrt(variance + norm.epsilon)
    return (kernel * scale).transpose(3, 2, 0, 1), beta - mean * scale


def lstm_weights(
    kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Convert the weights of a Keras LSTM to ONNX.

    Args:
        kernel: float32 [features, 4 * units], gates in the order i, f, c, o.
        recurrent: float32 [units, 4 * units].
        bias: float32 [4 * units].

    Returns:
        Kernel, recurrent kernel and bias with gates in the order i, o, f, c; the matrices
        transposed, the bias with a second half of zeros for the recurrent bias.
    """

    def reorder(array):
        i, f, c, o = np.split(array, 4, axis=-1)
        return np.concatenate([i, o, f, c], axis=-1).T

    return reorder(kernel), reorder(recurrent), np.concatenate([reorder(bias), 0 * bias])
