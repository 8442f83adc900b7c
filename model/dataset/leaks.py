"""Lines that stand in two splits: the same page image, or all but the same strip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple

from model.dataset.fingerprint import are_near_duplicates, perceptual_bands, perceptual_key
from schemas.records import Leak, LineFact, LineImage

SAME_IMAGE = "same image"
NEAR_DUPLICATE = "near duplicate"

# Training lines give way first: a figure is only worth something on lines never seen.
_SPLIT_ORDER = {"train": 0, "eval": 1, "test": 2}
# A group this large is an empty form's or a ruled line's: each is held against this many.
_MOST_PARTNERS = 200
_MOST_SHOWN = 20


def line_fact(image: LineImage, split: str, page_sha256: str) -> LineFact:
    """Keep what tells whether a line is a copy of another.

    Args:
        image: The line.
        split: Its split.
        page_sha256: Digest of the file of its page.

    Returns:
        The fact.
    """
    strip = image.strip
    return LineFact(
        image.page_uri,
        image.line.line_id,
        split,
        page_sha256,
        perceptual_key(strip),
        perceptual_bands(strip),
    )


def find_leaks(facts: Iterable[LineFact]) -> Iterator[Leak]:
    """Find the lines of one key that stand in two splits.

    Args:
        facts: All lines under that key, in any order.

    Yields:
        One leak for each line that has a copy in a later split.
    """
    order = sorted(set(facts), key=_rank)
    for i, fact in enumerate(order):
        later = [other for other in order[i + 1 :] if other.split != fact.split]
        for other in later[:_MOST_PARTNERS]:
            kind = _likeness(fact, other)
            if kind:
                yield _leak(fact, other, kind)
                break


def first_leak(leaks: Iterable[Leak]) -> Leak:
    """Choose the one to report of a line's leaks: the same image goes first."""
    return min(leaks, key=lambda leak: (leak.kind != SAME_IMAGE, *astuple(leak)))


def leaks_to_show(leaks: Iterable[Leak]) -> list[Leak]:
    """Choose the leaks that a report shows.

    Args:
        leaks: All of them, in any order.

    Returns:
        The first 20: near duplicates before lines of one image, which look the same.
    """
    return sorted(leaks, key=lambda leak: (leak.kind, *astuple(leak)))[:_MOST_SHOWN]


def leak_places(leak: Leak) -> tuple[tuple[str, str], tuple[str, str]]:
    """Name the two lines of a leak.

    Args:
        leak: The leak.

    Returns:
        (page and line, split) of the line that it is like, and of the line itself. One
        line of one page may be in two splits.
    """
    return (
        (f"{leak.other_page_uri} {leak.other_line_id}", leak.other_split),
        (f"{leak.page_uri} {leak.line_id}", leak.split),
    )


def _rank(fact: LineFact) -> tuple:
    return (_SPLIT_ORDER[fact.split], fact.page_uri, fact.line_id)


def _likeness(fact: LineFact, other: LineFact) -> str:
    if fact.page_sha256 == other.page_sha256:
        return SAME_IMAGE
    return NEAR_DUPLICATE if are_near_duplicates(fact.fingerprint, other.fingerprint) else ""


def _leak(fact: LineFact, other: LineFact, kind: str) -> Leak:
    return Leak(
        fact.page_uri,
        fact.line_id,
        fact.split,
        kind,
        other.page_uri,
        other.line_id,
        other.split,
    )
