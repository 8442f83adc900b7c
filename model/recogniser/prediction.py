"""Read one image, of a line or a page, with warnings about its quality."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.line_images.crop import crop_lines, fit_to_image
from model.line_images.preprocess import PreprocessConfig
from model.quality.ink_unread import measure_page_ink, share_unread
from model.quality.line_image import StripQuality, measure_strip
from model.quality.page import PageQuality, measure_page
from model.recogniser.line_reading import quality_of_read, read_pages
from model.recogniser.recogniser import Recogniser
from model.segmentation.finder import default_line_network, find_lines
from schemas.records import Failure, Line, LineImage, Page, Transcript

WHOLE, FIND, AUTO = "whole", "find", "auto"
LINES = (AUTO, WHOLE, FIND)

UPSIDE_DOWN = "upside down"
# A line read with less confidence is also read upside down, and has a warning if the confidence
# rises by more than the gain. With the default model 2 of 882 lines of test pages have one, and
# 873 of the same lines rotated by 180 degrees.
_DOUBTFUL = 0.8
_TURNED_GAIN = 0.05

# An image with at least this ratio of width to height, or at most this height, is a line.
_LEAST_LINE_ASPECT = 4.0
_MOST_LINE_HEIGHT_PX = 128


@dataclass(frozen=True)
class PredictedLine:
    """A line that was read.

    Attributes:
        transcript: The line, its text and its confidence.
        quality: Quality of its image; None if it could not be cut out.
        warnings: Possible problems, in a few words each; may be empty.
        error: Why it could not be read; empty if it was.
    """

    transcript: Transcript
    quality: StripQuality | None
    warnings: tuple[str, ...]
    error: str = ""


@dataclass(frozen=True)
class Prediction:
    """An image that was read.

    Attributes:
        lines: Its lines, in reading order.
        source: `WHOLE` if the image is one line, else `FIND`.
        quality: Quality of the image.
    """

    lines: tuple[PredictedLine, ...]
    source: str
    quality: PageQuality

    @property
    def text(self) -> str:
        """The texts of the lines, joined by newlines."""
        return "\n".join(line.transcript.text for line in self.lines)


def looks_like_line(grey: np.ndarray) -> bool:
    """Whether an image is one line rather than a page, judging by its shape only.

    Args:
        grey: uint8 [height_px, width_px].

    Example:
        >>> looks_like_line(np.zeros((90, 700))), looks_like_line(np.zeros((700, 500)))
        (True, False)
    """
    height_px, width_px = grey.shape
    return width_px >= _LEAST_LINE_ASPECT * height_px or height_px <= _MOST_LINE_HEIGHT_PX


def predict_image(
    grey: np.ndarray,
    recogniser: Recogniser,
    lines: str = AUTO,
    strip_height_px: int = PreprocessConfig.strip_height_px,
    of_file: tuple[str, ...] = (),
) -> Prediction:
    """Read an image.

    Args:
        grey: uint8 [height_px, width_px], dark ink on light paper, for example from
            `model.images.decode.decode_image`.
        recogniser: Recognises the lines.
        lines: `WHOLE` takes the image as one line, `FIND` finds its lines, `AUTO` chooses with
            `looks_like_line`.
        strip_height_px: Height of the line images that the model was trained on:
            `bundle.preprocess.strip_height_px`.
        of_file: Warnings of the decoder: `model.images.pages.open_page` gives them.

    Returns:
        What was read; it has no lines for a blank page.

    Raises:
        ValueError: If `lines` is none of the three.
    """
    if lines not in LINES:
        raise ValueError(f"lines={lines!r}; choose one of {', '.join(LINES)}")
    is_line = lines == WHOLE or (lines == AUTO and looks_like_line(grey))
    found = (Line("line", 0),) if is_line else find_lines(grey, default_line_network())
    quality = measure_page(grey, found, of_file)
    page = fit_to_image(Page("", found), grey)
    strips = crop_lines(page, grey, strip_height_px) if found else []
    # If the image is one line, its warnings are those of the line.
    page_warnings = quality.warnings() if is_line else ()
    images = [strip for strip in strips if isinstance(strip, LineImage)]
    results = read_pages(images, recogniser)
    ink_unread = share_unread(measure_page_ink(grey, images), results)
    outcomes = iter(results)
    read = (
        _unread(line, strip)
        if isinstance(strip, Failure)
        else _with_warnings(strip, next(outcomes), recogniser, page_warnings)
        for line, strip in zip(found, strips)
    )
    transcripts = [result for result in results if isinstance(result, Transcript)]
    quality = quality_of_read(quality, ink_unread, transcripts, recogniser)
    return Prediction(tuple(read), WHOLE if is_line else FIND, quality)


def _with_warnings(
    image: LineImage,
    outcome: Transcript | Failure,
    recogniser: Recogniser,
    page_warnings: tuple[str, ...],
) -> PredictedLine:
    quality = measure_strip(image.strip)
    if isinstance(outcome, Failure):
        return _unread(image.line, outcome, quality)
    warnings = dict.fromkeys((*quality.warnings(), *page_warnings))
    if _is_upside_down(image, outcome, recogniser):
        warnings[UPSIDE_DOWN] = None
    return PredictedLine(outcome, quality, tuple(warnings))


def _unread(line: Line, failure: Failure, quality: StripQuality | None = None) -> PredictedLine:
    return PredictedLine(Transcript("", line, "", 0.0), quality, (), failure.error)


def _is_upside_down(image: LineImage, read: Transcript, recogniser: Recogniser) -> bool:
    """Return whether the line is read with more confidence when rotated by 180 degrees."""
    if read.confidence >= _DOUBTFUL:
        return False
    turned = np.ascontiguousarray(image.strip[::-1, ::-1])
    again = recogniser.read(LineImage(image.page_uri, image.line, turned))
    return bool(again.text) and again.confidence > read.confidence + _TURNED_GAIN
