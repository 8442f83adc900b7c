"""Which images of a file are pages: a TIFF also holds thumbnails, levels of pyramids and masks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import cv2
import numpy as np

from model.images import tiff_tags
from model.images.frame import check_image, decode_frame, decoding

# A copy is at most so long and wide as its page, and as high for its width, but for rounding.
_LARGEST_COPY = 0.75
_ROUNDED_PX = 1.5
# Copies and pages are compared at this width. What is common to all pages of a book, as the
# shade of the paper and its border, is taken off.
_COMPARED_PX = 128
_SHADE_PX = 9
_LEAST_CORRELATION = 0.6
# Without detail, as on blank pages, nothing can be compared.
_LEAST_DETAIL = 1.0
# Smaller images show too little: only after a larger copy they are taken for one.
_LEAST_COMPARED_PX = 32


@dataclass(frozen=True)
class _Candidate:
    """An image that may be a page, or the copy of one."""

    frame: int
    width_px: int
    height_px: int


def page_frames(file: BinaryIO) -> Iterator[int]:
    """Iterate over the images of a file that are pages.

    A TIFF may also contain smaller copies of its pages (thumbnails, the levels of a pyramid)
    and masks. They are told by the bits of NewSubfileType or by SubfileType (TIFF 6.0, section
    8). Where nothing marks them, an image of the same shape as its neighbour, but smaller, is
    decoded and compared with it; nothing else is decoded.

    Args:
        file: The file, open and seekable.

    Yields:
        Indices among all images of the file, from 0; at least one.

    Raises:
        ValueError: If the file is not an image.
    """
    if tiff_tags.is_tiff(file):
        with decoding():
            found = False
            for frame in _without_copies(file, _candidates(file)):
                found = True
                yield frame
            if found:
                return
    check_image(file)
    yield 0


def _candidates(file: BinaryIO) -> Iterator[_Candidate]:
    for frame, tags in enumerate(tiff_tags.directories(file)):
        if tiff_tags.is_page(tags):
            yield _candidate(frame, tags)


def _without_copies(file: BinaryIO, candidates: Iterator[_Candidate]) -> Iterator[int]:
    """Leave out smaller copies that are not marked as such: before or after their page."""
    page = next(candidates, None)
    if page is None:
        return
    # Pages of several resolutions in one file are compared once, not one by one.
    may_have_copies, has_copy = True, False
    for other in candidates:
        small, large = sorted((page, other), key=lambda one: one.width_px)
        if may_have_copies and _may_be_copy(small, large):
            is_tiny = min(small.width_px, small.height_px) < _LEAST_COMPARED_PX
            is_copy = has_copy if is_tiny else _is_copy(file, small.frame, large.frame)
            if is_copy:
                page, has_copy = large, True
                continue
            may_have_copies = is_tiny
        yield page.frame
        page, has_copy = other, False
    yield page.frame


def _candidate(frame: int, tags: Mapping[int, object]) -> _Candidate:
    names = tiff_tags.IMAGE_WIDTH, tiff_tags.IMAGE_LENGTH
    return _Candidate(frame, *(int(tiff_tags.first_value(tags, name)) for name in names))


def _may_be_copy(small: _Candidate, large: _Candidate) -> bool:
    if not 0 < small.width_px <= _LARGEST_COPY * large.width_px:
        return False
    height_px = small.width_px * large.height_px / large.width_px
    # Rounding of the width counts, too.
    slack_px = _ROUNDED_PX * max(1.0, large.height_px / large.width_px)
    return abs(height_px - small.height_px) <= slack_px


def _is_copy(file: BinaryIO, small: int, large: int) -> bool:
    """Return whether two images of a file show the same."""
    try:
        first, second = (decode_frame(file, frame).grey for frame in (small, large))
    except ValueError:
        # Whoever decodes the page says why it cannot be read.
        return False
    width_px = min(_COMPARED_PX, first.shape[1])
    size = width_px, max(1, round(width_px * first.shape[0] / first.shape[1]))
    first, second = (
        cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        for grey in (first, second)
    )
    details = [grey - cv2.blur(grey, (_SHADE_PX, _SHADE_PX)) for grey in (first, second)]
    deviations = [float(detail.std()) for detail in details]
    if min(deviations) < _LEAST_DETAIL:
        return False
    covariance = float(((details[0] - details[0].mean()) * (details[1] - details[1].mean())).mean())
    return covariance >= _LEAST_CORRELATION * deviations[0] * deviations[1]
