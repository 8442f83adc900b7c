"""Sizes of networks, as data that needs neither Keras nor ONNX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class ConvBlock:
    """A convolution, batch normalisation and ReLU, with an optional skip connection and pooling.

    Attributes:
        channels: Number of filters.
        kernel_px: Side of the square kernel.
        stride_px: Stride in both directions.
        residual: Whether the block's input is added before the ReLU.
        pool_px: (height, width) of the max pooling after it; (1, 1) for none.
    """

    channels: int
    kernel_px: int = 3
    stride_px: int = 1
    residual: bool = False
    pool_px: tuple[int, int] = (1, 1)


@dataclass(frozen=True)
class Preset:
    """One size of CRNN.

    Attributes:
        name: Value of `--preset`.
        input_height_px: Height of the input.
        blocks: The convolutional blocks, first to last.
        lstm_units: Units of each direction of each bidirectional LSTM.
        lstm_layers: Number of bidirectional LSTMs.
        dropout: Dropout rate before the LSTMs and the output.
        auxiliary_kernel_steps: Kernel width of the auxiliary head's convolution, in time steps.
        learning_rate: Recommended peak of the learning rate schedule.
        batch_width_px: Recommended summed width of the lines of a batch.
    """

    name: str
    input_height_px: int
    blocks: tuple[ConvBlock, ...]
    lstm_units: int
    lstm_layers: int
    dropout: float = 0.1
    auxiliary_kernel_steps: int = 5
    learning_rate: float = 2e-3
    batch_width_px: int = 12_800

    @property
    def step_px(self) -> int:
        """Input pixels per time step."""
        step = 1
        for block in self.blocks:
            step *= block.stride_px * block.pool_px[1]
        return step

    @property
    def feature_height(self) -> int:
        """Rows of the feature map before the maximum over each column."""
        height = self.input_height_px
        for block in self.blocks:
            height = -(-height // block.stride_px) // block.pool_px[0]
        return height

    def time_steps(self, input_width_px: int) -> int:
        """Return the time steps of an input.

        Args:
            input_width_px: Width of the input, padding included.
        """
        return input_width_px // self.step_px

    def products_per_px(self, class_count: int) -> float:
        """Return the multiplications that reading a line takes, for each pixel of its width.

        Args:
            class_count: Outputs per time step.

        Example:
            >>> round(2 * 768 * PRESETS["fast"].products_per_px(132) / 1e9, 1)
            2.5
        """
        height, width, channels, products = float(self.input_height_px), 1.0, 1, 0.0
        for block in self.blocks:
            height, width = height / block.stride_px, width / block.stride_px
            products += block.kernel_px**2 * channels * block.channels * height * width
            height, width = height / block.pool_px[0], width / block.pool_px[1]
            channels = block.channels
        for _ in range(self.lstm_layers):
            products += 2 * 4 * self.lstm_units * (channels + self.lstm_units) * width
            channels = 2 * self.lstm_units
        return products + channels * class_count * width

    def fits(self, labels: Sequence, input_width_px: int) -> bool:
        """Return whether an input has enough time steps for CTC to write a text.

        Args:
            labels: Labels or characters of the text.
            input_width_px: Width of the input, padding included.

        Example:
            >>> PRESETS["fast"].fits("comme", 24), PRESETS["fast"].fits("comte", 20)
            (True, True)
            >>> PRESETS["fast"].fits("comme", 20)
            False
        """
        return fits_time_steps(labels, self.time_steps(input_width_px))


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            name="tiny",
            input_height_px=32,
            blocks=(
                ConvBlock(16, stride_px=2),
                ConvBlock(32, pool_px=(2, 2)),
                ConvBlock(64),
            ),
            lstm_units=64,
            lstm_layers=1,
            learning_rate=5e-3,
            batch_width_px=3_200,
        ),
        Preset(
            name="fast",
            input_height_px=48,
            blocks=(
                ConvBlock(24, kernel_px=5, stride_px=2),
                ConvBlock(48, pool_px=(2, 2)),
                ConvBlock(96),
                ConvBlock(96, pool_px=(2, 1)),
                ConvBlock(192),
                ConvBlock(192, residual=True),
            ),
            lstm_units=192,
            lstm_layers=2,
            learning_rate=1.5e-3,
            batch_width_px=6_400,
        ),
        Preset(
            name="accurate",
            input_height_px=64,
            blocks=(
                ConvBlock(32),
                ConvBlock(32, pool_px=(2, 2)),
                ConvBlock(64),
                ConvBlock(64, residual=True, pool_px=(2, 2)),
                ConvBlock(128),
                ConvBlock(128, residual=True, pool_px=(2, 1)),
                ConvBlock(256),
                ConvBlock(256, residual=True),
            ),
            lstm_units=256,
            lstm_layers=2,
        ),
    )
}


def preset_named(name: str) -> Preset:
    """Return the preset of a name.

    Raises:
        ValueError: If there is no such preset.

    Example:
        >>> preset_named("fast").step_px
        4
    """
    if name not in PRESETS:
        raise ValueError(f"no preset {name!r}; choose one of {', '.join(PRESETS)}")
    return PRESETS[name]


def fits_time_steps(labels: Sequence, time_steps: int) -> bool:
    """Return whether CTC can write labels in a number of time steps.

    Each label needs a step, and two equal neighbours need a blank between them.

    Example:
        >>> fits_time_steps([1, 1, 2], 3), fits_time_steps([1, 1, 2], 4)
        (False, True)
    """
    repeats = sum(a == b for a, b in pairwise(labels))
    return len(labels) + repeats <= time_steps


@dataclass(frozen=True)
class LineNetworkConfig:
    """The size of the line network.

    Attributes:
        channels: Channels at each level: a half, a quarter, an eighth, ... of the page size.
    """

    channels: tuple[int, ...] = (16, 32, 64, 96)

    @property
    def multiple_px(self) -> int:
        """Number that the height and the width of the input must be multiples of."""
        return 2 ** len(self.channels)
