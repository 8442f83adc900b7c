"""The line network: a small U-Net from a page image to maps of its baselines.

After the ARU-Net of Grüning et al. 2019 ("A two-stage method for text line detection in
historical documents"), but much smaller: pages are scaled to a fixed line pitch first, so one
scale is enough. The architecture is described once, in terms of a builder: one builder makes
Keras layers (any backend), another one an ONNX graph.
"""

from __future__ import annotations

from typing import Any, Protocol

import keras
from keras import layers

from model.networks.presets import LineNetworkConfig
from model.segmentation.maps import CHANNELS

_DILATIONS = (1, 2, 4)
_DEFAULT_SIZE = LineNetworkConfig()


class Builder(Protocol):
    """Makes the operations of the network."""

    def convolve(self, features: Any, channels: int, name: str, **how: Any) -> Any:
        """Apply convolution and batch normalisation, then ReLU if `active`."""

    def add(self, features: Any, others: Any, name: str) -> Any:
        """Add two tensors and apply ReLU."""

    def enlarge(self, features: Any, name: str) -> Any:
        """Double height and width by repeating values."""

    def output(self, features: Any, channels: int, name: str) -> Any:
        """Map every pixel to logits."""


def assemble(builder: Builder, image: Any, config: LineNetworkConfig) -> Any:
    """Assemble the network from the operations of a builder.

    Args:
        builder: Makes the operations.
        image: The input, in the representation of the builder.
        config: Size of the network.

    Returns:
        The output: logits of `CHANNELS` at half the size of the input.
    """
    levels, features = [], image
    for level, channels in enumerate(config.channels):
        features = builder.convolve(
            features, channels, f"down{level}", stride=2, active=True, dilation=1, kernel=3
        )
        dilations = _DILATIONS if level == len(config.channels) - 1 else (1,)
        for dilation in dilations:
            name = f"level{level}_{dilation}"
            features = _residual(builder, features, channels, name, dilation)
        levels.append(features)
    for level in reversed(range(len(levels) - 1)):
        channels = config.channels[level]
        narrowed = builder.convolve(
            features, channels, f"narrow{level}", stride=1, active=False, dilation=1, kernel=1
        )
        joined = builder.add(builder.enlarge(narrowed, f"up{level}"), levels[level], f"join{level}")
        features = builder.convolve(
            joined, channels, f"merge{level}", stride=1, active=True, dilation=1, kernel=3
        )
    return builder.output(features, len(CHANNELS), "maps")


def _residual(builder: Builder, features: Any, channels: int, name: str, dilation: int) -> Any:
    """Make a residual block of two convolutions (He et al. 2016)."""
    how = {"stride": 1, "dilation": dilation, "kernel": 3}
    inner = builder.convolve(features, channels, f"{name}a", active=True, **how)
    inner = builder.convolve(inner, channels, f"{name}b", active=False, **how)
    return builder.add(inner, features, f"{name}_sum")


class _BatchNormalization(layers.BatchNormalization):
    """`keras.layers.BatchNormalization`; trains with torch's own kernel on the torch backend.

    Keras composes it of elementary operations, which take two thirds of a training step there.
    """

    def call(self, inputs, training=None, mask=None):
        """Normalise float [batch, height, width, channels]."""
        if not training or keras.backend.backend() != "torch":
            return super().call(inputs, training=training, mask=mask)
        import torch

        mean, variance = (
            state.value.detach().clone() for state in (self.moving_mean, self.moving_variance)
        )
        outputs = torch.nn.functional.batch_norm(
            inputs.permute(0, 3, 1, 2),
            mean,
            variance,
            self.gamma.value,
            self.beta.value,
            training=True,
            momentum=1 - self.momentum,
            eps=self.epsilon,
        )
        self.moving_mean.assign(mean)
        self.moving_variance.assign(variance)
        return outputs.permute(0, 2, 3, 1)


class _KerasBuilder:
    """Makes Keras layers."""

    def convolve(self, features, channels, name, *, stride, active, dilation, kernel):
        features = layers.Conv2D(
            channels,
            kernel,
            strides=stride,
            dilation_rate=dilation,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
            name=f"{name}_conv",
        )(features)
        features = _BatchNormalization(momentum=0.97, name=f"{name}_norm")(features)
        return layers.ReLU(name=f"{name}_relu")(features) if active else features

    def add(self, features, others, name):
        return layers.ReLU(name=f"{name}_relu")(layers.Add(name=name)([features, others]))

    def enlarge(self, features, name):
        return layers.UpSampling2D(2, name=name)(features)

    def output(self, features, channels, name):
        # bfloat16 is not precise enough for the sums of the loss.
        return layers.Conv2D(channels, 1, dtype="float32", name=name)(features)


def build_line_network(
    config: LineNetworkConfig = _DEFAULT_SIZE, precision: str = "float32"
) -> keras.Model:
    """Build the network in Keras.

    Args:
        config: Size of the network.
        precision: Keras dtype policy; weights are always float32.

    Returns:
        A model from float32 [batch, height, width, 1] (ink 1, paper 0; sides multiples of
        `config.multiple_px`) to float32 [batch, height / 2, width / 2, 5] logits.
    """
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        image = keras.Input((None, None, 1), name="image")
        return keras.Model(image, assemble(_KerasBuilder(), image, config), name="lines")
    finally:
        keras.config.set_dtype_policy(policy)
