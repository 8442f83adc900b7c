"""Reading many lines: those of one width together, whatever fails alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from model.recogniser.recogniser import Recogniser
from schemas.records import Failure, LineImage, Transcript

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def read_lines(images: Sequence[LineImage], recogniser: Recogniser) -> list[Transcript | Failure]:
    """Read lines, of one page or of several.

    Args:
        images: The lines.
        recogniser: Reads them, as many at a time as it likes.

    Returns:
        For each line what was read, or why nothing could be.
    """
    outcomes: list[Transcript | Failure | None] = [None] * len(images)
    waiting: dict[int, list[tuple[int, np.ndarray]]] = defaultdict(list)
    for place, image in enumerate(images):
        try:
            waiting_width = (prepared := recogniser.prepare(image)).shape[1]
        except ValueError as error:
            outcomes[place] = _failure(image, error)
            continue
        waiting[waiting_width].append((place, prepared))
    for batch in _batches(waiting, recogniser.lines_at_once):
        places = [place for place, _ in batch]
        prepared = [strip for _, strip in batch]
        for place, logits in zip(places, halving(prepared, recogniser.run)):
            outcomes[place] = _outcome(images[place], logits, recogniser)
    return outcomes


def read_line(image: LineImage, recogniser: Recogniser) -> Transcript | Failure:
    """Read one line: what was read, or why nothing could be."""
    (outcome,) = read_lines([image], recogniser)
    return outcome


def halving(
    items: Sequence[_Item], run: Callable[[Sequence[_Item]], Sequence[_Result]]
) -> list[_Result | Exception]:
    """Run a batch; where that fails, run its halves, until what is bad is alone.

    Args:
        items: The batch.
        run: Gives a result for each item, or fails as a whole.

    Returns:
        For each item its result, or the error it met alone.

    Example:
        >>> halving([4, 0, 2], lambda items: [8 // item for item in items])
        [2, ZeroDivisionError('integer division or modulo by zero'), 4]
    """
    if not items:
        return []
    try:
        return list(run(items))
    # Each device has errors of its own, for memory above all.
    except Exception as error:
        if len(items) == 1:
            return [error]
    middle = len(items) // 2
    return halving(items[:middle], run) + halving(items[middle:], run)


def _batches(waiting: dict[int, list], lines_at_once: Callable[[int], int]) -> Iterator[list]:
    for width_px in sorted(waiting):
        lines, size = waiting[width_px], lines_at_once(width_px)
        yield from (lines[start : start + size] for start in range(0, len(lines), size))


def _outcome(
    image: LineImage, logits: np.ndarray | Exception, recogniser: Recogniser
) -> Transcript | Failure:
    if isinstance(logits, Exception):
        return _failure(image, logits)
    try:
        return recogniser.transcribe(image, logits)
    except ValueError as error:
        return _failure(image, error)


def _failure(image: LineImage, error: Exception) -> Failure:
    return Failure(image.page_uri, "recognise", str(error), image.line.line_id)
