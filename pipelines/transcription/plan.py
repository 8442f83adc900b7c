"""The time, space and cost of a transcription, estimated from a timed sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from model.text.duration import format_duration
from pipelines.transcription.forecast import PageCost, Terms, describe_forecast, error_share
from schemas.changes import Change

# Why a page is read that has not changed.
WORDS = {
    Change.MODEL: "read before by another model",
    Change.FINDER: "read before with another finder version",
    Change.LINES: "read before with other --lines",
}


@dataclass(frozen=True)
class SampledPage:
    """A page that was transcribed to measure how long it takes.

    Attributes:
        seconds: Time on one core.
        line_count: Number of lines that were read.
        row_bytes: Compressed size of its rows.
        is_ok: Whether it was read.
        alto_bytes: Size as ALTO.
        pdf_bytes: Size as a searchable PDF.
    """

    seconds: float
    line_count: int
    row_bytes: int
    is_ok: bool = True
    alto_bytes: int = 0
    pdf_bytes: int = 0


@dataclass(frozen=True)
class CheckedPage:
    """A page that an earlier run has read, checked for changes as a run would check it.

    Attributes:
        seconds: Time on one core.
        is_unchanged: Whether a run would not read it again.
    """

    seconds: float
    is_unchanged: bool


@dataclass(frozen=True)
class Plan:
    """The estimate of a transcription.

    Attributes:
        new_count: Pages that no run has read.
        unreadable_count: Pages that cannot be opened.
        skipped_count: Files that are not images.
        sample: Pages that were transcribed and timed.
        unreadable: Some of the pages that cannot be opened, with the reasons.
        terms: What the forecast is for.
        known_count: Pages that a run has read with this model and preprocessing, and that may
            have changed since.
        checked: All of those, or a sample.
        skipped: The files that are no images, counted and named; empty for none.
        again: Pages that were read before, and why each is read again: (`Change`, count).
        reading: How lines are read; empty if that is not said.
    """

    new_count: int
    unreadable_count: int
    skipped_count: int
    sample: tuple[SampledPage, ...]
    unreadable: tuple[str, ...] = ()
    terms: Terms = field(default_factory=Terms)
    known_count: int = 0
    checked: tuple[CheckedPage, ...] = ()
    skipped: str = ""
    again: tuple[tuple[str, int], ...] = ()
    reading: str = ""

    @property
    def changed_count(self) -> int:
        """Pages that were read and have changed since, estimated from those that were checked."""
        return round(self.known_count * self._changed_share)

    @property
    def unchanged_count(self) -> int:
        """Pages that need not be read."""
        return self.known_count - self.changed_count

    @property
    def page_count(self) -> int:
        """Pages to read."""
        return self.new_count + self.changed_count + sum(count for _, count in self.again)

    @property
    def core_seconds(self) -> float:
        """Time on one core: to read pages, and to check that others are unchanged."""
        return self.page_count * self._mean("seconds") + self.unchanged_count * self._check_s

    @property
    def output_bytes(self) -> float:
        """Size of the tables."""
        return self.page_count * self._mean("row_bytes")

    @property
    def price(self) -> float:
        """Cost of the cores."""
        return self.core_seconds / 3600 * self.terms.price_per_core_hour

    @property
    def error_share(self) -> float:
        """The margin of the time: two standard errors, as a share of the time.

        Two values are estimated from samples: the time per page, and how many have changed.

        Example:
            >>> Plan(9, 0, 0, tuple(SampledPage(s, 1, 1) for s in (1.0, 1.0, 1.0))).error_share
            0.0
        """
        seconds = np.array([page.seconds for page in self.sample])
        if len(seconds) < 2 or not self.core_seconds:
            return float("nan")
        time_error = self.page_count * seconds.std(ddof=1) / len(seconds) ** 0.5
        count_error = self._changed_error * (seconds.mean() - self._check_s)
        return float(2 * np.hypot(time_error, count_error) / self.core_seconds)

    @property
    def _changed_share(self) -> float:
        return float(np.mean([not page.is_unchanged for page in self.checked] or [0.0]))

    @property
    def _changed_error(self) -> float:
        """Standard error of the number of changed pages; 0 if all were checked."""
        checked = len(self.checked)
        if checked >= self.known_count:
            return 0.0
        # Add-one smoothing: although none of a hundred has changed, some of the others may have.
        share = (self._changed_share * checked + 1) / (checked + 2)
        unchecked_share = 1 - checked / self.known_count
        variance = share * (1 - share) / max(1, checked) * unchecked_share
        return self.known_count * variance**0.5

    @property
    def _check_s(self) -> float:
        return float(np.mean([page.seconds for page in self.checked if page.is_unchanged] or [0.0]))

    @property
    def page_cost(self) -> PageCost:
        """What a page takes, on average."""
        names = ("row_bytes", "alto_bytes", "pdf_bytes")
        share = error_share([page.seconds for page in self.sample])
        return PageCost(self._mean("seconds"), share, *map(self._mean, names))

    def _mean(self, name: str) -> float:
        return float(np.mean([getattr(page, name) for page in self.sample] or [0.0]))

    def __str__(self):
        rows = [*self._counts(), *(f"  {reason}" for reason in self.unreadable)]
        rows += filter(None, [self.skipped])
        if not self.sample and not self.checked:
            return "\n".join([*rows, "no pages to time"])
        if self.sample:
            lines, failed = self._mean("line_count"), sum(not page.is_ok for page in self.sample)
            rows.append(
                f"sample: {len(self.sample)} pages, {failed} failed; "
                f"{self._mean('seconds'):.2f} s and {lines:.1f} lines a page on one core"
                + (f", {self.reading}" if self.reading else "")
            )
        rows.append(self._estimate())
        if self.sample:
            rows += describe_forecast(self.page_cost, self.terms)
        return "\n".join(rows)

    def _estimate(self) -> str:
        count = self.terms.worker_count
        wall = format_duration(self.core_seconds / count)
        estimate = f"{self.core_seconds / 3600:.2f} core-hours, {wall} with {count} worker"
        estimate += "s" * (count != 1)
        price = f", {self.price:,.2f} at the price given" if self.terms.price_per_core_hour else ""
        error = self.error_share
        margin = f" (give or take {error:.0%})" if np.isfinite(error) else ""
        return f"estimate: {estimate}, {self.output_bytes / 1e6:,.1f} MB{price}{margin}"

    def _counts(self) -> Iterator[str]:
        counts = f"{self.page_count:,} to read"
        if self.known_count or self.again:
            again = "".join(f", {count:,} {WORDS[Change(why)]}" for why, count in self.again)
            counts += f" ({self.new_count:,} new, {self.changed_count:,} changed{again})"
            counts += f", {self.unchanged_count:,} unchanged"
        counts += f", {self.unreadable_count:,} unreadable"
        yield f"pages: {counts}, {self.skipped_count:,} skipped"
        if len(self.checked) < self.known_count:
            changed = sum(not page.is_unchanged for page in self.checked)
            yield (
                f"  estimated: of {self.known_count:,} pages that were read before "
                f"{len(self.checked)} were checked, {changed} of them changed"
            )
