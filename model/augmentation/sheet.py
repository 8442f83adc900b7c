"""Draw examples of each step of the augmentation: `python -m model.augmentation.sheet`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from model.augmentation.config import AugmentConfig, Normal, Uniform
from model.augmentation.line import augment
from model.images.background import even_background
from model.line_images.preprocess import PreprocessConfig, input_width_px, prepare_strip
from model.line_images.rectify import scale_whole, stretch_contrast
from model.synthetic.pages import draw_line
from schemas.process_end import end_process

_TEXTS = ("Anna Keller, weaver, of Chur, 1847", "Joh. Zumstein sold his mill on 3 June")
# Strengths shown, as positions in their range: the least, one between, the greatest.
_POSITIONS = (0.0, 0.7, 1.0)
# These draw a strength for each end, so that theirs stay random.
_DRAWN_TWICE = ("frame", "ends")
_GAP_PX = 4
_BACKGROUND = 160
_JPEG_QUALITY = 72
# Name of the picture of all steps together.
_TOGETHER = "all"


def drawn_strip(text: str, seed: int, config: PreprocessConfig) -> np.ndarray:
    """Draw a line, and preprocess it up to the form in which lines are augmented.

    Args:
        text: ASCII text.
        seed: Seed of the handwriting.
        config: The heights of strips and of the network's input.

    Returns:
        float32 [input_height_px, width_px], ink 1, paper 0, not padded.
    """
    grey = draw_line(text, np.random.default_rng(seed))
    strip = stretch_contrast(scale_whole(even_background(grey), config.strip_height_px))
    return prepare_strip(strip, config)[:, : input_width_px(strip.shape[1], config), 0]


def single(config: AugmentConfig, step: str, position: float) -> AugmentConfig:
    """Return a configuration of a single step, on every line, at one strength of its range.

    Args:
        config: The steps.
        step: The step's name.
        position: Position in its range, 0..1; that of a normal distribution ends at two
            standard deviations.

    Returns:
        The configuration.

    Example:
        >>> single(AugmentConfig(), "slant", 1.0).slant
        Uniform(share=1.0, low=0.32, high=0.32)
    """
    strength = getattr(config, step)
    if isinstance(strength, Normal):
        strength = Uniform(1.0, -2 * strength.spread, 2 * strength.spread)
    if step not in _DRAWN_TWICE:
        value = strength.low + position * (strength.high - strength.low)
        strength = Uniform(1.0, value, value)
    return replace(config.only(step), **{step: replace(strength, share=1.0)})


def examples(step: str, config: AugmentConfig, seed: int = 0) -> list[np.ndarray]:
    """Return a drawn line and augmented versions of it.

    Args:
        step: A step's name, or "all" for all of them together.
        config: The steps.
        seed: Seed of the augmentation.

    Returns:
        The line, then three augmented versions; for all steps together, two lines with theirs.
    """
    together = step == _TOGETHER
    configs = [config if together else single(config, step, position) for position in _POSITIONS]
    rng = np.random.default_rng([seed, *step.encode()])
    shown = []
    for number, text in enumerate(_TEXTS if together else _TEXTS[:1]):
        strip = drawn_strip(text, number, PreprocessConfig())
        shown += [strip] + [augment(strip, chosen, rng) for chosen in configs]
    return shown


def stack(strips: list[np.ndarray]) -> np.ndarray:
    """Stack strips on a grey background, with larger gaps around each original.

    Args:
        strips: float32 [height_px, width_px], ink 1.

    Returns:
        uint8 [height_px, width_px].
    """
    width_px = max(strip.shape[1] for strip in strips) + 2 * _GAP_PX
    rows = [np.full((_GAP_PX, width_px), _BACKGROUND, np.uint8)]
    for number, strip in enumerate(strips):
        # A larger gap below the original, and below the last example before the next original.
        gap_px = _GAP_PX * (3 if number % (len(_POSITIONS) + 1) in (0, len(_POSITIONS)) else 1)
        last = number == len(strips) - 1
        height_px = strip.shape[0]
        row = np.full((height_px + (_GAP_PX if last else gap_px), width_px), _BACKGROUND, np.uint8)
        row[:height_px, _GAP_PX : _GAP_PX + strip.shape[1]] = np.rint(255 * (1 - strip))
        rows.append(row)
    return np.vstack(rows)


def write_sheets(folder: Path, config: AugmentConfig) -> list[Path]:
    """Write a picture of each step, and one of all steps together.

    Args:
        folder: Folder for the pictures, `augment_<step>.jpg`.
        config: The steps.

    Returns:
        The paths of the pictures.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for step in (*config.steps(), _TOGETHER):
        options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
        picture = cv2.imencode(".jpg", stack(examples(step, config)), options)[1]
        paths.append(folder / f"augment_{step}.jpg")
        paths[-1].write_bytes(picture.tobytes())
    return paths


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments without the program's name; those of the process if None.

    Returns:
        The exit status.
    """
    parser = argparse.ArgumentParser(prog="python -m model.augmentation.sheet", description=__doc__)
    parser.add_argument("--output", required=True, type=Path, help="folder for the pictures")
    parser.add_argument("--strength", type=float, default=1.0, help="factor; 1 is as in training")
    args = parser.parse_args(argv)
    try:
        config = AugmentConfig().scaled(args.strength)
    except ValueError as error:
        parser.error(str(error))
    for path in write_sheets(args.output, config):
        print(path)
    return 0


if __name__ == "__main__":
    end_process(main)
