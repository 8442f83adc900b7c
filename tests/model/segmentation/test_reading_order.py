from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.segmentation.reading_order import order_lines

PITCH_PX = 20


def line(left, right, y, slope=0.0):
    return np.array([[left, y], [right, y + slope * (right - left)]], float)


def column(left, right, top, count, slope=0.0):
    return [line(left, right, top + PITCH_PX * i + slope * left, slope) for i in range(count)]


def shuffled_order(lines, seed=1):
    """Order shuffled lines; return their places in `lines`, and their regions."""
    places = np.random.default_rng(seed).permutation(len(lines))
    ordered = order_lines([lines[place] for place in places], PITCH_PX)
    return [int(places[found]) for found, _ in ordered], [region for _, region in ordered]


def assert_in_order(lines, regions=None):
    order, found_regions = shuffled_order(lines)
    assert order == list(range(len(lines)))
    if regions is not None:
        assert found_regions == regions


def test_no_lines_have_no_order():
    assert order_lines([], PITCH_PX) == []


def test_one_column():
    assert_in_order(column(100, 500, 100, 9), [0] * 9)


def test_two_columns_and_a_spread():
    assert_in_order(column(0, 300, 100, 6) + column(330, 600, 90, 7), [0] * 6 + [1] * 7)


def test_a_slanted_spread():
    assert_in_order(column(0, 300, 100, 6, 0.06) + column(330, 600, 100, 6, 0.06))


def test_a_heading_over_columns():
    heading = [line(50, 550, 70)]
    assert_in_order(heading + column(0, 300, 100, 5) + column(330, 600, 100, 5))


def test_a_heading_below_columns_separates_the_page():
    upper = column(0, 300, 100, 4) + column(330, 600, 100, 4)
    lower = column(0, 300, 240, 4) + column(330, 600, 240, 4)
    assert_in_order([*upper, line(20, 580, 205), *lower])


def test_short_and_indented_lines_stay_in_their_column():
    lines = [
        line(140, 500, 100),
        line(100, 500, 120),
        line(100, 180, 140),
        line(140, 500, 160),
        line(100, 480, 180),
    ]
    assert_in_order(lines, [0] * 5)


def test_two_pieces_of_a_row_are_read_from_left_to_right():
    lines = [*column(100, 500, 100, 3), line(100, 200, 160), line(300, 500, 162)]
    assert_in_order(lines + column(100, 500, 180, 3))


def test_notes_in_the_margin_come_after_their_text():
    text = column(200, 600, 100, 12)
    note = column(60, 170, 150, 3)
    order, regions = shuffled_order(text + note)
    assert order == list(range(15))
    assert regions == [0] * 12 + [1] * 3


def test_a_note_on_the_right_comes_after_its_text_and_before_the_next():
    text = column(200, 500, 100, 10)
    note = column(520, 600, 160, 3)
    below = [line(100, 640, 400)]
    assert_in_order(text + note + below)


def test_the_page_number_comes_last():
    text = column(100, 500, 100, 9)
    assert_in_order([*text, line(505, 525, 117)], [0] * 9 + [1])


def test_a_short_line_further_down_or_on_a_short_page_is_not_a_page_number():
    text = column(100, 500, 100, 9)
    assert_in_order([*text[:6], line(480, 500, 220), *text[7:]])
    assert_in_order([line(100, 500, 100), line(480, 500, 120), line(100, 500, 140)])


def test_insertions_come_after_their_line():
    text = column(100, 500, 100, 5)
    insertion = line(200, 280, 100 + 2 * PITCH_PX - 9)
    order, _ = shuffled_order([*text[:3], insertion, *text[3:]])
    assert order == [0, 1, 2, 3, 4, 5]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 800), st.integers(10, 400), st.integers(0, 900), st.floats(-0.3, 0.3)
        ),
        max_size=30,
    )
)
def test_the_order_is_a_permutation(drawn):
    lines = [line(left, left + width, y, slope) for left, width, y, slope in drawn]
    ordered = order_lines(lines, PITCH_PX)
    assert sorted(place for place, _ in ordered) == list(range(len(lines)))
    regions = [region for _, region in ordered]
    assert regions == sorted(regions)
    assert set(regions) == set(range(len(set(regions))))
