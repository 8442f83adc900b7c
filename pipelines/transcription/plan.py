"""What a transcription would take, reckoned from a timed sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.text.duration import format_duration


@dataclass(frozen=True)
class SampledPage:
    """A page that was transcribed to see how long it takes.

    Attributes:
        seconds: Time on one core.
        line_count: Lines that were read.
        row_bytes: What its rows take, compressed.
        is_ok: Whether it was read.
    """

    seconds: float
    line_count: int
    row_bytes: int
    is_ok: bool = True


@dataclass(frozen=True)
class CheckedPage:
    """A page that an earlier run has read, looked at as a run would look at it.

    Attributes:
        seconds: Time on one core.
        is_unchanged: Whether it would not be read again.
    """

    seconds: float
    is_unchanged: bool


@dataclass(frozen=True)
class Plan:
    """What lies ahead.

    Attributes:
        new_count: Pages that no run has read with this model and preprocessing.
        unreadable_count: Pages that cannot be opened.
        skipped_count: Files that are no images.
        sample: Pages that were tried.
        unreadable: Some of those that cannot be opened, with the reasons.
        worker_count: Workers, a core each.
        price_per_core_hour: In whatever currency; 0 for none.
        known_count: Pages that a run has read so, and that may have changed since.
        checked: All of those, or a sample.
        skipped: The files that are no images, counted and named; empty for none.
    """

    new_count: int
    unreadable_count: int
    skipped_count: int
    sample: tuple[SampledPage, ...]
    unreadable: tuple[str, ...] = ()
    worker_count: int = 1
    price_per_core_hour: float = 0.0
    known_count: int = 0
    checked: tuple[CheckedPage, ...] = ()
    skipped: str = ""

    @property
    def changed_count(self) -> int:
        """Pages that were read and have changed since, reckoned from those that were checked."""
        return round(self.known_count * self._changed_share)

    @property
    def unchanged_count(self) -> int:
        """Pages that need no reading."""
        return self.known_count - self.changed_count

    @property
    def page_count(self) -> int:
        """Pages that would be read."""
        return self.new_count + self.changed_count

    @property
    def core_seconds(self) -> float:
        """Time on one core: to read pages, and to see that others are unchanged."""
        return self.page_count * self._mean("seconds") + self.unchanged_count * self._check_s

    @property
    def output_bytes(self) -> float:
        """What the tables will take."""
        return self.page_count * self._mean("row_bytes")

    @property
    def price(self) -> float:
        """What the cores will cost."""
        return self.core_seconds / 3600 * self.price_per_core_hour

    @property
    def error_share(self) -> float:
        """By how much the time may be off: two standard errors of it, as a share of it.

        Two things are reckoned from samples: the time a page takes, and how many have changed.

        Example:
            >>> Plan(9, 0, 0, tuple(SampledPage(s, 1, 1) for s in (1.0, 1.0, 1.0))).error_share
            0.0
        """
        seconds = np.array([page.seconds for page in self.sample])
        if len(seconds) < 2 or not self.core_seconds:
            return float("nan")
        of_time = self.page_count * seconds.std(ddof=1) / len(seconds) ** 0.5
        of_count = self._changed_error * (seconds.mean() - self._check_s)
        return float(2 * np.hypot(of_time, of_count) / self.core_seconds)

    @property
    def _changed_share(self) -> float:
        return float(np.mean([not page.is_unchanged for page in self.checked] or [0.0]))

    @property
    def _changed_error(self) -> float:
        """Standard error of the pages that have changed: none where all were checked."""
        checked = len(self.checked)
        if checked >= self.known_count:
            return 0.0
        # As if one more had changed and one more had not: none of a hundred may yet be one.
        share = (self._changed_share * checked + 1) / (checked + 2)
        left = 1 - checked / self.known_count
        return self.known_count * (share * (1 - share) / max(1, checked) * left) ** 0.5

    @property
    def _check_s(self) -> float:
        return float(np.mean([page.seconds for page in self.checked if page.is_unchanged] or [0.0]))

    def _mean(self, name: str) -> float:
        return float(np.mean([getattr(page, name) for page in self.sample] or [0.0]))

    def __str__(self):
        said = [*self._counts(), *(f"  {reason}" for reason in self.unreadable)]
        said += filter(None, [self.skipped])
        if not self.sample and not self.checked:
            return "\n".join([*said, "nothing to time a sample of"])
        if self.sample:
            lines, failed = self._mean("line_count"), sum(not page.is_ok for page in self.sample)
            said.append(
                f"sample: {len(self.sample)} pages, {failed} failed; "
                f"{self._mean('seconds'):.2f} s and {lines:.1f} lines a page on one core"
            )
        workers = f"{self.worker_count} worker{'s' * (self.worker_count != 1)}"
        wall = format_duration(self.core_seconds / self.worker_count)
        estimate = f"{self.core_seconds / 3600:.2f} core-hours, {wall} with {workers}"
        price = f", {self.price:,.2f} at the price given" if self.price_per_core_hour else ""
        sure = self.error_share
        margin = f" (give or take {sure:.0%})" if np.isfinite(sure) else ""
        size = f"{self.output_bytes / 1e6:,.1f} MB"
        return "\n".join([*said, f"estimate: {estimate}, {size}{price}{margin}"])

    def _counts(self) -> Iterator[str]:
        counts = f"{self.page_count:,} to read"
        if self.known_count:
            counts += f" ({self.new_count:,} new, {self.changed_count:,} changed)"
            counts += f", {self.unchanged_count:,} unchanged"
        counts += f", {self.unreadable_count:,} unreadable"
        yield f"pages: {counts}, {self.skipped_count:,} skipped"
        if len(self.checked) < self.known_count:
            changed = sum(not page.is_unchanged for page in self.checked)
            yield (
                f"  reckoned: of {self.known_count:,} pages that were read before "
                f"{len(self.checked)} were looked at, {changed} of them changed"
            )
