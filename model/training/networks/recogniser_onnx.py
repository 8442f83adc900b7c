"""The recogniser network as an ONNX graph, built directly from its weights.

`keras.Model.export(format="onnx")` unrolls each LSTM into a loop of small operators; the
graph here uses the LSTM operator of ONNX, folds batch normalisation into the convolutions and
is the same for weights from any Keras backend.
"""

from __future__ import annotations

import keras
import numpy as np
import onnx
from onnx import TensorProto, helper

from model.networks.presets import Preset
from model.recogniser.auxiliary_head import FEATURES
from model.training.networks.onnx_graph import Graph, folded_convolution, lstm_weights


def export_onnx(model: keras.Model, preset: Preset) -> onnx.ModelProto:
    """Export the network as ONNX.

    Args:
        model: Trained network from `build_crnn`.
        preset: Preset that it was built with.

    Returns:
        A graph from `strips` float32 [batch, input_height_px, width, 1] to `logits`
        float32 [batch, time, classes] and `columns` float32 [batch, channels, time], the
        input of the auxiliary head.
    """
    graph = Graph()
    features = graph.node("Transpose", ["strips"], "channels_first", perm=[0, 3, 1, 2])
    for i, block in enumerate(preset.blocks):
        features = _convolve(graph, model, features, block, f"block{i}")
    columns = graph.node(
        "MaxPool", [features], "column_maximum", kernel_shape=[preset.feature_height, 1]
    )
    axis = graph.constant("height_axis", np.array([2], np.int64))
    columns = graph.node("Squeeze", [columns, axis], FEATURES)
    sequence = graph.node("Transpose", [columns], "time_major", perm=[2, 0, 1])
    for i in range(preset.lstm_layers):
        sequence = _bidirectional_lstm(graph, model, sequence, preset.lstm_units, f"lstm{i}")
    kernel, bias = model.get_layer("logits").get_weights()
    product = graph.node("MatMul", [sequence, graph.constant("kernel", kernel)], "product")
    scores = graph.node("Add", [product, graph.constant("bias", bias)], "scores")
    graph.node("Transpose", [scores], "logits", perm=[1, 0, 2])
    strips = _tensor("strips", [preset.input_height_px, "width", 1])
    outputs = [_tensor("logits", ["time", len(bias)]), _feature_tensor(preset)]
    return graph.finish(f"crnn_{preset.name}", strips, outputs)


def export_auxiliary(model: keras.Model, preset: Preset) -> onnx.ModelProto:
    """Export the auxiliary head as ONNX.

    Args:
        model: Trained network from `build_crnn`.
        preset: Preset that it was built with.

    Returns:
        A graph from `columns` float32 [batch, channels, time] to `logits` float32
        [batch, time, classes].
    """
    graph = Graph()
    kernel, bias = model.get_layer("auxiliary").get_weights()
    weights = [graph.constant("kernel", kernel.transpose(2, 1, 0)), graph.constant("bias", bias)]
    scores = graph.node("Conv", [FEATURES, *weights], "scores", auto_pad="SAME_UPPER")
    graph.node("Transpose", [scores], "logits", perm=[0, 2, 1])
    logits = _tensor("logits", ["time", len(bias)])
    return graph.finish(f"auxiliary_{preset.name}", _feature_tensor(preset), [logits])


def _convolve(graph: Graph, model, features, block, name: str) -> str:
    kernel, bias = folded_convolution(model, name)
    convolved = graph.node(
        "Conv",
        [
            features,
            graph.constant(f"{name}_kernel", kernel),
            graph.constant(f"{name}_bias", bias),
        ],
        f"{name}_conv",
        auto_pad="SAME_UPPER",
        kernel_shape=[block.kernel_px] * 2,
        strides=[block.stride_px] * 2,
    )
    if block.residual:
        convolved = graph.node("Add", [convolved, features], f"{name}_add")
    convolved = graph.node("Relu", [convolved], f"{name}_relu")
    if block.pool_px != (1, 1):
        convolved = graph.node(
            "MaxPool",
            [convolved],
            f"{name}_pool",
            kernel_shape=list(block.pool_px),
            strides=list(block.pool_px),
        )
    return convolved


def _bidirectional_lstm(graph: Graph, model, sequence, units: int, name: str) -> str:
    weights = model.get_layer(name).get_weights()
    directions = [lstm_weights(*weights[:3]), lstm_weights(*weights[3:])]
    inputs = [
        graph.constant(f"{name}_{part}", np.stack(arrays))
        for part, arrays in zip(("input", "recurrent", "bias"), zip(*directions))
    ]
    states = graph.node(
        "LSTM", [sequence, *inputs], f"{name}_states", hidden_size=units, direction="bidirectional"
    )
    # [time, direction, batch, units] -> [time, batch, 2 * units]
    states = graph.node("Transpose", [states], f"{name}_batch", perm=[0, 2, 1, 3])
    shape = graph.constant(f"{name}_shape", np.array([0, 0, 2 * units], np.int64))
    return graph.node("Reshape", [states, shape], f"{name}_joined")


def _tensor(name: str, shape: list[int | str]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])


def _feature_tensor(preset: Preset) -> onnx.ValueInfoProto:
    return _tensor(FEATURES, [preset.blocks[-1].channels, "time"])
