"""What a transcription of any number of pages takes: for whoever pays for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Terms:
    """What the forecast is for.

    Attributes:
        page_counts: Numbers of pages.
        worker_count: Number of workers, one core each.
        price_per_core_hour: Price in any currency; 0 for no price.
        startup_s: Time on one core that each worker takes once, before its first page.
        memory_bytes: Memory that each worker takes; 0 if unknown.
    """

    page_counts: tuple[int, ...] = (1000,)
    worker_count: int = 1
    price_per_core_hour: float = 0.0
    startup_s: float = 0.0
    memory_bytes: int = 0


@dataclass(frozen=True)
class PageCost:
    """What a page takes, on average.

    Attributes:
        seconds: Time on one core.
        error_share: Two standard errors of that, as a share of it; NaN if unknown.
        table_bytes: Size in the tables.
        alto_bytes: Size as ALTO.
        pdf_bytes: Size as a searchable PDF.
    """

    seconds: float
    error_share: float
    table_bytes: float
    alto_bytes: float
    pdf_bytes: float


def error_share(seconds: list[float]) -> float:
    """Return two standard errors of the mean of some times, as a share of it.

    Example:
        >>> error_share([1.0, 1.0, 1.0]), round(error_share([1.0, 2.0, 3.0]), 2)
        (0.0, 0.58)
    """
    times = np.array(seconds)
    if len(times) < 2 or not times.mean():
        return float("nan")
    return float(2 * times.std(ddof=1) / len(times) ** 0.5 / times.mean())


def describe_forecast(cost: PageCost, terms: Terms) -> list[str]:
    """Return a line for each number of pages, and one on what does not depend on it.

    Example:
        >>> cost = PageCost(1.8, 0.12, 15_000, 40_000, 600_000)
        >>> for line in describe_forecast(cost, Terms((1000, 2_000_000), 10, 0.05, 5.0, 6 * 10**8)):
        ...     print(line)
        for 1,000 pages: 0.500 core-hours (give or take 12%), 0.050 hours with 10 workers, 0.03 at \
the price given; tables 0.015 GB, ALTO 0.040 GB, PDF 0.600 GB
        for 2,000,000 pages: 1,000 core-hours (give or take 12%), 100 hours with 10 workers, 50.00 \
at the price given; tables 30.0 GB, ALTO 80.0 GB, PDF 1,200 GB
        start-up, apart: 5.0 s for each worker of a run; memory: 0.6 GB for each worker
    """
    lines = [_line(count, cost, terms) for count in terms.page_counts]
    apart = []
    if terms.startup_s:
        apart.append(f"start-up, apart: {terms.startup_s:.1f} s for each worker of a run")
    if terms.memory_bytes:
        apart.append(f"memory: {terms.memory_bytes / 1e9:.1f} GB for each worker")
    return [*lines, *filter(None, ["; ".join(apart)])]


def _line(count: int, cost: PageCost, terms: Terms) -> str:
    core_hours = count * cost.seconds / 3600
    hours = core_hours / terms.worker_count
    margin = f" (give or take {cost.error_share:.0%})" if np.isfinite(cost.error_share) else ""
    price = core_hours * terms.price_per_core_hour
    paid = f", {price:,.2f} at the price given" if terms.price_per_core_hour else ""
    sizes = (
        f"{name} {_figure(count * one / 1e9)} GB"
        for name, one in (
            ("tables", cost.table_bytes),
            ("ALTO", cost.alto_bytes),
            ("PDF", cost.pdf_bytes),
        )
        if one
    )
    workers = f"{terms.worker_count} worker{'s' * (terms.worker_count != 1)}"
    time = f"{_figure(core_hours)} core-hours{margin}, {_figure(hours)} hours with {workers}"
    return "; ".join([f"for {count:,} page{'s' * (count != 1)}: {time}{paid}", ", ".join(sizes)])


def _figure(value: float) -> str:
    """Return a number with three digits that count.

    Example:
        >>> [_figure(value) for value in (0.0123, 0.5, 1.234, 98.76, 1234.5)]
        ['0.012', '0.500', '1.23', '98.8', '1,234']
    """
    digits = 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{digits}f}"
