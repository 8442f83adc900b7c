"""Tables and registers among the lines of a page, drawn as baselines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.segmentation.reading_order import arrange_lines, order_lines
from model.segmentation.rules import NO_RULES, Rules

PITCH_PX = 30.0


def line(left, right, y):
    return np.array([[left, y], [right, y]], float)


def turned(points, degrees):
    angle = np.radians(degrees)
    return points @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def uprights(places, top, bottom):
    rules = [[[x, top], [x, bottom]] for x in places]
    return np.array(rules, float).reshape(-1, 2, 2)


def draw_register(entries, widths, top=0.0, left=0.0):
    """Draw entries, each with a number of lines a column; return paths, their cells and rules."""
    starts = left + np.concatenate([[0], np.cumsum([width + 30 for width in widths])])
    paths, cells, y = [], [], top
    for row, counts in enumerate(entries):
        for column, count in enumerate(counts):
            for number in range(count):
                x, at = starts[column], y + number * PITCH_PX
                paths.append(line(x, x + widths[column], at))
                cells.append((row, column))
        y += (max(counts) + 0.6) * PITCH_PX
    rules = Rules(uprights(starts[1:-1] - 15, top - 30, y), NO_RULES.level)
    return paths, cells, rules


def places_of(paths, rules=NO_RULES, seed=1):
    """Arrange shuffled lines; return the order of the given lines, and their cells."""
    shuffled = np.random.default_rng(seed).permutation(len(paths))
    found = arrange_lines([paths[i] for i in shuffled], PITCH_PX, rules)
    return [int(shuffled[p.line]) for p in found], [(p.row, p.column) for p in found]


REGISTER = [(1, 1, 3, 1), (1, 1, 1, 1), (1, 1, 4, 1), (1, 0, 2, 1), (1, 1, 1, 0), (1, 1, 2, 1)]
WIDTHS = (60, 90, 420, 50)


@pytest.mark.parametrize("has_rules", [False, True])
def test_a_register_is_read_row_by_row(has_rules):
    paths, cells, rules = draw_register(REGISTER, WIDTHS)
    order, found = places_of(paths, rules if has_rules else NO_RULES)
    assert order == list(range(len(paths))) and found == cells


def test_amounts_beside_the_last_line_of_an_entry_belong_to_it():
    paths, cells, rules = draw_register(REGISTER, WIDTHS)
    for i, (row, column) in enumerate(cells):
        if column == 3:
            paths[i] = paths[i] + [0, (max(REGISTER[row]) - 1) * PITCH_PX]
    order, found = places_of(paths, rules)
    assert order == list(range(len(paths))) and found == cells


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_a_grid_comes_out_row_by_row(data):
    rows, columns = data.draw(st.integers(6, 12)), data.draw(st.integers(4, 6))
    chance = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    degrees = data.draw(st.floats(-3, 3))
    entries = np.ones((rows, columns), int)
    # At most one cell of a row is empty, and few of a column: with more, what is left of a row
    # might as well be further lines of the row above.
    for row in range(2, rows):
        entries[row, chance.integers(1, columns)] = chance.random() > 0.5
    entries[np.flatnonzero(entries[:, 1] == 0)[rows // 6 :], 1] = 1
    entries[:, -1] *= chance.integers(1, 4, rows)
    paths, cells, rules = draw_register([tuple(e) for e in entries], (60,) * (columns - 1) + (240,))
    jitter = chance.uniform(-0.12, 0.12, (len(paths), 2)) * PITCH_PX
    paths = [turned(path + shift, degrees) for path, shift in zip(paths, jitter)]
    order, found = places_of(
        paths, Rules(turned(rules.upright, degrees), rules.level), data.draw(st.integers(0, 9))
    )
    assert found == [cells[i] for i in order]
    assert order == list(range(len(paths)))


@given(
    st.lists(
        st.tuples(st.integers(0, 800), st.integers(10, 300), st.integers(0, 900)), max_size=30
    ),
    st.integers(0, 9),
)
@settings(deadline=None)
def test_the_order_is_a_permutation_that_no_order_of_the_input_changes(drawn, seed):
    paths = [line(left, left + width, y + i / 64) for i, (left, width, y) in enumerate(drawn)]
    order, cells = places_of(paths, seed=seed)
    assert sorted(order) == list(range(len(paths)))
    assert [(row is None, column is None) for row, column in cells] in (
        [(row is None,) * 2 for row, _ in cells],
    )


def column(left, right, top, count, pitch=PITCH_PX):
    return [line(left, right, top + pitch * i) for i in range(count)]


RULE = Rules(uprights([470], 0, 900), NO_RULES.level)


@pytest.mark.parametrize(
    ("paths", "rules"),
    [
        # A single column, also with a ruled margin.
        (column(100, 500, 100, 12), NO_RULES),
        (column(100, 500, 100, 12), Rules(uprights([90], 0, 600), NO_RULES.level)),
        # Columns of prose, also on the same lines of the paper, with a rule between them.
        (column(0, 450, 100, 20) + column(490, 940, 110, 20, 31), NO_RULES),
        (column(0, 450, 100, 20) + column(490, 940, 100, 20), RULE),
        (column(0, 300, 0, 20) + column(330, 630, 0, 20) + column(660, 960, 0, 20), NO_RULES),
        # Notes in both margins of a spread.
        (column(0, 100, 130, 3) + column(130, 600, 100, 20) + column(700, 1170, 100, 20)
         + column(1200, 1300, 310, 4) + column(0, 100, 400, 2), NO_RULES),
        # Dates in the margin of a text.
        (column(0, 80, 100, 4, 150) + column(120, 700, 100, 20), NO_RULES),
        # Verse, and a list with a heading.
        (column(100, 400, 60, 1) + column(150, 420, 100, 14), NO_RULES),
    ],
)  # fmt: skip
def test_text_is_no_table(paths, rules):
    found = arrange_lines(paths, PITCH_PX, rules)
    assert {(place.row, place.column) for place in found} == {(None, None)}
    assert [(place.line, place.region) for place in found] == order_lines(paths, PITCH_PX)


def test_a_list_with_amounts_is_a_table():
    paths, cells, _ = draw_register([(1, 1)] * 9, (300, 60))
    order, found = places_of(paths)
    assert order == list(range(18)) and found == cells


def test_headings_and_signatures_are_outside_of_the_table():
    paths, cells, rules = draw_register(REGISTER, WIDTHS, top=200)
    bottom = max(path[0, 1] for path in paths)
    paths = [line(100, 600, 60), *paths, line(400, 600, bottom + 130)]
    order, found = places_of(paths, rules)
    assert order == list(range(len(paths)))
    assert found == [(None, None), *cells, (None, None)]


def test_the_head_above_a_rule_is_one_row():
    paths, cells, rules = draw_register(REGISTER, WIDTHS, top=200)
    head = [line(0, 55, 60), line(0, 55, 90), line(0, 55, 120), line(95, 180, 75),
            line(95, 180, 112), line(215, 500, 92), line(665, 710, 66)]  # fmt: skip
    level = np.array([[[-10, 150.0], [740, 150]]])
    upright = uprights(rules.upright[:, 0, 0], 30, rules.upright[0, 1, 1])
    order, found = places_of([*head, *paths], Rules(upright, level))
    columns = [0, 0, 0, 1, 1, 2, 3]
    assert order == list(range(len(head) + len(paths)))
    assert found == [*((0, c) for c in columns), *((row + 1, c) for row, c in cells)]


def test_rules_between_all_rows_divide_them():
    entries = [(2, 2, 2), (2, 1, 2), (2, 2, 1), (2, 2, 2), (1, 2, 2)]
    paths, cells, rules = draw_register(entries, (100, 120, 110))
    level = [[[-10, y], [430, y]] for y in (np.arange(1, 5) * 2.6 - 1) * PITCH_PX]
    order, found = places_of(paths, Rules(rules.upright, np.array(level)))
    assert order == list(range(len(paths))) and found == cells


def test_each_page_of_a_spread_has_its_own_table():
    first, cells, rules = draw_register(REGISTER, WIDTHS)
    second, _, _ = draw_register(REGISTER[::-1], WIDTHS, top=10, left=900)
    both = np.concatenate([rules.upright, rules.upright + np.array([900, 0])])
    order, found = places_of(first + second, Rules(both, rules.level))
    assert order == list(range(len(first) + len(second)))
    assert found[: len(first)] == cells and found[len(first)] == (0, 0)


def test_a_register_runs_on_across_the_fold():
    widths = (60, 90, 420, 230, 50, 70, 500)
    paths, cells, _ = draw_register([(*e, *e[:3]) for e in REGISTER * 2], widths)
    paths = [p + np.array([120 * (c > 3), 0]) for p, (_, c) in zip(paths, cells)]
    order, found = places_of(paths)
    assert order == list(range(len(paths))) and found == cells
