"""Human-readable durations."""

from __future__ import annotations

_UNITS_S = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def format_duration(seconds: float) -> str:
    """Return a duration in its two largest units.

    Example:
        >>> [format_duration(seconds) for seconds in (0.2, 59.7, 3900, 270000)]
        ['0 s', '1 min 0 s', '1 h 5 min', '3 d 3 h']
    """
    rest = round(max(seconds, 0))
    parts = []
    for unit, unit_s in _UNITS_S:
        count, rest = divmod(rest, unit_s)
        if count or parts or unit == "s":
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])
