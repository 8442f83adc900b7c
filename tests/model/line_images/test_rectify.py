"""From pages to level strips."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.geometry.extent import line_extents
from model.line_images.rectify import rectify_page, stretch_contrast
from schemas.records import Line, Page
from tests.drawn import FONT
from tests.fakes import writing_of

COORDINATE = st.floats(-400, 700) | st.floats(-1e7, 1e7)
TEXT = "registre des naissances"


def written_page(angle_degrees: float) -> tuple[np.ndarray, Page]:
    """Write three lines on a page and rotate it about its middle."""
    page = np.full((500, 700), 235, np.uint8)
    turn = cv2.getRotationMatrix2D((350, 250), angle_degrees, 1.0)

    def turned(points):
        return tuple(map(tuple, np.array(points, float) @ turn[:, :2].T + turn[:, 2]))

    lines = []
    for i, y in enumerate((150, 250, 350)):
        cv2.putText(page, TEXT, (120, y), FONT, 1.2, 40, 2, cv2.LINE_AA)
        baseline = turned([(120, y), (350, y), (580, y)])
        polygon = turned([(110, y - 45), (590, y - 45), (590, y + 20), (110, y + 20)])
        lines.append(Line(f"l{i}", i, TEXT, baseline, polygon))
    page = cv2.warpAffine(page, turn, (700, 500), borderValue=235)
    return page, Page("drawn.png", tuple(lines), 700, 500)


def test_strips_of_slanted_lines_equal_those_of_level_ones():
    level, slanted = (
        rectify_page(*written_page(angle), 64, writing_of(45, 20)) for angle in (0, 9)
    )
    for one, other in zip(level, slanted):
        assert abs(one.shape[1] - other.shape[1]) <= 2
        width = min(one.shape[1], other.shape[1])
        ink = [255.0 - strip[:, :width] for strip in (one, other)]
        profiles = [cv2.GaussianBlur(i, (0, 0), 2).ravel() for i in ink]
        assert np.corrcoef(*profiles)[0, 1] > 0.9


@pytest.mark.parametrize("angle_degrees", [-30, 9, 90, 180])
def test_slanted_writing_is_measured_as_level_writing_is(angle_degrees):
    level, slanted = (rectify_page(*written_page(angle), 64) for angle in (0, angle_degrees))
    for one, other in zip(level, slanted):
        assert other.shape[1] == pytest.approx(one.shape[1], rel=0.05)


def without(page: Page, *, polygon: bool, thin: bool = False) -> Page:
    """Remove the polygons or the baselines, or flatten the polygons."""
    lines = []
    for line in page.lines:
        kept_polygon = line.polygon
        if thin:
            kept_polygon = tuple(
                (x, y0 + (y - y0) * 0.1)
                for (x, y), y0 in zip(line.polygon, [line.baseline[0][1]] * 4)
            )
        lines.append(
            Line(
                line.line_id,
                line.index,
                line.text,
                line.baseline if polygon or thin else (),
                () if polygon else kept_polygon,
            )
        )
    return Page(page.uri, tuple(lines), page.width_px, page.height_px)


@pytest.mark.parametrize(
    "missing", [{"polygon": True}, {"polygon": False}, {"polygon": False, "thin": True}]
)
def test_a_baseline_or_a_polygon_is_enough(missing):
    grey, page = written_page(0)
    whole = line_extents(page.lines)
    partial = line_extents(without(page, **missing).lines)
    for one, other in zip(whole, partial):
        height = one.above_px + one.below_px
        assert np.abs(one.path[:, 1].mean() - other.path[:, 1].mean()) < 0.15 * height
        assert 0.75 < (other.above_px + other.below_px) / height < 1.6
    assert all(isinstance(s, np.ndarray) for s in rectify_page(grey, page, 64))


def test_a_line_without_geometry_is_the_whole_image():
    grey, _ = written_page(0)
    (strip,) = rectify_page(grey, Page("a.png", (Line("line", 0),)), 64)
    assert strip.shape == (64, 90)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (Line("l", 0, baseline=((50, 50), (51, 50))), "too short"),
        (Line("l", 0, polygon=((50, 30), (51, 30), (51, 70), (50, 70))), "too short"),
        (Line("l", 0, baseline=((50, 50), (50, 50))), "no length"),
        (Line("l", 0, polygon=((5, 5), (9, 9))), "no length"),
        (Line("l", 0, fault="points 'x' are not numbers"), "points 'x' are not numbers"),
        (
            Line("l", 0, polygon=((50, 30), (250, 30), (250, 34), (50, 34))),
            "polygon is only 4 px high and has no baseline; draw one",
        ),
        (
            Line("l", 0, polygon=((500, 500), (690, 500), (690, 530), (500, 530))),
            "lies outside of the page",
        ),
        (
            Line("l", 0, polygon=((0, 0), (9e6, 0), (9e6, 20), (0, 20))),
            "lies outside of the page",
        ),
    ],
)
def test_an_invalid_line_is_reported_and_does_not_affect_the_others(line, reason):
    good = Line("good", 1, polygon=((50, 30), (250, 30), (250, 70), (50, 70)))
    bad_strip, good_strip = rectify_page(
        np.full((300, 400), 230, np.uint8), Page("a.png", (line, good)), 64
    )
    assert isinstance(bad_strip, ValueError) and reason in str(bad_strip)
    assert isinstance(good_strip, np.ndarray)


@given(st.lists(st.tuples(COORDINATE, COORDINATE), max_size=6), st.booleans())
def test_arbitrary_geometry_is_handled(points, as_baseline):
    line = (
        Line("l", 0, baseline=tuple(points)) if as_baseline else Line("l", 0, polygon=tuple(points))
    )
    other = Line("m", 1, polygon=((50, 30), (250, 30), (250, 70), (50, 70)))
    page = Page("a", (line, other))
    strip, other_strip = rectify_page(np.full((100, 300), 230, np.uint8), page, 32)
    assert isinstance(strip, ValueError) or strip.shape[0] == 32
    assert isinstance(other_strip, np.ndarray)


def test_the_noise_of_an_empty_strip_is_not_amplified():
    paper = np.random.default_rng(0).integers(246, 256, (64, 300)).astype(np.uint8)
    assert stretch_contrast(paper).min() > 170


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_contrast_is_stretched_between_the_percentiles(seed, width_px):
    strip = np.random.default_rng(seed).integers(0, 256, (64, width_px)).astype(np.uint8)
    ink = 255.0 - strip
    paper, dark = np.percentile(ink, (30, 98.5), method="inverted_cdf")
    expected = 255 - np.clip((ink - paper) * (255 / max(dark - paper, 32)), 0, 255)
    assert np.abs(stretch_contrast(strip) - expected).max() <= 0.51
