"""The network that measures writing: from the ink around a baseline to how far letters reach."""

from __future__ import annotations

import keras
import numpy as np
import onnx
from onnx import TensorProto, helper

from model.line_images.writing import DISTANCES_PX
from model.training.networks.onnx_graph import Graph

_LOG_DISTANCES = np.log(DISTANCES_PX)
_CHANNELS, _KERNEL = 16, 5
_DILATIONS = (1, 2, 4, 2)


def build_writing_network() -> keras.Model:
    """Return the network: convolutions along the distances, and two positions among them."""
    profiles = keras.Input((len(DISTANCES_PX), 4))
    features = profiles
    for number, dilation in enumerate(_DILATIONS):
        features = keras.layers.Conv1D(
            _CHANNELS,
            _KERNEL,
            padding="same",
            dilation_rate=dilation,
            activation="relu",
            name=f"conv{number}",
        )(features)
    scores = keras.layers.Conv1D(2, 3, padding="same", name="scores")(features)
    return keras.Model(profiles, scores)


def reach_error(targets, scores):
    """Return the absolute error of the expected logarithm of the reach (a loss of Keras).

    Args:
        targets: float32 [line, 2], natural logarithms of the reach above and below.
        scores: float32 [line, distance, 2], of which a softmax over the distances is taken.
    """
    shares = keras.ops.softmax(scores, axis=1)
    expected = keras.ops.sum(shares * _LOG_DISTANCES[:, None], axis=1)
    return keras.ops.mean(keras.ops.abs(expected - targets), axis=-1)


def export_writing_network(model: keras.Model) -> onnx.ModelProto:
    """Export the network as ONNX.

    Args:
        model: From `train_writing_network`.

    Returns:
        A graph from `profiles` float32 [line, distance, 4], scaled by `normalise_profiles`, to
        `log_reach` float32 [line, 2].
    """
    graph = Graph()
    features = graph.node("Transpose", ["profiles"], "channels_first", perm=[0, 2, 1])
    names = [f"conv{number}" for number in range(len(_DILATIONS))]
    for name, dilation in zip([*names, "scores"], [*_DILATIONS, 1]):
        kernel, bias = model.get_layer(name).get_weights()
        pad = dilation * (kernel.shape[0] // 2)
        inputs = [
            features,
            graph.constant(f"{name}_kernel", kernel.transpose(2, 1, 0)),
            graph.constant(f"{name}_bias", bias),
        ]
        features = graph.node("Conv", inputs, name, dilations=[dilation], pads=[pad, pad])
        features = graph.node("Relu", [features], f"{name}_relu") if name in names else features
    shares = graph.node("Softmax", [features], "shares", axis=2)
    distances = graph.constant("log_distances", _LOG_DISTANCES[:, None])
    reach = graph.node("MatMul", [shares, distances], "expected")
    axes = graph.constant("last", np.array([2], np.int64))
    output = graph.node("Squeeze", [reach, axes], "log_reach")
    shapes = {"profiles": ["line", len(DISTANCES_PX), 4], output: ["line", 2]}
    profiles, log_reach = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in shapes.items()
    )
    return graph.finish("writing", profiles, [log_reach])
