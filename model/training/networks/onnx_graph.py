"""ONNX graphs under construction, and Keras's weights as ONNX orders them."""

from __future__ import annotations

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
        """Add a weight; give its name."""
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, op: str, inputs: list[str], name: str, **attributes) -> str:
        """Add an operator with one output; give the name of both."""
        self._nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def finish(
        self, name: str, given: onnx.ValueInfoProto, outputs: list[onnx.ValueInfoProto]
    ) -> onnx.ModelProto:
        """Make a model of what was added.

        Args:
            name: Of the graph.
            given: Its input.
            outputs: Nodes that are its outputs.
        """
        proto = helper.make_model(
            helper.make_graph(self._nodes, name, [given], outputs, self._weights),
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR_VERSION,
            producer_name="quire",
        )
        onnx.checker.check_model(proto)
        return proto


def lstm_weights(
    kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bring the weights of a Keras LSTM to ONNX's form.

    Args:
        kernel: float32 [features, 4 * units], gates in the order i, f, c, o.
        recurrent: float32 [units, 4 * units].
        bias: float32 [4 * units].

    Returns:
        The three with gates in the order i, o, f, c, matrices transposed, the bias in two parts.
    """

    def reorder(array):
        i, f, c, o = np.split(array, 4, axis=-1)
        return np.concatenate([i, o, f, c], axis=-1).T

    return reorder(kernel), reorder(recurrent), np.concatenate([reorder(bias), 0 * bias])
