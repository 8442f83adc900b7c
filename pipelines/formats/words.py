"""Words of a line: their texts, confidences and boxes.

The tables have no positions of characters. The position of a word is estimated as its share of
the line's length, counted in characters; its height there is that of the line's polygon.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np

from model.geometry.polylines import column_bounds
from model.text.bidi import ink_places
from pipelines.formats.boxes import Box, box_of
from schemas.records import Line, Polyline, Transcript

_GAPS = re.compile("(?<=[^ ]) +(?=[^ ])")
# Positions along a word at which the height of the polygon is sampled.
_SAMPLES = 5


@dataclass(frozen=True)
class Word:
    """A word of a line.

    Attributes:
        text: The text. Of several consecutive spaces, all except the last belong to the word
            before them, so that joining the words with spaces gives the text of the line.
        confidences: Probability of each character, 0..1; empty where unknown.
        confidence: Their mean, or else that of the line.
        start: Where it begins, as a share of the line's length.
        end: Where it ends, likewise.
        box: Left, top, right and bottom in whole pixels.
        outline: The part of the line's outline that it is in, in whole pixels.
    """

    text: str
    confidences: tuple[float, ...]
    confidence: float
    start: float
    end: float
    box: Box
    outline: Polyline = ()


def words_of(transcript: Transcript) -> list[Word]:
    """Split a line into words.

    Args:
        transcript: A line of a normalised page.

    Returns:
        Its words in text order; none where the text is empty.

    Example:
        >>> line = Line("l1", 0, polygon=((0, 0), (50, 0), (50, 9), (0, 9)))
        >>> [(word.text, word.box) for word in words_of(Transcript("a.jpg", line, "ad rem", 1))]
        [('ad', (0, 0, 17, 9)), ('rem', (25, 0, 50, 9))]
    """
    text = transcript.text
    if not text:
        return []
    spans = _spans(text)
    shares = _shares(transcript, spans)
    known = _known_confidences(transcript)
    boxes, outlines = _places(transcript.line, shares)
    return [
        Word(
            text=text[start:end],
            confidences=known[start:end],
            confidence=float(np.mean(known[start:end])) if known else transcript.confidence,
            start=float(first),
            end=float(last),
            box=box,
            outline=outline,
        )
        for (start, end), (first, last), box, outline in zip(spans, shares, boxes, outlines)
    ]


def _shares(transcript: Transcript, spans: list[tuple[int, int]]) -> np.ndarray:
    """Return where words begin and end along the line, float [words, 2], as shares of its length.

    Words of a line from right to left lie as their ink does.
    """
    text, line = transcript.text, transcript.line
    # A combining accent has no width.
    widths = np.array([0 if unicodedata.combining(character) else 1 for character in text])
    places = ink_places(text, line.direction)
    if places is None:
        ends = np.concatenate([[0], np.cumsum(widths)])
        return (ends / max(1, ends[-1]))[np.array(spans)]
    in_ink = np.zeros(len(text), int)
    in_ink[places] = widths
    ends = np.concatenate([[0], np.cumsum(in_ink)])
    first = [min(places[start:end]) for start, end in spans]
    last = [max(places[start:end]) + 1 for start, end in spans]
    shares = np.stack([ends[first], ends[last]], axis=1) / max(1, ends[-1])
    axis, start, end = _direction(line)
    # Of a baseline that is drawn from right to left, as the writing runs.
    return 1 - shares[:, ::-1] if axis == 0 and end < start else shares


def _spans(text: str) -> list[tuple[int, int]]:
    """Return start and end of each word in the text; one space lies between two words."""
    gaps = [found.end() - 1 for found in _GAPS.finditer(text)]
    return list(zip([0, *(gap + 1 for gap in gaps)], [*gaps, len(text)]))


def _known_confidences(transcript: Transcript) -> tuple[float, ...]:
    """Return the confidences of all characters; empty unless each has one."""
    each = [character.confidence for character in transcript.characters for _ in character.text]
    return tuple(each) if len(each) == len(transcript.text) else ()


def _places(line: Line, shares: np.ndarray) -> tuple[list[Box], list[Polyline]]:
    """Return the boxes and outlines of words from their shares [words, 2] of the line's length."""
    outline = np.array(line.polygon, float)
    left, top, right, bottom = box_of(line.polygon)
    axis, start, end = _direction(line)
    sides = np.sort(start + shares * (end - start), axis=1)
    low, high = ((left, right), (top, bottom))[axis]
    sides = np.clip(sides, low, high)
    steps = np.linspace(0, 1, _SAMPLES)
    places = sides[:, :1] + (sides[:, 1:] - sides[:, :1]) * steps
    near, far = column_bounds(outline[:, ::-1] if axis else outline, places.ravel())
    near = np.where(np.isnan(near), (top, left)[axis], near).reshape(places.shape)
    far = np.where(np.isnan(far), (bottom, right)[axis], far).reshape(places.shape)
    outlines = _outlines(places, near, far, axis)
    near, far = near.min(axis=1), far.max(axis=1)
    columns = (
        (near, sides[:, 0], far, sides[:, 1]) if axis else (sides[:, 0], near, sides[:, 1], far)
    )
    rounded = zip(*(np.rint(column).astype(int).tolist() for column in columns))
    return list(rounded), outlines


def _outlines(places: np.ndarray, near: np.ndarray, far: np.ndarray, axis: int) -> list[Polyline]:
    """Return the outlines of words from the sides of the line at some places, [words, places]."""
    along = np.concatenate([places, places[:, ::-1]], axis=1)
    # Inwards, so that no word is outside of its line.
    across = np.concatenate([np.ceil(near), np.floor(far)[:, ::-1]], axis=1)
    pairs = (across, along) if axis else (along, across)
    points = np.rint(np.stack(pairs, axis=2)).astype(int).tolist()
    return [tuple(map(tuple, outline)) for outline in points]


def _direction(line: Line) -> tuple[int, float, float]:
    """Return the axis along which a line is written (0 for x, 1 for y), its start and its end."""
    if not line.baseline:
        left, _, right, _ = box_of(line.polygon)
        return 0, left, right
    first, last = line.baseline[0], line.baseline[-1]
    axis = int(abs(last[1] - first[1]) > abs(last[0] - first[0]))
    return axis, first[axis], last[axis]
