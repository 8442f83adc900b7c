"""Shares are met as nearly as pages allow, and pages keep their split as an archive grows."""

from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from model.dataset.split_plan import FEW_UNITS, SplitPlan, SplitUnits, Unit, assign_by_rank
from model.dataset.splits import SplitConfig, place_of

SIZES = st.lists(st.integers(1, 80), min_size=2, max_size=40)
SHARES = st.floats(0.02, 0.45)


def units_of(sizes):
    return [Unit(place_of(f"/{i}.jpg", SplitConfig()), size) for i, size in enumerate(sizes)]


def lines_of(units, splits):
    found = dict.fromkeys(("train", "eval", "test"), 0)
    for unit in units:
        found[splits[unit.place]] += unit.lines
    return found


@given(SIZES, SHARES, SHARES)
def test_something_is_held_out_and_something_left_to_train_on(sizes, eval_share, test_share):
    units = units_of(sizes)
    lines = lines_of(units, assign_by_rank(units, SplitConfig(eval_share, test_share)))
    assert lines["eval"] and lines["train"]
    assert sum(lines.values()) == sum(sizes)


@given(SIZES, SHARES)
def test_the_share_is_missed_by_half_of_the_largest_page_at_most(sizes, eval_share):
    units = units_of(sizes)
    wanted = eval_share * sum(sizes)
    assume(wanted >= min(sizes) / 2)
    lines = lines_of(units, assign_by_rank(units, SplitConfig(eval_share, 0)))
    assert abs(lines["eval"] - wanted) <= max(max(sizes) / 2, 0.01 * sum(sizes)) + 1e-9


@pytest.mark.parametrize(
    ("sizes", "share", "nearest"),
    [
        ([9] * 2, 0.1, 9),
        ([9] * 5, 0.1, 9),
        ([9] * 5, 0.4, 18),
        ([9] * 10, 0.3, 27),
        ([40, 5, 5, 5, 5, 40], 0.1, 10),
        ([90, 10], 0.1, 10),
    ],
)
def test_shares_of_few_pages(sizes, share, nearest):
    units = units_of(sizes)
    splits = assign_by_rank(units, SplitConfig(share, 0))
    assert lines_of(units, splits)["eval"] == nearest


@pytest.mark.parametrize("shares", [(0.1, 0.1), (0.2, 0), (0.05, 0.3)])
def test_a_page_that_is_added_moves_few_others(shares):
    config = SplitConfig(*shares)
    units = units_of([30] * FEW_UNITS)
    plans = [assign_by_rank(units[:count], config) for count in range(2, FEW_UNITS + 1)]
    moves = [
        sum(before[place] != after[place] for place in before) for before, after in pairwise(plans)
    ]
    # At most three at a time, and most of the time none or one.
    assert max(moves) <= 3 and sum(moves) <= 1.5 * len(moves)


def plan_of(sizes, config, split=""):
    found = SplitUnits()
    for unit, size in zip(units_of(sizes), sizes):
        found.add((unit.place, {split: size}))
    return found.plan(config)


def test_of_many_pages_none_depends_on_another():
    config = SplitConfig()
    sizes = [30] * (FEW_UNITS + 1)
    plan, alone = plan_of(sizes, config), SplitPlan(config)
    places = [unit.place for unit in units_of(sizes)]
    assert [plan.split_at(place, "") for place in places] == [
        alone.split_at(place, "") for place in places
    ]


def test_of_many_pages_at_least_one_is_held_out():
    plan = plan_of([1] * (FEW_UNITS + 1), SplitConfig(1e-9, 0))
    assert list(plan.assigned.values()) == ["eval"]


def test_units_are_summed_in_any_order():
    config = SplitConfig(0.2, 0.1)
    sizes = [3 + i % 7 for i in range(3 * FEW_UNITS)]
    units = units_of(sizes)
    halves = [SplitUnits(), SplitUnits()]
    for i, unit in enumerate(units):
        halves[i % 2].add((unit.place, {"": unit.free}))
    halves[0].merge(halves[1])
    assert halves[0].plan(config) == plan_of(sizes, config)


def test_a_held_out_set_alone_takes_all():
    units = units_of([1, 500, 3, 700])
    splits = assign_by_rank(units, SplitConfig(0, 1))
    assert set(splits.values()) == {"test"}


def test_official_training_pages_give_eval_but_never_test():
    plan = plan_of([9] * 6, SplitConfig(0.1, 0.5), "train")
    assert sorted(plan.assigned.values()) == ["eval"] + ["train"] * 5
    assert plan.is_eval_carved
