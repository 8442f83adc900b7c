"""From a rectified strip to network input, for training and transcription alike."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields

import cv2
import numpy as np

# Lines are some dozens of pixels high; much more would take the memory of a machine.
_MOST_PX = 4_096


@dataclass(frozen=True)
class PreprocessConfig:
    """How a strip becomes network input.

    Attributes:
        strip_height_px: Height of the strips that rectification makes.
        input_height_px: Height that the network was built for.
        width_step_px: Widths are padded to the next multiple of this.
    """

    strip_height_px: int = 64
    input_height_px: int = 48
    width_step_px: int = 64

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value) is not int or not 0 < value <= _MOST_PX:
                raise ValueError(
                    f"preprocessing has {field.name} of {value!r}, not a number of pixels up to "
                    f"{_MOST_PX:,}; copy the model again"
                )
        if not 8 <= self.input_height_px <= self.strip_height_px:
            raise ValueError(
                f"the network expects lines {self.input_height_px} px high but the strips "
                f"have {self.strip_height_px} px; "
                f"ingest with --line_height_px {self.input_height_px} or more"
            )

    def to_json(self) -> str:
        """Return the configuration as a JSON object."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> PreprocessConfig:
        """Read what `to_json` wrote.

        Raises:
            ValueError: If the text is not such a configuration.
        """
        values = json.loads(text)
        names = [field.name for field in fields(cls)]
        if not isinstance(values, dict) or not set(values) <= set(names):
            raise ValueError(f"preprocessing is not {{{', '.join(names)}}}; copy the model again")
        return cls(**values)


def input_width_px(strip_width_px: int, config: PreprocessConfig) -> int:
    """Return the width of a strip after scaling and before padding.

    Example:
        >>> input_width_px(400, PreprocessConfig())
        300
    """
    return max(1, round(strip_width_px * config.input_height_px / config.strip_height_px))


def padded_width_px(width_px: int, config: PreprocessConfig) -> int:
    """Return the padded width of a line, which depends on that line alone.

    Example:
        >>> padded_width_px(300, PreprocessConfig())
        320
    """
    return -(-width_px // config.width_step_px) * config.width_step_px


def prepare_strip(strip: np.ndarray, config: PreprocessConfig) -> np.ndarray:
    """Scale a strip to the network's height, invert it and pad it with paper.

    Args:
        strip: uint8 [strip_height_px, width_px], paper 255.
        config: The configuration that the network was trained with.

    Returns:
        float32 [input_height_px, padded width, 1], ink 1, paper 0.

    Raises:
        ValueError: If the strip has another height.
    """
    return pad_strip(scale_strip(strip, config), config)


def scale_strip(strip: np.ndarray, config: PreprocessConfig) -> np.ndarray:
    """Scale a strip to the network's height and invert it.

    Args:
        strip: uint8 [strip_height_px, width_px], paper 255.
        config: The configuration that the network was trained with.

    Returns:
        float32 [input_height_px, width], ink 1, paper 0.

    Raises:
        ValueError: If the strip has another height.
    """
    height_px, width_px = strip.shape
    if height_px != config.strip_height_px:
        raise ValueError(f"strip is {height_px} px high; want {config.strip_height_px}")
    ink = 1.0 - strip.astype(np.float32) / 255.0
    if config.input_height_px == height_px:
        return ink
    size = input_width_px(width_px, config), config.input_height_px
    return cv2.resize(ink, size, interpolation=cv2.INTER_AREA)


def pad_strip(ink: np.ndarray, config: PreprocessConfig) -> np.ndarray:
    """Pad a line with paper to its padded width.

    Args:
        ink: float32 [input_height_px, width], ink 1, paper 0.
        config: The configuration that the network was trained with.

    Returns:
        float32 [input_height_px, padded width, 1].
    """
    height_px, width_px = ink.shape
    padded = np.zeros((height_px, padded_width_px(width_px, config), 1), np.float32)
    padded[:, :width_px, 0] = ink
    return padded
