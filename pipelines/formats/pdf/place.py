"""Where the words of a line lie in a PDF."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from model.geometry.polylines import arc_lengths, column_bounds, resample
from model.text.bidi import ink_order, ink_places
from pipelines.formats.boxes import box_of
from pipelines.formats.pdf.font import ADVANCE, DESCENT, UNITS_PER_EM
from pipelines.formats.words import words_of
from schemas.records import Line, Transcript

# Widest character, as a share of the line's height. PDFium joins two lines that are closer than
# half a character.
_WIDEST = 1.0
# Readers tear a word that is turned by as little as 2 degrees, so that it is not found any more.
# From here on a level word would lie too far from its ink.
_LEVEL_UP_TO_DEG = 20.0


@dataclass(frozen=True)
class Place:
    """Position of a word in pixels, y downwards: start, angle, length and height."""

    x: float
    y: float
    radians: float
    length: float
    height: float

    def matrix(self, character_count: int) -> tuple[float, ...]:
        """Return the text matrix for a font of size 1, in pixels with y downwards.

        Args:
            character_count: Of the word.
        """
        advance_px = min(self.length / character_count, _WIDEST * self.height)
        across = advance_px * UNITS_PER_EM / ADVANCE
        cos, sin = math.cos(self.radians), math.sin(self.radians)
        # The y axis of the font points up, that of the image down.
        return across * cos, across * sin, self.height * sin, -self.height * cos, self.x, self.y


def placed_words(transcript: Transcript) -> Iterator[tuple[str, Place]]:
    """Place the words of a line, each followed by a space that fills the gap.

    A word lies level, at the height of its middle, unless the line rises or falls by more than 20
    degrees there. The space after the last word separates the line from the next: PDFium would
    join two letters that are alone on their lines. Right-to-left text is in the order of its ink,
    from which programs restore the order in which it is read.

    Args:
        transcript: A line of a normalised page.

    Yields:
        The text of each word with its space, and its place.
    """
    line = transcript.line
    height = _height(line)
    baseline = _baseline(line, height)
    total = arc_lengths(baseline)[-1]
    words = words_of(transcript)
    if ink_places(transcript.text, line.direction) is not None:
        if baseline[-1][0] < baseline[0][0]:
            baseline = baseline[::-1]
            words = [replace(word, start=1 - word.end, end=1 - word.start) for word in words]
        words = [replace(word, text=ink_order(word.text, line.direction)) for word in words]
        words.sort(key=lambda word: word.start)
    for word, after in zip(words, [*words[1:], None]):
        end = after.start if after else word.end
        ends = np.array([word.start, end]) * total
        middle = np.array([word.start + word.end]) / 2 * total
        place = _place(*resample(baseline, np.concatenate([ends, middle])), height)
        if place.length > 0:
            # The last space lies beyond the end of the line.
            length = place.length * (1 if after else 1 + 1 / len(word.text))
            yield f"{word.text} ", replace(place, length=length)


def _place(start: np.ndarray, end: np.ndarray, middle: np.ndarray, height: float) -> Place:
    across, down = end - start
    radians = math.atan2(down, across)
    if abs(math.degrees(radians)) <= _LEVEL_UP_TO_DEG:
        return Place(start[0], middle[1], 0.0, float(across), height)
    return Place(start[0], start[1], radians, math.hypot(across, down), height)


def _height(line: Line) -> float:
    """Return the height of a line, the median along its middle; at least one pixel."""
    left, top, right, bottom = box_of(line.polygon)
    outline = np.array(line.polygon, float)
    if line.baseline:
        (x, y), (x_end, y_end) = line.baseline[0], line.baseline[-1]
        if abs(y_end - y) > abs(x_end - x):
            left, top, right, bottom = top, left, bottom, right
            outline = outline[:, ::-1]
    near, far = column_bounds(outline, np.linspace(left, right, 7)[1:-1])
    across = np.nanmedian(far - near) if not np.isnan(far - near).all() else bottom - top
    return max(1.0, float(across))


def _baseline(line: Line, height: float) -> np.ndarray:
    if line.baseline:
        return np.array(line.baseline, float)
    left, _, right, bottom = box_of(line.polygon)
    y = bottom + height * DESCENT / UNITS_PER_EM
    return np.array([(left, y), (right, y)])
