"""Invariances of rectification: straight lines, rotated pages, scaled pages."""

from dataclasses import dataclass

import cv2
import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model.images.background import even_background
from model.line_images.rectify import rectify_page, stretch_contrast
from schemas.records import Line, Page
from tests.fakes import writing_of

PAPER, INK = 235, 30
STRIP_PX = 64
# Pages are drawn at a higher resolution and averaged: strokes are equally sharp at any angle.
FINENESS = 4
SIDE_PX, LINE_PX, PITCH_PX = 640, 340, 96
ABOVE_PX, BELOW_PX = 44, 20
# A strip of just the height of a rotated line would be sampled once or twice a pixel, by rounding.
BELOW_ROTATED_PX = 22
# Rasterisation moves an edge by up to half a pixel, and so does interpolation: a value of one
# strip must lie between the darkest and the lightest within a pixel in the other. The stretch of
# contrast depends on the values, and is rounded: the worst of many was 9 of 255 outside.
REACH_PX = 1
TOLERANCE = 16


@dataclass(frozen=True)
class Similarity:
    """Map points of a page: rotate and scale them about its middle."""

    angle_degrees: float = 0.0
    scale: float = 1.0

    def __call__(self, points) -> np.ndarray:
        angle = np.deg2rad(self.angle_degrees)
        rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        return (np.asarray(points, float) @ rotation.T + SIDE_PX / 2) * self.scale


def drawn_page(
    transform: Similarity, seed: int = 0, below_px: int = BELOW_PX
) -> tuple[np.ndarray, Page]:
    """Draw scrawls on three lines about the middle; no raster image is rotated or scaled."""
    rng = np.random.default_rng(seed)
    side_px = round(SIDE_PX * transform.scale)
    fine = np.full((side_px * FINENESS,) * 2, PAPER, np.uint8)
    lines = []
    for i, y in enumerate((-PITCH_PX, 0, PITCH_PX)):
        left, right = -LINE_PX / 2, LINE_PX / 2
        xs = np.linspace(left + 10, right - 10, 400)
        # Loops of a pen, half of which reach slightly below the baseline.
        waves = np.sin(xs / 5.0 + rng.uniform(0, 6)) * rng.uniform(8, 14)
        heights = 12 + waves + 10 * np.sin(xs / 23 + rng.uniform(0, 6))
        stroke = np.stack([xs + 6 * np.cos(xs / 5.0), y - heights], axis=1)
        draw(fine, transform(stroke), 4 * transform.scale)
        polygon = [(left, y - ABOVE_PX), (right, y - ABOVE_PX), (right, y + below_px)]
        polygon.append((left, y + below_px))
        baseline = transform([(left + 8, y), (0, y), (right - 8, y)])
        lines.append(Line(f"l{i}", i, "x", as_points(baseline), as_points(transform(polygon))))
    grey = cv2.resize(fine, (side_px, side_px), interpolation=cv2.INTER_AREA)
    return grey, Page("drawn.png", tuple(lines), side_px, side_px)


def draw(fine: np.ndarray, points: np.ndarray, thickness_px: float) -> None:
    """Draw a polyline with points in pixels of the page, whose origin is a pixel's centre."""
    shift = 4
    places = ((points + 0.5) * FINENESS - 0.5) * (1 << shift)
    thickness = round(thickness_px * FINENESS)
    curve = [places.round().astype(np.int32)]
    cv2.polylines(fine, curve, False, INK, thickness, cv2.LINE_AA, shift)


def as_points(points: np.ndarray) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in points)


def strips_of(transform: Similarity, seed: int, below_px: int = BELOW_PX) -> list[np.ndarray]:
    network = writing_of(ABOVE_PX * transform.scale, below_px * transform.scale)
    strips = rectify_page(*drawn_page(transform, seed, below_px), STRIP_PX, network)
    assert all(isinstance(strip, np.ndarray) for strip in strips), strips
    return strips


def assert_within_reach(one: np.ndarray, other: np.ndarray, reach_px: int = REACH_PX) -> None:
    """Assert that each value of a strip lies in the local range of values of the other."""
    assert one.shape == other.shape
    window = np.ones((2 * reach_px + 1,) * 2, np.uint8)
    darkest, lightest = (spread(other, window).astype(int) for spread in (cv2.erode, cv2.dilate))
    assert (darkest - one).max() <= TOLERANCE
    assert (one - lightest).max() <= TOLERANCE


@given(
    corner=st.tuples(st.integers(0, 60), st.integers(0, 60)),
    size_px=st.tuples(st.integers(120, 500), st.integers(24, 100)),
    seed=st.integers(0, 2**16),
)
def test_the_strip_of_a_straight_line_is_its_crop(corner, size_px, seed):
    (left, top), (width_px, height_px) = corner, size_px
    right, bottom, line_y = left + width_px, top + height_px, top + round(0.7 * height_px)
    rng = np.random.default_rng(seed)
    grey = np.full((bottom + 30, right + 30), PAPER, np.uint8)
    scrawl = rng.integers(0, (grey.shape[1], grey.shape[0]), (40, 2))
    cv2.polylines(grey, [scrawl.astype(np.int32)], False, INK, 2, cv2.LINE_AA)
    crop = stretch_contrast(even_background(grey)[top:bottom, left:right])
    # The centre of pixel 0 is at 0, its edge at -0.5.
    outline = np.array([(left, top), (right, top), (right, bottom), (left, bottom)]) - 0.5
    baseline = np.array([(left, line_y), (right, line_y)]) - 0.5
    whole = Line("whole", 0, "x", as_points(baseline), as_points(outline))
    network = writing_of(line_y - top, bottom - line_y)
    (strip,) = rectify_page(grey, Page("a.png", (whole,)), height_px, network)
    assert strip.shape == crop.shape
    assert np.abs(strip.astype(int) - crop).max() <= 2


@settings(max_examples=40)
@given(st.floats(-180, 180), st.integers(0, 2**16))
@example(90, 0)
@example(-90, 0)
@example(180, 0)
def test_a_rotated_page_gives_the_same_strips(angle_degrees, seed):
    for one, other in zip(
        strips_of(Similarity(), seed, BELOW_ROTATED_PX),
        strips_of(Similarity(angle_degrees), seed, BELOW_ROTATED_PX),
    ):
        assert_within_reach(one, other)
        assert_within_reach(other, one)


@settings(max_examples=25)
@given(st.floats(0.6, 2.5), st.integers(0, 2**16))
def test_a_scaled_page_gives_the_same_strips_up_to_its_resolution(scale, seed):
    for level, scaled in zip(
        strips_of(Similarity(), seed), strips_of(Similarity(scale=scale), seed)
    ):
        coarser, finer = (level, scaled) if scale > 1 else (scaled, level)
        # A pixel of the coarser page is an average of the finer one's, not the reverse.
        assert_within_reach(coarser, finer, int(np.ceil(REACH_PX / min(scale, 1))))
        assert np.corrcoef(coarser.ravel(), finer.ravel())[0, 1] > 0.97
