"""Histograms that can be merged, and their drawing as inline SVG."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from model.report.html import escape, grouped

_WIDTH, _HEIGHT, _FLOOR, _MARGIN = 360, 150, 122, 6
_MOST_BARS = 48
# A long tail is drawn as one last bar if it holds at most this share of the values.
_TAIL_SHARE = 0.005
_TICK_STEPS = (1, 2, 5)
_MOST_TICKS = 6


@dataclass
class Histogram:
    """Counts of values in bins of equal width.

    Attributes:
        bin_width: Width of a bin, in the unit of the values.
        counts: Number of values by bin, which is value // bin_width.

    Example:
        >>> histogram = Histogram(10)
        >>> for width_px in (8, 12, 19):
        ...     histogram.add(width_px)
        >>> histogram.median()
        15
    """

    bin_width: int
    counts: Counter[int] = field(default_factory=Counter)

    def add(self, value: float) -> None:
        """Count one value."""
        self.counts[int(value // self.bin_width)] += 1

    def merge(self, other: Histogram) -> None:
        """Add the counts of another histogram.

        Raises:
            ValueError: If its bins have another width.
        """
        if other.bin_width != self.bin_width:
            raise ValueError(
                f"histograms with bins of {self.bin_width} and {other.bin_width} cannot be added; "
                "use one width"
            )
        self.counts.update(other.counts)

    @property
    def total(self) -> int:
        """Number of values."""
        return sum(self.counts.values())

    def median(self) -> int:
        """Return the middle of the bin that holds the median; 0 without values."""
        return self._quantile_bin(0.5) * self.bin_width + self.bin_width // 2 if self.total else 0

    def _quantile_bin(self, share: float) -> int:
        seen, needed = 0, share * self.total
        for number in sorted(self.counts):
            seen += self.counts[number]
            if seen >= needed:
                return number
        return 0


def draw_histogram(histogram: Histogram, unit: str) -> str:
    """Return a drawing of a histogram.

    Args:
        histogram: The histogram.
        unit: Unit of the values for the labels, such as 'px'.

    Returns:
        An SVG element, coloured by the style sheet of the page.
    """
    if not histogram.total:
        return '<p class="nothing">no values</p>'
    first, last, factor = _bar_range(histogram)
    step = factor * histogram.bin_width
    bars: Counter[int] = Counter()
    for number, count in histogram.counts.items():
        bars[min(number, last) // factor - first // factor] += count
    bar_count = last // factor - first // factor + 1
    low = first // factor * step
    pitch = (_WIDTH - 2 * _MARGIN) / bar_count
    folded = max(histogram.counts) > last
    parts = [
        _bar(bars, i, pitch, low + i * step, step, unit, folded and i == bar_count - 1)
        for i in range(bar_count)
        if bars[i]
    ]
    parts += _axis(low, bar_count * step, unit)
    label = f"{grouped(histogram.total)} values, median {grouped(histogram.median())} {unit}"
    return (
        f'<svg class="histogram" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def _bar_range(histogram: Histogram) -> tuple[int, int, int]:
    """Return the first and the last bin to draw, and the number of bins per bar."""
    first, last = min(histogram.counts), max(histogram.counts)
    last_before_tail = histogram._quantile_bin(1 - _TAIL_SHARE)
    if last - first > 1.5 * (last_before_tail - first) and last_before_tail > first:
        last = last_before_tail + 1
    return first, last, -(-(last - first + 1) // _MOST_BARS)


def _bar(
    bars: Counter[int], i: int, pitch: float, low: int, step: int, unit: str, is_tail: bool
) -> str:
    height = max(1.0, bars[i] / max(bars.values()) * (_FLOOR - 14))
    value = f"{grouped(low)}" if step == 1 else f"{grouped(low)} to {grouped(low + step - 1)}"
    if is_tail:
        value = f"{grouped(low)} and more"
    return (
        f'<rect class="bar" x="{_MARGIN + i * pitch + 0.5:.1f}" y="{_FLOOR - height:.1f}" '
        f'width="{max(1.0, pitch - 1):.1f}" height="{height:.1f}">'
        f"<title>{value} {escape(unit)}: {grouped(bars[i])}</title></rect>"
    )


def _axis(low: int, span: int, unit: str) -> list[str]:
    steps = (s * 10**power for power in range(12) for s in _TICK_STEPS)
    tick = next(s for s in steps if span / s <= _MOST_TICKS)
    scale = (_WIDTH - 2 * _MARGIN) / span
    parts = [f'<path class="axis" d="M{_MARGIN} {_FLOOR}H{_WIDTH - _MARGIN}"/>']
    for value in range(-(-low // tick) * tick, low + span + 1, tick):
        x = _MARGIN + (value - low) * scale
        anchor = "end" if x > _WIDTH - 20 else "start" if x < 20 else "middle"
        parts.append(f'<path class="axis" d="M{x:.1f} {_FLOOR}v4"/>')
        parts.append(
            f'<text x="{x:.1f}" y="{_FLOOR + 15}" text-anchor="{anchor}">{grouped(value)}</text>'
        )
    parts.append(
        f'<text x="{_WIDTH - _MARGIN}" y="{_HEIGHT - 1}" text-anchor="end">{escape(unit)}</text>'
    )
    return parts
