"""How often each line is drawn in an epoch; lines of small documents more often if asked for."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from schemas.records import LineExample

# A few lines that are seen more often than this in an epoch are overfitted.
_MOST_DRAWS = 8.0


class Draw(NamedTuple):
    """One draw of a line for training.

    Attributes:
        line: The line.
        turn: How often the line was drawn before, in all epochs; no two draws of a line are
            augmented alike.
    """

    line: LineExample
    turn: int


def draws_per_epoch(lines: Mapping[str, int], balance: float) -> dict[str, float]:
    """Return how often each line of a document is drawn in an epoch.

    A document of n lines is sampled in proportion to n to the power of `1 - balance`, as corpora
    of several languages are (Conneau et al. 2020, section 3.1). An epoch is as long as without
    balance: lines of large documents are drawn in some epochs only.

    Args:
        lines: Number of lines by document.
        balance: 0 draws every line once, 1 draws every document equally often.

    Returns:
        Draws per line and epoch by document, a fraction of at most 8.

    Example:
        >>> draws_per_epoch({"register": 1600, "letters": 100}, 0.5)
        {'register': 0.85, 'letters': 3.4}
    """
    draws: dict[str, float] = {}
    free = dict(lines)
    left = float(sum(lines.values()))
    while free:
        scale = left / sum(n ** (1 - balance) for n in free.values())
        wanted = {name: scale * n**-balance for name, n in free.items()}
        often = [name for name, times in wanted.items() if times > _MOST_DRAWS]
        if not often:
            draws.update((name, round(times, 6)) for name, times in wanted.items())
            break
        for name in often:
            draws[name] = _MOST_DRAWS
            left -= _MOST_DRAWS * free.pop(name)
    return {name: draws[name] for name in lines}


def draw_lines(
    lines: Iterable[LineExample], draws: Mapping[str, float], epoch: int
) -> Iterator[Draw]:
    """Draw each line as often as `draws` says for its document.

    A line with 2.3 draws per epoch is drawn twice in most epochs and three times in some;
    its name decides in which, so that the order of the lines does not matter.

    Args:
        lines: The lines, as a stream.
        draws: Draws per line and epoch by document.
        epoch: Number of the epoch, from 0.

    Yields:
        The draws of the epoch.
    """
    for line in lines:
        times = draws[line.document]
        phase = line_hash(line) / 2**32
        for turn in range(
            math.floor(epoch * times + phase), math.floor((epoch + 1) * times + phase)
        ):
            yield Draw(line, turn)


def line_hash(line: LineExample) -> int:
    """Return a hash of a line's page and identifier below 2**32, the same on every machine."""
    return zlib.crc32(f"{line.page_uri} {line.line_id}".encode())
