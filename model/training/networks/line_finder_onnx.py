"""The line network as an ONNX graph, written straight from its weights."""

from __future__ import annotations

import keras
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from model.segmentation.maps import CHANNELS
from model.training.networks.line_finder import LineNetworkConfig, assemble

_OPSET = 17
_IR_VERSION = 9


def export_line_network(model: keras.Model, config: LineNetworkConfig) -> onnx.ModelProto:
    """Write the network as ONNX, its batch normalisation folded into the convolutions.

    Args:
        model: What `build_line_network` gave, trained.
        config: Its size.

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
    proto = helper.make_model(
        helper.make_graph(builder.nodes, "lines", [image], [maps], builder.weights),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
        producer_name="quire",
    )
    onnx.checker.check_model(proto)
    return proto


class _OnnxBuilder:
    """Make nodes of the layers of a trained model; as `line_finder.Builder` makes layers."""

    def __init__(self, model: keras.Model):
        self._model = model
        self.nodes: list = []
        self.weights: list = []

    def convolve(self, features, channels, name, *, stride, active, dilation, kernel):
        (weights,) = self._model.get_layer(f"{name}_conv").get_weights()
        norm = self._model.get_layer(f"{name}_norm")
        gamma, beta, mean, variance = norm.get_weights()
        scale = gamma / np.sqrt(variance + norm.epsilon)
        features = self._conv(
            features, weights * scale, beta - mean * scale, f"{name}_conv", stride, dilation
        )
        return self._node("Relu", [features], f"{name}_relu") if active else features

    def add(self, features, others, name):
        return self._node("Relu", [self._node("Add", [features, others], name)], f"{name}_relu")

    def enlarge(self, features, name):
        scales = self._constant(f"{name}_scales", np.array([1, 1, 2, 2], np.float32))
        how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric"}
        return self._node("Resize", [features, "", scales], name, nearest_mode="floor", **how)

    def output(self, features, channels, name):
        kernel, bias = self._model.get_layer(name).get_weights()
        return self._conv(features, kernel, bias, name, 1, 1)

    def _conv(self, features, kernel, bias, name, stride, dilation):
        inputs = [
            features,
            self._constant(f"{name}_kernel", kernel.transpose(3, 2, 0, 1)),
            self._constant(f"{name}_bias", bias),
        ]
        sides = kernel.shape[:2]
        # Of an even side a stride of 2 pads the end alone, as Keras does.
        before = [0 if stride > 1 else dilation * (side // 2) for side in sides]
        after = [dilation * (side // 2) for side in sides]
        return self._node(
            "Conv",
            inputs,
            name,
            kernel_shape=list(sides),
            strides=[stride] * 2,
            dilations=[dilation] * 2,
            pads=[*before, *after],
        )

    def _constant(self, name, array):
        array = np.ascontiguousarray(array, np.float32)
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def _node(self, op, inputs, name, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name
