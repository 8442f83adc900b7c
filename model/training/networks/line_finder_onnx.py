"""The line network as an ONNX graph, built directly from its weights."""

from __future__ import annotations

import keras
import numpy as np
import onnx
from onnx import TensorProto, helper

from model.networks.presets import LineNetworkConfig
from model.segmentation.maps import CHANNELS
from model.training.networks.line_finder import assemble
from model.training.networks.onnx_graph import Graph, folded_convolution


def export_line_network(model: keras.Model, config: LineNetworkConfig) -> onnx.ModelProto:
    """Export the network as ONNX, with batch normalisation folded into the convolutions.

    Args:
        model: Trained network from `build_line_network`.
        config: Size of the network.

    Returns:
        A graph from `image` float32 [batch, 1, height, width] to `maps` float32 [batch, 5,
        height / 2, width / 2], logits.
    """
    builder = _OnnxBuilder(model)
    output = assemble(builder, "image", config)
    shapes = {
        "image": ["batch", 1, "height", "width"],
        output: ["batch", len(CHANNELS), "half_height", "half_width"],
    }
    image, maps = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in shapes.items()
    )
    return builder.graph.finish("lines", image, [maps])


class _OnnxBuilder:
    """Makes ONNX nodes from the layers of a trained model; see `line_finder.Builder`."""

    def __init__(self, model: keras.Model):
        self._model = model
        self.graph = Graph()

    def convolve(self, features, channels, name, *, stride, active, dilation, kernel):
        folded, bias = folded_convolution(self._model, name)
        features = self._conv(features, folded, bias, f"{name}_conv", stride, dilation)
        return self.graph.node("Relu", [features], f"{name}_relu") if active else features

    def add(self, features, others, name):
        added = self.graph.node("Add", [features, others], name)
        return self.graph.node("Relu", [added], f"{name}_relu")

    def enlarge(self, features, name):
        scales = self.graph.constant(f"{name}_scales", np.array([1, 1, 2, 2], np.float32))
        how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric"}
        return self.graph.node("Resize", [features, "", scales], name, nearest_mode="floor", **how)

    def output(self, features, channels, name):
        kernel, bias = self._model.get_layer(name).get_weights()
        return self._conv(features, kernel.transpose(3, 2, 0, 1), bias, name, 1, 1)

    def _conv(self, features, kernel, bias, name, stride, dilation):
        inputs = [
            features,
            self.graph.constant(f"{name}_kernel", kernel),
            self.graph.constant(f"{name}_bias", bias),
        ]
        sides = kernel.shape[2:]
        # Keras pads an even side only at its end if the stride is 2.
        before = [0 if stride > 1 else dilation * (side // 2) for side in sides]
        after = [dilation * (side // 2) for side in sides]
        return self.graph.node(
            "Conv",
            inputs,
            name,
            kernel_shape=list(sides),
            strides=[stride] * 2,
            dilations=[dilation] * 2,
            pads=[*before, *after],
        )
