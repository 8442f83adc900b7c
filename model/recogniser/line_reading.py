"""Recognise many lines, those of one width together; a failure affects only its own line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
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

    In a beam search, each page is decoded with the language model that knows it best; one that no
    model knows is decoded greedily. Its transcripts say so.

    Args:
        images: Images of the lines, all those of a page in the same call.
        recogniser: Recognises them.

    Returns:
        For each line its transcript, or why it could not be read.
    """
    if not recogniser.judges_languages:
        return read_lines(images, recogniser)
    outputs = dict(_run_network(images, recogniser))
    languages = _languages(((images[at], found) for at, found in outputs.items()), recogniser)
    return [
        _outcome(image, outputs.pop(index), _reader(recogniser, languages.get(image.page_uri)))
        for index, image in enumerate(images)
    ]


def page_languages(images: Iterable[LineImage], recogniser: Recogniser) -> dict[str, str | None]:
    """Return the language of each page, as `read_pages` chooses it.

    Args:
        images: Images of the lines of the pages, in any order.
        recogniser: Runs the network on each; one that `judges_languages`.

    Returns:
        The name of the language by page; None for a page that no language model knows.
    """
    outputs = (
        (image, logits) for image in images for _, logits in _run_network([image], recogniser)
    )
    return _languages(outputs, recogniser)


def _languages(
    outputs: Iterable[tuple[LineImage, np.ndarray | Exception]], recogniser: Recogniser
) -> dict[str, str | None]:
    surprises: dict[str, dict[str, Surprise]] = defaultdict(lambda: defaultdict(Surprise))
    for image, logits in outputs:
        if not isinstance(logits, Exception):
            for language, surprise in recogniser.surprises(logits).items():
                surprises[image.page_uri][language] += surprise
    return {page: recogniser.language_of(found) for page, found in surprises.items()}


def _reader(
    recogniser: Recogniser, language: str | None
) -> Callable[[LineImage, np.ndarray], Transcript]:
    """Return what decodes the lines of a page, given its language; None for an unknown one."""
    if language is None:
        return recogniser.transcribe_without_language
    return partial(recogniser.transcribe, language=language)


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
        language=next((line.language for line in transcripts), ""),
    )


def read_line(
    image: LineImage, recogniser: Recogniser, language: str | None
) -> Transcript | Failure:
    """Recognise one line.

    Args:
        image: Its image.
        recogniser: Recognises it.
        language: Language of its page, from `page_languages`; that of the recogniser's plan if it
            does not judge languages.

    Returns:
        Its transcript, or why it could not be read.
    """
    ((_, logits),) = _run_network([image], recogniser)
    return _outcome(image, logits, _reader(recogniser, language))


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
