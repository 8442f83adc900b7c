"""Whether a correction of a line still holds after the page was read again."""

from __future__ import annotations

import numpy as np

from schemas.corrections import Correction
from schemas.records import Polyline


def holds(correction: Correction, run_id: str, text: str, baseline: Polyline) -> bool:
    """Return whether a correction is of the line of its name as a run read it.

    A correction is of a line as one run read it. It holds for the line of another run where that is
    called the same and lies at the same place or, where nobody knows its place, was read the same.
    The view `corrections` says the same in SQL.

    Args:
        correction: Of a line of that page and name.
        run_id: Run that read the line.
        text: What it read.
        baseline: Where it found the line, (x, y) in pixels.

    Example:
        >>> from schemas.corrections import CorrectionKind
        >>> one = Correction("c", "t", "eva", "p.jpg", "l1", "r1", CorrectionKind.TEXT, "acto",
        ...     "acte", ((1.0, 2.0), (9.0, 2.0)))
        >>> holds(one, "r1", "", ()), holds(one, "r2", "acre", ((1.0, 2.0), (9.0, 2.0)))
        (True, True)
        >>> holds(one, "r2", "acto", ((1.0, 70.0), (9.0, 70.0)))
        False
    """
    if correction.run_id == run_id:
        return True
    if correction.baseline:
        return _are_same(correction.baseline, baseline)
    return correction.old_text == text


def _are_same(one: Polyline, other: Polyline) -> bool:
    # As the tables have them.
    return len(one) == len(other) and np.array_equal(np.float32(one), np.float32(other))
