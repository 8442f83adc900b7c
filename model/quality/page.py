"""Quality of a page scan, as far as recognition is concerned: contrast, skew, blur.

It is measured on a sample of the lines, so that margins, backdrop and pictures do not count and
a page of any size takes a few milliseconds. With these limits 79 pages of three archives get no
warning; with an eighth of their contrast, or blurred over a 24th of the line pitch, nearly all
of them get one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.geometry.extent import line_pitch_px
from model.images.jpeg_end import NO_END_MARK
from model.images.negative import NEGATIVE
from model.images.resize import shrink
from model.quality.ink_unread import MOST_UNREAD, OUTSIDE_LINES
from model.quality.line_image import BLURRED, LOW_CONTRAST
from model.quality.measures import blur_effect, paper_and_ink
from schemas.records import Line

SKEWED = "skewed"
TURNED = "turned"
HARDLY_KNOWN = "a hand or language that the model hardly knows; fine-tune it"
UNKNOWN_LANGUAGE = "a language that the language model does not know; read greedily"
PAGE_WARNINGS = (
    LOW_CONTRAST,
    SKEWED,
    TURNED,
    BLURRED,
    OUTSIDE_LINES,
    HARDLY_KNOWN,
    UNKNOWN_LANGUAGE,
    NEGATIVE,
    NO_END_MARK,
)

_LEAST_CONTRAST = 0.12
# Beyond the first a page is skewed, beyond the second it lies on its side or upside down.
_MOST_SKEW_DEG, _LEAST_TURN_DEG = 10.0, 45.0
_MOST_BLUR = 0.45
# Predicted CER of a text in which hardly a word is right.
_MOST_CER = 0.4

_MOST_LINES = 12
# Lines are measured at the scale of strips.
_PITCH_PX = 48
# The longer side of an image without lines, as if it had thirty lines at that scale.
_PAGE_PX = 30 * _PITCH_PX
# An image of a single line includes paper around it.
_PITCH_OF_WHOLE = 0.75
_LEAST_SIDE_PX = 8


@dataclass(frozen=True)
class PageQuality:
    """Quality of a page scan.

    Attributes:
        contrast: How much darker ink is than its paper, as a share of the paper's level, 0..1.
        skew_deg: Slope of the lines in degrees, -180..180, positive where they fall to the
            right: 90 if they run down the page, 180 if it is upside down; None without baselines.
        blur: `blur_effect` of the writing at the scale of the recogniser, 0..1.
        of_file: Warnings of whoever decoded the file: `NEGATIVE`, `NO_END_MARK`.
        ink_unread: Share of the ink outside of the lines that were read, from
            `PageInk.unread`; None before they are read, and for a page without writing.
        cer_of_read: Predicted CER of the lines that were read; None before they are read, and
            where nothing predicts it.
        language_known: Whether a language model of a beam search knows the language of the
            page; True for a page that was read greedily on request.
        language: Name of the language of the model that the beam search used; empty for none.
    """

    contrast: float
    skew_deg: float | None
    blur: float
    of_file: tuple[str, ...] = ()
    ink_unread: float | None = None
    cer_of_read: float | None = None
    language_known: bool = True
    language: str = ""

    def warnings(self) -> tuple[str, ...]:
        """Return the warnings that apply, out of `PAGE_WARNINGS`.

        Example:
            >>> PageQuality(contrast=0.05, skew_deg=None, blur=0.3).warnings()
            ('low contrast',)
        """
        angle_deg = abs(self.skew_deg or 0.0)
        applies = {
            LOW_CONTRAST: self.contrast < _LEAST_CONTRAST,
            SKEWED: _MOST_SKEW_DEG < angle_deg <= _LEAST_TURN_DEG,
            TURNED: angle_deg > _LEAST_TURN_DEG,
            BLURRED: self.blur > _MOST_BLUR,
            OUTSIDE_LINES: (self.ink_unread or 0.0) > MOST_UNREAD,
            HARDLY_KNOWN: (self.cer_of_read or 0.0) > _MOST_CER,
            UNKNOWN_LANGUAGE: not self.language_known,
        }
        return (*(warning for warning, does in applies.items() if does), *self.of_file)


def measure_page(
    grey: np.ndarray, lines: Sequence[Line], of_file: tuple[str, ...] = ()
) -> PageQuality:
    """Measure a page; contrast and blur are medians over up to twelve of its lines.

    Args:
        grey: uint8 [height_px, width_px], paper light.
        lines: Its lines, in pixels of the page; one without geometry is the whole image.
        of_file: Warnings of the decoder, which are passed on.

    Returns:
        Its measures.

    Example:
        >>> grey = np.full((200, 900), 200, np.uint8)
        >>> grey[80:110, 100:800:20] = 50
        >>> quality = measure_page(grey, [Line("l1", 0, baseline=((100, 110), (800, 110)))])
        >>> round(quality.contrast, 2), quality.skew_deg, quality.warnings()
        (0.75, 0.0, ())
    """
    views = _views_of_lines(grey, lines) or [shrink(grey, _PAGE_PX / max(grey.shape))]
    levels = [paper_and_ink(view) for view in views]
    contrasts = [(paper - ink) / paper if paper > 0 else 0.0 for paper, ink in levels]
    return PageQuality(
        contrast=float(np.median(contrasts)),
        skew_deg=skew_deg(lines),
        blur=float(np.median([blur_effect(view) for view in views])),
        of_file=of_file,
    )


def skew_deg(lines: Sequence[Line]) -> float | None:
    """Return the median slope of baselines, each from its first point to its last.

    Args:
        lines: Lines; those without a baseline are left out.

    Returns:
        Degrees in -180..180, positive where lines fall to the right; None without baselines.

    Example:
        >>> skew_deg([Line("l1", 0, baseline=((0, 0), (100, 100)))])
        45.0
    """
    ends = [(line.baseline[0], line.baseline[-1]) for line in lines if len(line.baseline) > 1]
    runs = np.array([np.subtract(last, first) for first, last in ends], float).reshape(-1, 2)
    runs = runs[np.hypot(*runs.T) > 0]
    if not len(runs):
        return None
    angles = np.degrees(np.arctan2(runs[:, 1], runs[:, 0]))
    # Relative to the mean direction, because -179 degrees are next to 179.
    across, down = runs.sum(axis=0)
    mean = np.degrees(np.arctan2(down, across))
    skew = mean + np.median((angles - mean + 180) % 360 - 180)
    return float((skew + 180) % 360 - 180) or 0.0


def _views_of_lines(grey: np.ndarray, lines: Sequence[Line]) -> list[np.ndarray]:
    """Cut out a sample of the lines, at the scale of strips."""
    if any(not (line.baseline or line.polygon) for line in lines):
        return [shrink(grey, _PITCH_PX / (_PITCH_OF_WHOLE * grey.shape[0]))]
    paths = [np.array(line.baseline, float) for line in lines if len(line.baseline) > 1]
    pitch_px = line_pitch_px(paths, lines)
    if pitch_px <= 0:
        return []
    boxes = (_box(line, pitch_px, grey.shape) for line in _spread(lines, _MOST_LINES))
    views = [shrink(grey[box], _PITCH_PX / pitch_px) for box in boxes if grey[box].size]
    return [view for view in views if min(view.shape) >= _LEAST_SIDE_PX]


def _spread(lines: Sequence[Line], most: int) -> list[Line]:
    """Return up to `most` lines, evenly spaced."""
    chosen = np.linspace(0, len(lines) - 1, min(most, len(lines))).round().astype(int)
    return [lines[i] for i in chosen]


def _box(line: Line, pitch_px: float, shape: tuple[int, int]) -> tuple[slice, slice]:
    """Return the box of a line as slices; empty if it lies outside of the page."""
    points = np.array(line.baseline or line.polygon, float)
    reach_px = pitch_px / 2 if line.baseline else 0
    limits = np.array(shape[::-1])
    low = np.clip(np.floor(points.min(axis=0) - reach_px), 0, limits).astype(int)
    high = np.clip(np.ceil(points.max(axis=0) + reach_px), 0, limits).astype(int)
    return slice(low[1], high[1]), slice(low[0], high[0])
