"""Visualisation of a page with its lines, their order and their regions."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from model.pictures.lines import draw_lines, lines_jpeg
from schemas.records import Line

GREY = np.full((400, 600), 240, np.uint8)
LINE = Line(
    "l1",
    0,
    baseline=((100.0, 202.0), (500.0, 202.0)),
    polygon=((100.0, 150.0), (500.0, 150.0), (500.0, 230.0), (100.0, 230.0)),
    region_id="r1",
)


def drawn_at(picture, plain):
    return (picture != plain).any(axis=-1)


def test_positions_of_baseline_outline_and_number():
    drawn = drawn_at(draw_lines(GREY, [LINE]), draw_lines(GREY, []))
    assert drawn[202, 130:480].all()
    assert drawn[150, 100:500].all() and drawn[230, 100:500].all()
    assert drawn[160:190, 110:490].sum() == 0
    # The number stands left of the line's start.
    assert drawn[196:209, 88:97].mean() > 0.6
    assert drawn[:, 520:].sum() == 0 == drawn[:, :70].sum()


def test_the_number_is_the_place_in_the_order():
    first, tenth = (draw_lines(GREY, [replace(LINE, index=index)]) for index in (0, 9))
    assert drawn_at(first, tenth)[:, :100].any()
    assert not drawn_at(first, tenth)[:, 100:].any()


def test_lines_of_a_region_share_a_colour_and_regions_differ():
    def colours(*region_ids):
        lines = [
            Line(f"l{i}", i, baseline=((100, 80 * i + 50), (500, 80 * i + 50)), region_id=region_id)
            for i, region_id in enumerate(region_ids)
        ]
        picture = draw_lines(GREY, lines)
        return [tuple(picture[80 * i + 50, 300]) for i in range(len(lines))]

    one, other, again, third = colours("a", "b", "a", "c")
    assert one == again and len({one, other, third}) == 3


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((3200, 2000), (1600, 1000)),
        ((1600, 900), (1600, 900)),
        ((64, 48), (64, 48)),
        ((40, 30_000), (6, 4800)),
        ((30_000, 1), (1600, 1)),
        ((1, 1), (1, 1)),
    ],
)
def test_the_size_of_the_picture_is_bounded(shape, expected):
    picture = draw_lines(np.full(shape, 255, np.uint8), [LINE, Line("whole", 1)])
    assert picture.shape == (*expected, 3) and picture.dtype == np.uint8


def test_lines_shrink_with_the_page():
    page = np.full((3200, 4800), 240, np.uint8)
    large = replace(LINE, baseline=((800, 1600), (4000, 1600)), polygon=())
    drawn = drawn_at(draw_lines(page, [large]), draw_lines(page, []))
    rows, columns = np.nonzero(drawn[:, 420:])
    assert abs(rows.mean() - 800) < 2 and abs(columns.max() + 420 - 2000) < 3


def test_writing_stays_visible_under_its_lines():
    ink = GREY.copy()
    ink[170:180, 200:400] = 20
    assert draw_lines(ink, [LINE])[175, 300].max() < 120


def test_the_jpeg_is_the_picture():
    decoded = np.asarray(Image.open(io.BytesIO(lines_jpeg(GREY, [LINE]))))
    assert np.abs(decoded.astype(int) - draw_lines(GREY, [LINE])).mean() < 6
