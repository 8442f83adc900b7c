"""What a transcription would take, reckoned from a timed sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.duration import format_duration


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
class Plan:
    """What lies ahead.

    Attributes:
        page_count: Pages that would be read.
        unreadable_count: Pages that cannot be opened.
        skipped_count: Files that are no images.
        sample: Pages that were tried.
        unreadable: Some of those that cannot be opened, with the reasons.
        worker_count: Workers, a core each.
        price_per_core_hour: In whatever currency; 0 for none.
    """

    page_count: int
    unreadable_count: int
    skipped_count: int
    sample: tuple[SampledPage, ...]
    unreadable: tuple[str, ...] = ()
    worker_count: int = 1
    price_per_core_hour: float = 0.0

    @property
    def core_seconds(self) -> float:
        """Time on one core for all pages."""
        return self.page_count * self._mean("seconds")

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
        """By how much the time may be off: two standard errors of the mean, as a share of it.

        Example:
            >>> Plan(9, 0, 0, tuple(SampledPage(s, 1, 1) for s in (1.0, 1.0, 1.0))).error_share
            0.0
        """
        seconds = np.array([page.seconds for page in self.sample])
        if len(seconds) < 2 or not seconds.mean():
            return float("nan")
        return float(2 * seconds.std(ddof=1) / len(seconds) ** 0.5 / seconds.mean())

    def _mean(self, name: str) -> float:
        return float(np.mean([getattr(page, name) for page in self.sample] or [0.0]))

    def __str__(self):
        counts = f"{self.page_count:,} to read, {self.unreadable_count:,} unreadable"
        said = [f"pages: {counts}, {self.skipped_count:,} skipped"]
        said += [f"  {reason}" for reason in self.unreadable]
        if not self.sample:
            return "\n".join([*said, "nothing to time a sample of"])
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
