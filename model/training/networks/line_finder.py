"""The network that finds lines: a small U-Net from a page to maps of its baselines.

After the ARU-Net of Grüning et al. 2019 ("A two-stage method for text line detection in
historical documents"), much smaller: a page is scaled to a fixed line pitch first, so one
scale is enough. What the network is made of is told once, to a builder; one builder makes
Keras layers (any backend), another an ONNX graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import keras
from keras import layers

from model.segmentation.maps import CHANNELS

_DILATIONS = (1, 2, 4)


@dataclass(frozen=True)
class LineNetworkConfig:
    """Set the size of the network.

    Attributes:
        channels: Filters at a half, a quarter, an eighth and a sixteenth of the page.
    """

    channels: tuple[int, ...] = (16, 32, 64, 96)

    @property
    def multiple_px(self) -> int:
        """What the sides of its input are a multiple of."""
        return 2 ** len(self.channels)


class Builder(Protocol):
    """Make the parts that the network consists of."""

    def convolve(self, features: Any, channels: int, name: str, **how: Any) -> Any:
        """Convolve, normalise by batch, and cut off below zero if `active`."""

    def add(self, features: Any, others: Any, name: str) -> Any:
        """Add features, and cut off below zero."""

    def enlarge(self, features: Any, name: str) -> Any:
        """Double both sides by repeating."""

    def output(self, features: Any, channels: int, name: str) -> Any:
        """Map every place to logits."""


def assemble(builder: Builder, image: Any, config: LineNetworkConfig) -> Any:
    """Build the network out of what a builder makes.

    Args:
        builder: Makes the parts.
        image: The input, as the builder has it.
        config: Its size.

    Returns:
        The output: logits of `CHANNELS` at half the input's size.
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
    """Convolve twice and add the input (He et al. 2016)."""
    how = {"stride": 1, "dilation": dilation, "kernel": 3}
    inner = builder.convolve(features, channels, f"{name}a", active=True, **how)
    inner = builder.convolve(inner, channels, f"{name}b", active=False, **how)
    return builder.add(inner, features, f"{name}_sum")


class _KerasBuilder:
    """Make Keras layers."""

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
        features = layers.BatchNormalization(momentum=0.97, name=f"{name}_norm")(features)
        return layers.ReLU(name=f"{name}_relu")(features) if active else features

    def add(self, features, others, name):
        return layers.ReLU(name=f"{name}_relu")(layers.Add(name=name)([features, others]))

    def enlarge(self, features, name):
        return layers.UpSampling2D(2, name=name)(features)

    def output(self, features, channels, name):
        # Sums of logits are too fine for bfloat16.
        return layers.Conv2D(channels, 1, dtype="float32", name=name)(features)


def build_line_network(
    config: LineNetworkConfig = LineNetworkConfig(), precision: str = "float32"
) -> keras.Model:
    """Build the network in Keras.

    Args:
        config: Its size.
        precision: Keras dtype policy that it computes in; its weights are float32.

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
