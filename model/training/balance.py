"""How often a line is drawn: lines of small documents more than once an epoch, if told."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from schemas.records import LineExample

# A few lines seen more often than this in an epoch are learnt by heart.
_MOST_DRAWS = 8.0


class Draw(NamedTuple):
    """A line that comes up in training.

    Attributes:
        line: The line.
        turn: How often it came up before, in all epochs: no two draws are changed alike.
    """

    line: LineExample
    turn: int


def draws_per_epoch(lines: Mapping[str, int], balance: float) -> dict[str, float]:
    """Tell how often a line of each document is drawn in an epoch.

    A document of n lines weighs as n to the power of `1 - balance`, as corpora of several
    languages are weighed (Conneau et al. 2020, section 3.1); the largest is drawn once.

    Args:
        lines: Lines of each document.
        balance: 0 draws every line once, 1 draws every document equally often.

    Returns:
        Draws of each document's lines: from 1 to 8, in fractions.

    Example:
        >>> draws_per_epoch({"register": 1600, "letters": 100}, 0.5)
        {'register': 1.0, 'letters': 4.0}
    """
    most = max(lines.values(), default=0)
    return {name: min(_MOST_DRAWS, (most / n) ** balance) for name, n in lines.items()}


def draw_lines(
    lines: Iterable[LineExample], draws: Mapping[str, float], epoch: int
) -> Iterator[Draw]:
    """Draw each line as often as its document is to be drawn.

    A line drawn 2.3 times an epoch comes up twice in most epochs and three times in some;
    its name decides in which, so that the order of the lines does not matter.

    Args:
        lines: The lines, as a stream.
        draws: Draws per epoch by document.
        epoch: From 0.

    Yields:
        The draws of the epoch.
    """
    for line in lines:
        times = draws[line.document]
        phase = name_number(line) / 2**32
        for turn in range(
            math.floor(epoch * times + phase), math.floor((epoch + 1) * times + phase)
        ):
            yield Draw(line, turn)


def name_number(line: LineExample) -> int:
    """Make a number below 2**32 of a line's name, the same on every machine."""
    return zlib.crc32(f"{line.page_uri} {line.line_id}".encode())
