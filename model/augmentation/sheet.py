"""Draw what each step of the augmentation does: `python -m model.augmentation.sheet`."""

from __future__ import annotations

import argparse
import sys
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

_TEXTS = ("Anna Keller, weaver, of Chur, 1847", "Joh. Zumstein sold his mill on 3 June")
# Strengths shown: the least, the greatest and one between them.
_PLACES = (0.0, 0.7, 1.0)
# These draw a strength for each end, so theirs are left to chance.
_DRAWN_TWICE = ("frame", "ends")
_GAP_PX = 4
_AROUND = 160
_JPEG_QUALITY = 72
# What the picture of all steps together is called.
_TOGETHER = "all"


def drawn_strip(text: str, seed: int, config: PreprocessConfig) -> np.ndarray:
    """Draw a line and bring it to the form in which lines are augmented.

    Args:
        text: ASCII text.
        seed: Chooses the hand.
        config: Heights.

    Returns:
        float32 [input_height_px, width_px], ink 1, paper 0, not padded.
    """
    grey = draw_line(text, np.random.default_rng(seed))
    strip = stretch_contrast(scale_whole(even_background(grey), config.strip_height_px))
    return prepare_strip(strip, config)[:, : input_width_px(strip.shape[1], config), 0]


def single(config: AugmentConfig, step: str, place: float) -> AugmentConfig:
    """Do one step on every line, at one strength of its range, and no other.

    Args:
        config: Strengths.
        step: The step's name.
        place: Where in its range, 0..1; a normal one ends at two standard deviations.

    Returns:
        The configuration.

    Example:
        >>> single(AugmentConfig(), "slant", 1.0).slant
        Uniform(share=1.0, low=0.32, high=0.32)
    """
    chance = getattr(config, step)
    if isinstance(chance, Normal):
        chance = Uniform(1.0, -2 * chance.spread, 2 * chance.spread)
    if step not in _DRAWN_TWICE:
        strength = chance.low + place * (chance.high - chance.low)
        chance = Uniform(1.0, strength, strength)
    return replace(config.only(step), **{step: replace(chance, share=1.0)})


def examples(step: str, config: AugmentConfig, seed: int = 0) -> list[np.ndarray]:
    """Show a drawn line and what becomes of it.

    Args:
        step: A step's name, or "all" for all of them together.
        config: Strengths.
        seed: Chooses other examples.

    Returns:
        The line, then three changed ones; for all steps, two lines and theirs.
    """
    together = step == _TOGETHER
    configs = [config if together else single(config, step, place) for place in _PLACES]
    rng = np.random.default_rng([seed, *step.encode()])
    shown = []
    for number, text in enumerate(_TEXTS if together else _TEXTS[:1]):
        strip = drawn_strip(text, number, PreprocessConfig())
        shown += [strip] + [augment(strip, chosen, rng) for chosen in configs]
    return shown


def stack(strips: list[np.ndarray]) -> np.ndarray:
    """Put strips below each other on grey, with more room after each third example.

    Args:
        strips: float32 [height_px, width_px], ink 1.

    Returns:
        uint8 [height_px, width_px].
    """
    width_px = max(strip.shape[1] for strip in strips) + 2 * _GAP_PX
    rows = [np.full((_GAP_PX, width_px), _AROUND, np.uint8)]
    for number, strip in enumerate(strips):
        # The original, and the last example before the next original, stand apart.
        gap_px = _GAP_PX * (3 if number % (len(_PLACES) + 1) in (0, len(_PLACES)) else 1)
        last = number == len(strips) - 1
        height_px = strip.shape[0]
        row = np.full((height_px + (_GAP_PX if last else gap_px), width_px), _AROUND, np.uint8)
        row[:height_px, _GAP_PX : _GAP_PX + strip.shape[1]] = np.rint(255 * (1 - strip))
        rows.append(row)
    return np.vstack(rows)


def write_sheets(folder: Path, config: AugmentConfig) -> list[Path]:
    """Write a picture for each step, and one for all of them together.

    Args:
        folder: Where they go, as `augment_<step>.jpg`.
        config: Strengths.

    Returns:
        The files.
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
        argv: Arguments without the program's name; None for those of the process.

    Returns:
        The exit status.
    """
    parser = argparse.ArgumentParser(prog="python -m model.augmentation.sheet", description=__doc__)
    parser.add_argument("--output", required=True, type=Path, help="folder for the pictures")
    parser.add_argument("--strength", type=float, default=1.0, help="1: as in training")
    args = parser.parse_args(argv)
    try:
        config = AugmentConfig().scaled(args.strength)
    except ValueError as error:
        parser.error(str(error))
    for path in write_sheets(args.output, config):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
