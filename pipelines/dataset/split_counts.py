"""What the survey says of the splits: lines of units for the plan, and counts for its outcome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from model.dataset.split_outcome import SplitOutcome
from model.dataset.split_plan import SplitPlan
from model.dataset.splits import SplitConfig, place_of, unit_of
from pipelines.descriptions.survey import Surveyed
from schemas.features import SPLITS


def unit_lines(page: Surveyed, config: SplitConfig) -> tuple[int, dict[str, int]]:
    """Return the place of the unit of a page, and the lines of the page by official split."""
    return _place(page, config), {page.split: page.line_count}


def _place(page: Surveyed, config: SplitConfig) -> int:
    return place_of(unit_of(page.name, page.document, page.writer, config), config)


def sum_counts(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Sum counts up by their names.

    Example:
        >>> sum_counts([{"train": 2}, {"train": 1, "": 4}])
        {'train': 3, '': 4}
    """
    total: dict[str, int] = {}
    for each in counts:
        for name, count in each.items():
            total[name] = total.get(name, 0) + count
    return total


def page_counts(page: Surveyed, plan: SplitPlan) -> Iterator[tuple[str, int]]:
    """Count a page by what names its split, and its lines by the split that is planned."""
    yield f"by {page.split_by}", 1
    yield f"lines {plan.split_at(_place(page, plan.config), page.split)}", page.line_count
    if page.writer:
        yield "writers", 1


def plan_counts(plan: SplitPlan) -> Iterator[tuple[str, int]]:
    """Count the units of a plan."""
    yield "units", plan.unit_count
    yield "carved", int(plan.is_eval_carved)


def read_outcome(
    counts: Mapping[str, int], config: SplitConfig, lines: Mapping[str, int] | None = None
) -> SplitOutcome:
    """Make the outcome of the sums of `page_counts` and `plan_counts`.

    Args:
        counts: The sums.
        config: Shares and grouping.
        lines: Lines by split that were written; None for those that are planned.
    """
    planned = {split: counts.get(f"lines {split}", 0) for split in SPLITS}
    return SplitOutcome(
        config=config,
        pages_by={
            name.removeprefix("by "): count
            for name, count in counts.items()
            if name.startswith("by ")
        },
        lines=planned if lines is None else lines,
        units=counts.get("units", 0),
        writers=counts.get("writers", 0),
        is_eval_carved=bool(counts.get("carved")),
    )
