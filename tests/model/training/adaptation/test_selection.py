"""Which of its own readings a model learns from, and when it had better not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.training.adaptation.readings import Reading
from model.training.adaptation.selection import (
    SelectionConfig,
    select_readings,
    surest_readings,
)
from schemas.records import Line, LineImage

CONFIG = SelectionConfig()
STRIP = np.full((64, 100), 255, np.uint8)


def reading(number, doubt=0.05, text="le maire de la ville", pages=10, disagreement=0.0, sure=0.95):
    image = LineImage(f"a/p{number % pages}.jpg", Line(f"l{number}", number), STRIP)
    return Reading(image, "a", text, (sure,) * len(text), doubt, disagreement)


def archive(count=200, **changes):
    return [reading(i, doubt=0.0005 * i, **changes) for i in range(count)]


def ids(readings):
    return [r.image.line.line_id for r in readings]


def test_the_surest_lines_are_taken_and_whole_pages_held_out():
    found = select_readings(archive(), CONFIG)
    pages, held_out = ({r.image.page_uri for r in part} for part in (found.train, found.held_out))
    assert len(held_out) == 1 and not pages & held_out
    assert len(found.held_out) >= 0.1 * 130
    assert len(found.train) + len(found.held_out) == 0.65 * 200
    assert max(r.doubt for r in (*found.train, *found.held_out)) < 0.0005 * 130
    assert "of 200 lines are read surely enough" in str(found)


def test_the_same_pages_are_held_out_in_any_order():
    first, second = (select_readings(readings, CONFIG) for readings in (archive(), archive()[::-1]))
    assert {r.image.page_uri for r in first.held_out} == {r.image.page_uri for r in second.held_out}


@pytest.mark.parametrize(
    ("readings", "reason"),
    [
        (archive(20), "20 lines with text are too few to adapt to, at least 100 are needed"),
        (
            [reading(i, doubt=0.55) for i in range(300)],
            "predicted CER of 55%: the model hardly knows",
        ),
        (archive(200, pages=1), "all lines are on one page"),
        # Sure of itself, but the two ways of reading say different things.
        (archive(200, disagreement=0.5), "only 0 lines to train on"),
        ([], "0 lines with text are too few"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused_with_the_cure(readings, reason):
    with pytest.raises(ValueError, match=reason) as error:
        select_readings(readings, CONFIG)
    assert "transcribe more pages" in str(error.value) or "correct some pages" in str(error.value)


def test_a_few_long_lines_of_noise_count_as_much_as_many_short_ones():
    sure = [reading(i, doubt=0.0, text="le") for i in range(200)]
    noise = [reading(200 + i, doubt=0.9, text="x" * 90) for i in range(100)]
    with pytest.raises(ValueError, match="the model hardly knows"):
        select_readings([*sure, *noise], CONFIG)


def test_short_lines_are_left_out():
    readings = [*archive(20), *(reading(20 + i, doubt=0.0, text="le") for i in range(20))]
    taken = surest_readings(readings, replace(CONFIG, share=1.0))
    assert all(len(r.text) > 2 for r in taken)


def test_rare_letters_are_in_some_lines_though_these_are_less_sure():
    readings = [*archive(100), *(reading(100 + i, 0.2, "Kyoto wax") for i in range(10))]
    taken = surest_readings(readings, replace(CONFIG, share=0.5))
    assert sum("K" in r.text for r in taken) == CONFIG.rare_lines


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"sure": 0.5}, "the letter is unsure"), ({"doubt": 0.6}, "the line is far too unsure")],
)
def test_a_rare_letter_is_not_learnt_from_what_is_no_letter(changes, reason):
    rare = [reading(100 + i, **{"doubt": 0.2, "text": "Kyoto wax", **changes}) for i in range(10)]
    taken = surest_readings([*archive(100), *rare], replace(CONFIG, share=0.5))
    assert not any("K" in r.text for r in taken), reason


def test_lines_of_several_folders_are_counted():
    readings = [replace(r, document=f"d{i % 3}") for i, r in enumerate(archive())]
    assert select_readings(readings, CONFIG).documents == 3


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.floats(0, 1), st.floats(0, 0.5))
def test_no_line_is_taken_that_is_less_sure_than_one_that_is_not(doubts, share, most):
    # All letters are common, so that none is taken for its letters.
    readings = [reading(i, doubt=doubt, sure=0.1) for i, doubt in enumerate(doubts)]
    config = replace(CONFIG, share=share, most_uncertainty=most)
    taken = surest_readings(readings, config)
    others = [r for r in readings if r not in taken]
    assert all(r.uncertainty <= most for r in taken)
    assert max((r.uncertainty for r in taken), default=0) <= min(
        (r.uncertainty for r in others), default=1
    )
