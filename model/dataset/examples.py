"""Training examples: made from line images and texts, and read from TFRecords."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np

from model.dataset.tfrecord import read_records
from model.line_images.preprocess import (
    PreprocessConfig,
    input_width_px,
    padded_width_px,
)
from model.networks.presets import PRESETS
from model.text.bidi import WITHOUT_INK, ink_order
from model.text.rules import TextRules, apply_rules
from schemas.features import decode_line
from schemas.records import Failure, Line, LineExample, LineImage, Page

# A line needs enough time steps for its text at the resolution of this preset.
_PRESET = PRESETS["fast"]


@dataclass(frozen=True)
class ExampleRules:
    """Rules for the text of a training example.

    Attributes:
        text: Normalisation of each text.
        characters: Characters allowed in a text; None for any.
    """

    text: TextRules = field(default_factory=TextRules)
    characters: frozenset[str] | None = None


def to_example(image: LineImage, page: Page, rules: ExampleRules) -> LineExample | Failure:
    """Return the training example of a line.

    Args:
        image: The line image.
        page: Its page, with the split.
        rules: Rules for the text.

    Returns:
        The example, or a failure if the line has no text or one that cannot be trained on.
    """
    try:
        text = apply_rules(image.line.text or "", rules.text)
        direction = _direction(text, image.line.direction)
        _check_text(text, image.strip.shape, rules)
    except ValueError as error:
        return Failure(image.page_uri, "text", str(error), image.line.line_id)
    height_px, width_px = image.strip.shape
    return LineExample(
        image=cv2.imencode(".png", image.strip)[1].tobytes(),
        width_px=width_px,
        height_px=height_px,
        text=text,
        page_uri=image.page_uri,
        line_id=image.line.line_id,
        document=page.document,
        source=page.source,
        split=page.split,
        direction=direction,
    )


def _direction(text: str, stated: str) -> str:
    """Return the stated direction of a line where its text alone does not tell the same."""
    return stated if ink_order(text, stated) != ink_order(text) else ""


def _check_text(text: str, shape: tuple[int, int], rules: ExampleRules) -> None:
    if not text:
        raise ValueError("line has no text; transcribe or remove it")
    if "\0" in text:
        raise ValueError(f"text contains U+0000 ({text[:40]!r}); export it again without")
    if rules.characters is not None and not rules.characters.issuperset(text):
        others = "".join(sorted(set(text) - rules.characters))
        raise ValueError(
            f"text has {others!r}, not in --charset; add the characters or correct the text"
        )
    height_px, width_px = shape
    config = PreprocessConfig(height_px, min(height_px, _PRESET.input_height_px))
    network_width_px = padded_width_px(input_width_px(width_px, config), config)
    if not _PRESET.fits(text, network_width_px):
        steps = _PRESET.time_steps(network_width_px)
        raise ValueError(
            f"text of {len(text)} characters on a line of {steps} time steps; "
            "check that text and line belong together"
        )


def left_out_characters(line: Line, example: LineExample) -> str:
    r"""Return the characters without ink that the transcription of a line has, and not its example.

    Example:
        >>> example = LineExample(b"", 1, 1, "le", "p", "l", "", "pair", "train")
        >>> left_out_characters(Line("l", 0, "\ufeffle\u200b"), example)
        '\ufeff\u200b'
    """
    kept = example.text
    return "".join(one for one in WITHOUT_INK.findall(line.text or "") if one not in kept)


def decode_strip(example: LineExample) -> np.ndarray:
    """Return the decoded image of a line.

    Args:
        example: The line.

    Returns:
        uint8 [height_px, width_px], paper 255.

    Raises:
        ValueError: If the image cannot be decoded.
    """
    strip = cv2.imdecode(np.frombuffer(example.image, np.uint8), cv2.IMREAD_GRAYSCALE)
    if strip is None:
        raise ValueError(
            f"{example.page_uri} {example.line_id}: line image does not decode; ingest again"
        )
    return strip


def read_examples(paths: Iterable[str]) -> Iterator[LineExample]:
    """Yield the lines of TFRecord files, in order."""
    for path in paths:
        for record in read_records(path):
            yield decode_line(record)
