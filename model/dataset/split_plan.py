"""The split of each page: shares are met by rank where there are few, else by a threshold."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from model.dataset.splits import SplitConfig, official_or_none, split_by_threshold, unit_place
from schemas.records import Page

# Up to so many pages or groups, the lines of a split are counted; of more, a threshold comes
# within two hundredths of the share, and no page's split depends on any other page.
FEW_UNITS = 200
# A share that is met within this part of all lines is near enough: no page is sought for the rest,
# as it would change its split again when the archive grows.
_NEAR_ENOUGH = 0.01


@dataclass(frozen=True)
class Unit:
    """A page, or a group of pages that stays together.

    Attributes:
        place: From `unit_place`: the hash that decides its rank.
        free: Lines without an official split.
        train: Lines whose official split is train.
    """

    place: int
    free: int
    train: int = 0

    @property
    def lines(self) -> int:
        """Number of lines to assign."""
        return self.free + self.train


@dataclass
class SplitUnits:
    """The units of a dataset, accumulated one by one; only those of the lowest places are kept.

    Attributes:
        official: Lines by official split.
        counts: Number of units with free lines, and with free or training lines.
    """

    official: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    _lowest: dict[str, list[Unit]] = field(default_factory=lambda: {"free": [], "open": []})

    def add(self, unit_lines: tuple[int, Mapping[str, int]]) -> None:
        """Add a unit: its place, and its lines by official split ('' for none)."""
        place, lines = unit_lines
        self.official.update({split: count for split, count in lines.items() if split})
        unit = Unit(place, lines.get("", 0), lines.get("train", 0))
        for kind, is_of in (("free", unit.free), ("open", unit.lines)):
            if is_of:
                self.counts[kind] += 1
                self._keep(kind, [unit])

    def merge(self, other: SplitUnits) -> None:
        """Add the units of another one; no unit may be in both."""
        self.official.update(other.official)
        self.counts.update(other.counts)
        for kind, units in other._lowest.items():
            self._keep(kind, units)

    def _keep(self, kind: str, units: Iterable[Unit]) -> None:
        kept = self._lowest[kind]
        kept.extend(units)
        if len(kept) > 2 * FEW_UNITS:
            kept[:] = heapq.nsmallest(FEW_UNITS, kept, key=_place)

    def plan(self, config: SplitConfig) -> SplitPlan:
        """Decide how the pages are assigned."""
        official = frozenset(self.official)
        kind = "free" if "eval" in official else "open"
        units = heapq.nsmallest(FEW_UNITS, self._lowest[kind], key=_place)
        if kind == "free":
            units = [Unit(unit.place, unit.free) for unit in units]
        count = self.counts[kind]
        assign = assign_by_rank if count <= FEW_UNITS else _at_least_one
        return SplitPlan(config, official, assign(units, config, official), count)


def _place(unit: Unit) -> int:
    return unit.place


@dataclass(frozen=True)
class SplitPlan:
    """How the pages of a dataset are assigned to splits.

    Attributes:
        config: Shares, seed and grouping.
        official: Official splits that occur in the data.
        assigned: Split by the place of a unit; a threshold decides on others.
        unit_count: Pages or groups that are assigned by either.
    """

    config: SplitConfig
    official: frozenset[str] = frozenset()
    assigned: Mapping[int, str] = field(default_factory=dict)
    unit_count: int = 0

    @property
    def is_eval_carved(self) -> bool:
        """Whether eval is taken out of the official train pages."""
        return (
            "train" in self.official
            and "eval" not in self.official
            and (self.config.eval_fraction > 0)
        )

    def split_at(self, place: int, official: str) -> str:
        """Return the split of a page by the place of its unit and its own official split."""
        kept = official_or_none(official, self.official)
        if kept or place not in self.assigned:
            return kept or split_by_threshold(place, official, self.config)
        return self.assigned[place]

    def split_of(self, page: Page) -> str:
        """Return the split of a page."""
        return self.split_at(unit_place(page, self.config), page.split)


def plan_splits(pages: Iterable[Page], config: SplitConfig) -> SplitPlan:
    """Plan the splits of pages that are all at hand.

    Args:
        pages: The pages, with their lines.
        config: Shares, seed and grouping.

    Example:
        >>> from schemas.records import Line
        >>> pages = [Page(f"{i}.jpg", (Line("l", 0, "x"),)) for i in range(10)]
        >>> plan = plan_splits(pages, SplitConfig())
        >>> sorted(Counter(map(plan.split_of, pages)).items())
        [('eval', 1), ('test', 1), ('train', 8)]
    """
    lines: dict[int, Counter[str]] = {}
    for page in pages:
        of_unit = lines.setdefault(unit_place(page, config), Counter())
        of_unit[page.split] += len(page.lines)
    units = SplitUnits()
    for unit_lines in lines.items():
        units.add(unit_lines)
    return units.plan(config)


def assign_by_rank(
    units: Sequence[Unit], config: SplitConfig, official: frozenset[str] = frozenset()
) -> dict[int, str]:
    """Assign units to splits so that each share of the lines is met as nearly as units allow.

    The units are gone through in the order of their hashes. The first ones become eval until its
    share is met, the next ones test, and the others train; a unit is passed over if it would take
    a split further away from its share than it is without it. One unit at least is held out, and
    one at least is left to train on, unless a share is 1.

    A unit that is added moves others only next to the two borders: of units of equal size, three
    at most.

    Args:
        units: All units with lines to assign.
        config: Shares.
        official: Official splits that occur in the data.

    Returns:
        Split by place of the unit.

    Example:
        >>> list(assign_by_rank([Unit(place, 9) for place in range(4)], SplitConfig()).values())
        ['eval', 'train', 'train', 'train']
    """
    units = sorted(units, key=_place)
    splits = dict.fromkeys(map(_place, units), "train")
    is_whole = 1 in (config.eval_fraction, config.test_fraction)
    spared = 0 if is_whole or ("train" in official and "eval" in official) else 1
    all_lines = sum(unit.lines for unit in units)
    tolerance = 0 if is_whole else _NEAR_ENOUGH * all_lines
    must = config.eval_fraction > 0 and "eval" not in official
    wanted = config.eval_fraction * all_lines
    of_eval = _nearest(units, wanted, tolerance, len(units) - spared, must)
    splits.update(dict.fromkeys(of_eval, "eval"))

    free = [unit for unit in units if unit.place not in of_eval and not unit.train]
    must = config.test_fraction > 0 and not of_eval and not official & {"eval", "test"}
    wanted = config.test_fraction * sum(unit.free for unit in units)
    of_test = _nearest(free, wanted, tolerance, len(units) - len(of_eval) - spared, must)
    splits.update(dict.fromkeys(of_test, "test"))
    return splits


def _nearest(
    units: Sequence[Unit], wanted: float, tolerance: float, most: int, must: bool
) -> set[int]:
    """Choose units whose lines add up to a number, in order; at least one of them if it must be.

    A large unit that brings the sum nearer to the number may still be worse than the smaller ones
    after it, so units are also tried that stay below it.
    """
    above, miss = _fill(units, wanted, tolerance, most, may_exceed=True)
    if miss > tolerance:
        below, other_miss = _fill(units, wanted, tolerance, most, may_exceed=False)
        above = below if other_miss < miss else above
    if must and not above and most > 0 and units:
        return {min(units, key=lambda unit: (abs(unit.lines - wanted), unit.place)).place}
    return above


def _fill(
    units: Sequence[Unit], wanted: float, tolerance: float, most: int, may_exceed: bool
) -> tuple[set[int], float]:
    """Take each unit that brings the sum nearer to the number, in order.

    Returns:
        The places of the units, and by how many lines they miss the number.
    """
    taken: set[int] = set()
    missing = wanted
    for unit in units:
        if len(taken) >= most or missing <= tolerance:
            break
        if unit.lines <= missing or (may_exceed and unit.lines < 2 * missing):
            taken.add(unit.place)
            missing -= unit.lines
    return taken, abs(missing)


def _at_least_one(
    units: Sequence[Unit], config: SplitConfig, official: frozenset[str]
) -> dict[int, str]:
    """Hold out the unit of the lowest place where the thresholds hold out none."""
    held, share = "eval", config.eval_fraction
    held_officially = official & {"eval"}
    if not share:
        held, share = "test", config.test_fraction
        held_officially = official & {"eval", "test"}
    candidates = [unit for unit in units if held == "eval" or not unit.train]
    if not share or held_officially or not candidates:
        return {}
    first = candidates[0]
    split = split_by_threshold(first.place, "train" if first.train else "", config)
    return {first.place: held} if split == "train" else {}
