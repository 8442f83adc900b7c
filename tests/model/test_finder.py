from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from model.finder import FinderConfig, find_lines
from model.finder_ink import line_pitch_px, measure_ink
from model.handwriting import HandwritingConfig, draw_page
from model.handwriting_text import compose_text
from schemas.records import Line

PITCH_PX = HandwritingConfig().line_pitch_px


def drawn_page(seed: int, count: int = 8):
    rng = np.random.default_rng(seed)
    return draw_page([compose_text(rng, 24) for _ in range(count)], rng)


def points_px(lines) -> np.ndarray:
    """Put points on all baselines, four pixels apart: [points, 2]."""
    found = [np.zeros((0, 2))]
    for line in lines:
        x, y = np.array(line.baseline).T
        every = np.arange(x[0], x[-1], 4)
        found.append(np.stack([every, np.interp(every, x, y)], axis=1))
    return np.concatenate(found)


def part_near(points: np.ndarray, others: np.ndarray, tolerance_px: float) -> float:
    """Give the part of the points that lies near one of the others."""
    apart = np.linalg.norm(points[:, None] - others[None], axis=2)
    return float((apart.min(axis=1) < tolerance_px).mean())


def assert_same_baselines(found, drawn, part=0.93, tolerance_px=PITCH_PX / 4):
    """Compare as cBAD does: points within a quarter of the line pitch."""
    truth, guess = points_px(drawn), points_px(found)
    assert part_near(truth, guess, tolerance_px) > part
    assert part_near(guess, truth, tolerance_px) > part


def assert_sound(lines, shape):
    assert [line.index for line in lines] == list(range(len(lines)))
    assert [line.line_id for line in lines] == [f"l{i + 1}" for i in range(len(lines))]
    for line in lines:
        assert line.text is None
        points = np.array(line.baseline + line.polygon)
        assert (points >= 0).all()
        assert (points <= [shape[1] - 1, shape[0] - 1]).all()
        assert (np.diff(np.array(line.baseline)[:, 0]) > 0).all()


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10_000), st.integers(1, 14))
def test_what_is_found_is_sound(seed, count):
    image, _ = drawn_page(seed, count)
    assert_sound(find_lines(image), image.shape)


def test_drawn_lines_are_found():
    """A page may end in a year that lifts the end of its line: all pages together count."""
    parts = []
    for seed in range(24):
        image, page = drawn_page(seed, 1 + seed % 12)
        truth, guess = points_px(page.lines), points_px(find_lines(image))
        parts += [part_near(truth, guess, PITCH_PX / 4), part_near(guess, truth, PITCH_PX / 4)]
    assert np.mean(parts) > 0.97


@pytest.mark.parametrize("count", [1, 2, 7, 20])
def test_each_line_is_found_whole(count):
    image, page = drawn_page(2, count)
    found = find_lines(image)
    assert len(found) == count
    for one, other in zip(found, page.lines):
        assert_same_baselines([one], [other])


def test_the_polygon_holds_the_letters():
    image, _ = drawn_page(3)
    outlined = np.zeros_like(image)
    for line in find_lines(image):
        cv2.fillPoly(outlined, [np.array(line.polygon).astype(np.int32)], 1)
    ink = image < 0.65 * np.median(image)
    assert (ink & (outlined > 0)).sum() > 0.95 * ink.sum()


def test_a_larger_photograph_shows_the_same_lines():
    image, page = drawn_page(4)
    large = cv2.resize(image, None, fx=2.5, fy=2.5, interpolation=cv2.INTER_CUBIC)
    smaller = [
        Line(line.line_id, line.index, baseline=tuple((x / 2.5, y / 2.5) for x, y in line.baseline))
        for line in find_lines(large)
    ]
    assert_same_baselines(smaller, page.lines)


def test_dark_and_shaded_paper_shows_the_same_lines():
    image, page = drawn_page(5)
    light = np.linspace(0.35, 1.0, image.shape[1])
    assert_same_baselines(find_lines((image * light).astype(np.uint8)), page.lines)


def test_ruled_paper_and_black_borders_are_no_lines():
    image, page = drawn_page(6)
    image[20::28] = (image[20::28] * 0.7).astype(np.uint8)
    image[:, 60::60] = (image[:, 60::60] * 0.8).astype(np.uint8)
    image[:, :30] = 5
    image[-25:] = 5
    assert_same_baselines(find_lines(image), page.lines)


def test_lines_are_read_from_top_to_bottom_and_left_to_right():
    left, _ = drawn_page(7, 5)
    right, _ = drawn_page(8, 5)
    gutter = np.full((left.shape[0], 100), 220, np.uint8)
    found = find_lines(np.hstack([left, gutter, right]))
    starts = [line.baseline[0] for line in found]
    assert len(found) == 10
    assert [x > left.shape[1] for x, _ in starts] == [False, True] * 5
    assert [y for _, y in starts[::2]] == sorted(y for _, y in starts[::2])


@pytest.mark.parametrize("shade", [0, 1, 128, 255])
@pytest.mark.parametrize("shape", [(1, 1), (64, 64), (900, 700), (1, 5000), (5000, 1)])
def test_a_blank_page_has_no_lines(shade, shape):
    assert find_lines(np.full(shape, shade, np.uint8)) == ()


def test_paper_without_writing_has_no_lines():
    image, _ = draw_page([], np.random.default_rng(1))
    assert find_lines(cv2.resize(image, (900, 1200))) == ()


@pytest.mark.parametrize("shape", [(700, 500), (64, 64), (40, 30_000), (30_000, 40)])
def test_noise_leads_to_sound_lines(shape):
    noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert_sound(find_lines(noise), shape)


@settings(deadline=None, max_examples=60)
@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=90)))
def test_no_small_image_breaks_it(grey):
    assert_sound(find_lines(grey), grey.shape)


def test_a_view_is_as_good_as_a_copy():
    image, _ = drawn_page(9, 4)
    wide = np.repeat(image, 2, axis=1)
    assert find_lines(wide[:, ::2]) == find_lines(image)


@pytest.mark.parametrize(
    "grey", [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4)), np.zeros((0, 4), np.uint8)]
)
def test_what_is_no_grey_page_is_named(grey):
    with pytest.raises(ValueError, match=r"give uint8 \[height_px, width_px\]"):
        find_lines(grey)


def test_the_shortest_line_is_configured():
    image, _ = drawn_page(2, 4)
    assert find_lines(image, FinderConfig(least_length_pitches=1000)) == ()


@pytest.mark.parametrize("seed", range(4))
def test_pitch_is_measured(seed):
    image, _ = drawn_page(seed, 12)
    assert line_pitch_px(measure_ink(image)) == pytest.approx(PITCH_PX, rel=0.08)
