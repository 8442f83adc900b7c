"""Recognise many lines, those of one width together; a failure affects only its own line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from model.decoding.language_fit import Surprise
from model.quality.page import PageQuality
from model.recogniser.recogniser import Recogniser
from schemas.records import Failure, LineImage, Transcript

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def read_lines(images: Sequence[LineImage], recogniser: Recogniser) -> list[Transcript | Failure]:
    """Recognise lines, of one page or of several.

    Args:
        images: Images of the lines.
        recogniser: Recognises them, in batches of the size that it prefers.

    Returns:
        For each line its transcript, or why it could not be read.
    """
    outcomes: list[Transcript | Failure | None] = [None] * len(images)
    for index, logits in _run_network(images, recogniser):
        outcomes[index] = _outcome(images[index], logits, recogniser.transcribe)
    return outcomes


def read_pages(images: Sequence[LineImage], recogniser: Recogniser) -> list[Transcript | Failure]:
    """Recognise all lines of some pages.

    In a beam search, pages in a language that the language model does not know are decoded
    greedily; their transcripts say so.

    Args:
        images: Images of the lines, all those of a page in the same call.
        recogniser: Recognises them.

    Returns:
        For each line its transcript, or why it could not be read.
    """
    if not recogniser.judges_languages:
        return read_lines(images, recogniser)
    outcomes: list[Transcript | Failure | None] = [None] * len(images)
    greedy: list[Transcript | Failure | None] = [None] * len(images)
    surprises: dict[str, Surprise] = defaultdict(Surprise)
    for index, logits in _run_network(images, recogniser):
        image = images[index]
        outcomes[index] = _outcome(image, logits, recogniser.transcribe)
        if isinstance(outcomes[index], Transcript):
            greedy[index] = recogniser.transcribe_without_language(image, logits)
            surprises[image.page_uri] += recogniser.surprise(logits)
    unknown = {page for page, found in surprises.items() if recogniser.is_unknown(found)}
    return [
        other if other and image.page_uri in unknown else outcome
        for image, outcome, other in zip(images, outcomes, greedy)
    ]


def _run_network(
    images: Sequence[LineImage], recogniser: Recogniser
) -> Iterator[tuple[int, np.ndarray | Exception]]:
    """Yield for each line its index, and the output of the network or why there is none."""
    waiting: dict[int, list[tuple[int, np.ndarray]]] = defaultdict(list)
    for index, image in enumerate(images):
        try:
            prepared = recogniser.prepare(image)
        except ValueError as error:
            yield index, error
            continue
        waiting[prepared.shape[1]].append((index, prepared))
    for batch in _batches(waiting, recogniser.lines_at_once):
        strips = [strip for _, strip in batch]
        outputs = run_in_halves(strips, recogniser.run)
        yield from zip((index for index, _ in batch), outputs)


def quality_of_read(
    quality: PageQuality,
    ink_unread: float | None,
    transcripts: Sequence[Transcript],
    recogniser: Recogniser,
) -> PageQuality:
    """Return the quality of a page with what is known once it was read.

    Args:
        quality: That of its image.
        ink_unread: Share of its ink outside of the lines that were read.
        transcripts: Its lines, from `read_pages`.
        recogniser: Read them.
    """
    return replace(
        quality,
        ink_unread=ink_unread,
        cer_of_read=recogniser.predict_cer(transcripts),
        language_known=not any(line.without_language for line in transcripts),
    )


def read_line(image: LineImage, recogniser: Recogniser) -> Transcript | Failure:
    """Recognise one line: return its transcript, or why it could not be read."""
    (outcome,) = read_lines([image], recogniser)
    return outcome


def run_in_halves(
    items: Sequence[_Item], run: Callable[[Sequence[_Item]], Sequence[_Result]]
) -> list[_Result | Exception]:
    """Run a batch; if that fails, run its halves, until each item that fails is alone.

    Args:
        items: The batch.
        run: Returns a result for each item, or fails as a whole.

    Returns:
        For each item its result, or the error that it raised alone.

    Example:
        >>> run_in_halves([4, 0, 2], lambda items: [8 // item for item in items])
        [2, ZeroDivisionError('integer division or modulo by zero'), 4]
    """
    if not items:
        return []
    try:
        return list(run(items))
    # Each device raises its own errors, above all when it runs out of memory.
    except Exception as error:
        if len(items) == 1:
            return [error]
    middle = len(items) // 2
    return run_in_halves(items[:middle], run) + run_in_halves(items[middle:], run)


def _batches(waiting: dict[int, list], lines_at_once: Callable[[int], int]) -> Iterator[list]:
    for width_px in sorted(waiting):
        lines, size = waiting[width_px], lines_at_once(width_px)
        yield from (lines[start : start + size] for start in range(0, len(lines), size))


def _outcome(
    image: LineImage,
    logits: np.ndarray | Exception,
    transcribe: Callable[[LineImage, np.ndarray], Transcript],
) -> Transcript | Failure:
    if isinstance(logits, Exception):
        return _failure(image, logits)
    try:
        return transcribe(image, logits)
    except ValueError as error:
        return _failure(image, error)


def _failure(image: LineImage, error: Exception) -> Failure:
    return Failure(image.page_uri, "recognise", str(error), image.line.line_id)
