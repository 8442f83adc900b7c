"""Ink outside of the lines that were read, on drawn pages."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from model.geometry.extent import LineExtent
from model.quality.ink_unread import (
    MOST_UNREAD,
    OUTSIDE_LINES,
    PageInk,
    measure_ink,
    measure_page_ink,
    share_unread,
)
from model.quality.page import PAGE_WARNINGS, PageQuality
from model.synthetic.pages import HandwritingConfig, draw_page
from model.synthetic.texts import compose_text
from schemas.records import Failure, Line, LineImage, Transcript

SIZES = HandwritingConfig(most_slant_degrees=0.5)
REACH_PX = (32.0, 14.0)
STRIP = np.zeros((9, 9), np.uint8)
LINES = 12


@pytest.fixture(scope="module")
def drawn():
    """A page of twelve lines, and their extents."""
    rng = np.random.default_rng(5)
    grey, page = draw_page([compose_text(rng) for _ in range(LINES)], rng, config=SIZES)
    return grey, [LineExtent(np.array(line.baseline, float), *REACH_PX) for line in page.lines]


def unread(grey: np.ndarray, extents) -> float | None:
    return measure_ink(grey, extents).unread([True] * len(extents))


def in_middle_of(grey: np.ndarray, height_px: int, width_px: int, level: int = 225):
    """Return a larger page with a page in its middle, and the offset of that."""
    large = np.full((height_px, width_px), level, np.uint8)
    top, left = (height_px - grey.shape[0]) // 2, (width_px - grey.shape[1]) // 2
    large[top : top + grey.shape[0], left : left + grey.shape[1]] = grey
    return large, np.array([left, top], float)


def moved(extents, offset):
    return [LineExtent(extent.path + offset, *REACH_PX) for extent in extents]


def test_a_page_of_which_all_lines_were_read_has_hardly_any(drawn):
    assert unread(*drawn) < MOST_UNREAD / 2


@pytest.mark.parametrize(
    "left_out",
    [range(1, LINES, 3), range(4, 8), range(8, 12), range(4)],
    ids=["every third", "middle", "end", "start"],
)
def test_lines_that_are_left_out_are_found(drawn, left_out):
    grey, extents = drawn
    share = unread(grey, [extents[i] for i in range(LINES) if i not in left_out])
    assert 2 * MOST_UNREAD < share < 0.5


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_the_share_does_not_depend_on_the_size_of_the_scan(drawn, scale):
    grey, extents = drawn
    other = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    reach_px = [scale * reach for reach in REACH_PX]
    scaled = [LineExtent(scale * extent.path, *reach_px) for extent in extents]
    assert unread(other, scaled[:8]) == pytest.approx(unread(grey, extents[:8]), abs=0.06)


def test_faint_ink_counts_as_much_as_black_ink(drawn):
    grey, extents = drawn
    faint = (225 - (225 - np.minimum(grey, 225).astype(float)) * 0.4).astype(np.uint8)
    assert unread(faint, extents[:8]) == pytest.approx(unread(grey, extents[:8]), abs=0.06)


def ruled(page):
    for y in range(20, page.shape[0], 56):
        cv2.line(page, (0, y), (page.shape[1], y + 6), 150, 2)
    for x in (30, page.shape[1] - 40):
        cv2.line(page, (x, 0), (x + 3, page.shape[0]), 90, 3)


def dotted_rule(page):
    for y in range(0, page.shape[0], 14):
        cv2.line(page, (40, y), (40, y + 9), 90, 2)


def framed(page):
    page[:25], page[-25:], page[:, :25], page[:, -25:] = 5, 5, 5, 5


def stamped(page):
    centre = page.shape[1] - 110, page.shape[0] - 110
    for radius in (60, 50, 30):
        cv2.circle(page, centre, radius, 60, 4)
    cv2.putText(page, "WIEN", (centre[0] - 28, centre[1] + 8), 0, 0.7, 60, 2)


def blotted(page):
    cv2.circle(page, (page.shape[1] - 90, 90), 60, 30, -1)


def speckled(page):
    rng = np.random.default_rng(1)
    for y, x in zip(*(rng.integers(0, side - 2, 4000) for side in page.shape)):
        page[y : y + 2, x : x + 2] = 90


def beside(page):
    for y in range(40, page.shape[0] - 40, 40):
        cv2.putText(page, "amen dico", (-90, y), 3, 1.0, 60, 2)


def edged(page):
    page[:, -60::6] = page[:, -58::6] = 60


def shining_through(page):
    page[:] = np.minimum(page, 255 - (255 - page[:, ::-1]) // 5 - 20)


@pytest.mark.parametrize(
    "spoil",
    [ruled, dotted_rule, framed, stamped, blotted, speckled, beside, edged, shining_through],
)
def test_what_is_no_writing_of_the_page_does_not_count(drawn, spoil):
    grey, extents = drawn
    page, offset = in_middle_of(grey, grey.shape[0] + 320, grey.shape[1] + 400)
    spoil(page)
    assert unread(page, moved(extents, offset)) < MOST_UNREAD


def test_a_column_of_figures_counts(drawn):
    grey, extents = drawn
    page, offset = in_middle_of(grey, grey.shape[0], grey.shape[1] + 700)
    for y in range(80, page.shape[0] - 60, 50):
        cv2.putText(page, f"{7 * y} {y}", (page.shape[1] - 290, y), 3, 1.2, 60, 2)
    assert unread(page, moved(extents, offset)) > MOST_UNREAD


def blank():
    return np.full((900, 700), 230, np.uint8)


def grainy():
    return np.random.default_rng(3).normal(200, 6, (900, 700)).clip(0, 255).astype(np.uint8)


def chart():
    levels = np.linspace(10, 250, 24).astype(np.uint8).reshape(4, 6)
    return cv2.copyMakeBorder(np.kron(levels, np.ones((150, 150), np.uint8)), 30, 30, 30, 30, 0)


def photograph():
    rng = np.random.default_rng(4)
    scales = (3, 8, 20, 60)
    layers = [cv2.resize(rng.normal(0, 1, (k, k)), (900, 900), interpolation=2) for k in scales]
    return (120 + 30 * sum(layers)).clip(0, 255).astype(np.uint8)


def form():
    page = blank()
    ruled(page)
    for x in range(100, 700, 120):
        cv2.line(page, (x, 100), (x, 850), 80, 2)
    return page


def black():
    return np.zeros((900, 700), np.uint8)


def tiny():
    return np.full((3, 2), 200, np.uint8)


@pytest.mark.parametrize("draw", [blank, grainy, chart, photograph, form, black, tiny])
def test_images_without_writing_have_no_share(draw):
    assert unread(draw(), []) is None


def test_a_page_of_writing_without_lines_is_unread_as_a_whole(drawn):
    assert unread(drawn[0], []) == 1.0


def test_a_page_with_one_word():
    page = np.full((1400, 1000), 230, np.uint8)
    cv2.putText(page, "amen", (300, 500), 3, 1.2, 60, 2)
    line = LineExtent(np.array([[290.0, 500.0], [430.0, 500.0]]), *REACH_PX)
    assert unread(page, [line]) == 0.0


def test_the_blank_side_of_a_spread_changes_nothing(drawn):
    grey, extents = drawn
    spread = np.hstack([grey, np.full_like(grey, 225)])
    spread[:, grey.shape[1] - 6 : grey.shape[1] + 6] = 30
    assert unread(spread, extents) < MOST_UNREAD < unread(spread, extents[:8])


@pytest.mark.parametrize(
    "path",
    [[[5.0, 5.0], [5.0, 5.0]], [[-9e5, 5.0], [9e5, 5.0]], [[4.0, 9e9], [8.0, 9e9]]],
    ids=["no length", "endless", "off the page"],
)
def test_garbage_lines_do_no_harm(drawn, path):
    grey, extents = drawn
    assert unread(grey, [*extents, LineExtent(np.array(path), *REACH_PX)]) < 0.5


def image_of(line: Line, reach_px=REACH_PX) -> LineImage:
    return LineImage("p.jpg", line, STRIP, reach_px)


def read_as(text: str, confidence: float = 0.5) -> Transcript:
    return Transcript("p.jpg", Line("l", 0), text, confidence)


def test_lines_that_failed_or_have_no_text_are_not_read():
    ink = PageInk((30, 40, 20), 10)
    failed = Failure("p.jpg", "recognise", "too long", "l3")
    assert share_unread(ink, [read_as("acte"), read_as(" "), failed]) == pytest.approx(0.7)
    assert share_unread(ink, [read_as("a"), read_as("b"), read_as("c")]) == pytest.approx(0.1)
    assert share_unread(PageInk((0, 0, 0)), [read_as("a")] * 3) is None
    assert share_unread(None, [read_as("a")]) is None


def test_an_image_of_one_line_has_no_share(drawn):
    assert measure_page_ink(drawn[0], [image_of(Line("line", 0), None)]) is None


def test_lines_that_were_cut_out_are_measured(drawn):
    grey, extents = drawn
    lines = [Line(f"l{i}", i, baseline=tuple(map(tuple, e.path))) for i, e in enumerate(extents)]
    ink = measure_page_ink(grey, [image_of(line) for line in lines])
    assert len(ink.of_lines) == LINES and min(ink.of_lines) > 0
    assert share_unread(ink, [read_as("acte")] * LINES) < MOST_UNREAD / 2


@pytest.mark.parametrize(("share", "warns"), [(None, False), (MOST_UNREAD, False), (0.5, True)])
def test_pages_with_more_than_the_limit_have_a_warning(share, warns):
    quality = PageQuality(0.5, None, 0.2, ink_unread=share)
    assert (OUTSIDE_LINES in quality.warnings()) is warns
    assert OUTSIDE_LINES in PAGE_WARNINGS
