"""Words of a line: their texts, confidences and places.

The tables hold no place of a character. A word's place is its share of the line's length,
counted in characters; how high it reaches there is what the line's outline says.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np

from model.geometry.polylines import column_bounds
from pipelines.formats.boxes import Box, box_of
from schemas.records import Line, Transcript

_GAPS = re.compile("(?<=[^ ]) +(?=[^ ])")
# Places along a word at which the outline is asked for its height.
_PLACES = 5


@dataclass(frozen=True)
class Word:
    """A word of a line.

    Attributes:
        text: What was read. Of several spaces in a row all but one belong to the word
            before them, so that words joined by spaces are the line's text.
        confidences: Probability of each character, 0..1; empty where not known.
        confidence: Their mean, or else the line's.
        start: Where it begins, as a share of the line's length.
        end: Where it ends.
        box: Left, top, right and bottom in whole pixels.
    """

    text: str
    confidences: tuple[float, ...]
    confidence: float
    start: float
    end: float
    box: Box


def words_of(transcript: Transcript) -> list[Word]:
    """Part a line into words.

    Args:
        transcript: A line of a settled page.

    Returns:
        Its words in writing order; none where the text is empty.

    Example:
        >>> line = Line("l1", 0, polygon=((0, 0), (50, 0), (50, 9), (0, 9)))
        >>> [(word.text, word.box) for word in words_of(Transcript("a.jpg", line, "ad rem", 1))]
        [('ad', (0, 0, 17, 9)), ('rem', (25, 0, 50, 9))]
    """
    text = transcript.text
    if not text:
        return []
    spans = _spans(text)
    # An accent of its own takes no room.
    widths = [0 if unicodedata.combining(character) else 1 for character in text]
    ends = np.concatenate([[0], np.cumsum(widths)])
    shares = ends / max(1, ends[-1])
    known = _known_confidences(transcript)
    boxes = _boxes(transcript.line, shares[np.array(spans)])
    return [
        Word(
            text=text[start:end],
            confidences=known[start:end],
            confidence=float(np.mean(known[start:end])) if known else transcript.confidence,
            start=float(shares[start]),
            end=float(shares[end]),
            box=box,
        )
        for (start, end), box in zip(spans, boxes)
    ]


def _spans(text: str) -> list[tuple[int, int]]:
    """Find where words begin and end; one space is between two."""
    gaps = [found.end() - 1 for found in _GAPS.finditer(text)]
    return list(zip([0, *(gap + 1 for gap in gaps)], [*gaps, len(text)]))


def _known_confidences(transcript: Transcript) -> tuple[float, ...]:
    """Give the confidence of each character of the text, if there is one for each."""
    each = [character.confidence for character in transcript.characters for _ in character.text]
    return tuple(each) if len(each) == len(transcript.text) else ()


def _boxes(line: Line, shares: np.ndarray) -> list[Box]:
    """Find the boxes of shares [words, 2] of a line."""
    outline = np.array(line.polygon, float)
    left, top, right, bottom = box_of(line.polygon)
    axis, start, end = _direction(line)
    sides = np.sort(start + shares * (end - start), axis=1)
    low, high = ((left, right), (top, bottom))[axis]
    sides = np.clip(sides, low, high)
    steps = np.linspace(0, 1, _PLACES)
    places = sides[:, :1] + (sides[:, 1:] - sides[:, :1]) * steps
    near, far = column_bounds(outline[:, ::-1] if axis else outline, places.ravel())
    near = np.where(np.isnan(near), (top, left)[axis], near).reshape(places.shape).min(axis=1)
    far = np.where(np.isnan(far), (bottom, right)[axis], far).reshape(places.shape).max(axis=1)
    columns = (
        (near, sides[:, 0], far, sides[:, 1]) if axis else (sides[:, 0], near, sides[:, 1], far)
    )
    rounded = zip(*(np.rint(column).astype(int).tolist() for column in columns))
    return list(rounded)


def _direction(line: Line) -> tuple[int, float, float]:
    """Tell along which axis a line is written, and from where to where."""
    if not line.baseline:
        left, _, right, _ = box_of(line.polygon)
        return 0, left, right
    first, last = line.baseline[0], line.baseline[-1]
    axis = int(abs(last[1] - first[1]) > abs(last[0] - first[0]))
    return axis, first[axis], last[axis]
