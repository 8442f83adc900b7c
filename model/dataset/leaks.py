"""Leaks: lines that occur in two splits, on the same page image or as near-duplicate images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple

from model.dataset.fingerprint import are_near_duplicates, perceptual_bands, perceptual_key
from schemas.records import Leak, LineFact, LineImage

SAME_IMAGE = "same image"
NEAR_DUPLICATE = "near duplicate"

# The line of the earlier split is the leak: training lines are dropped, so that the lines that
# models are judged on were never trained on.
_SPLIT_ORDER = {"train": 0, "eval": 1, "test": 2}
# Larger groups are of empty forms or ruled lines; each line is compared with so many others only.
_MOST_PARTNERS = 200
_MOST_SHOWN = 20


def line_fact(image: LineImage, split: str, page_sha256: str) -> LineFact:
    """Return the features of a line that show whether it is a copy of another.

    Args:
        image: The line image.
        split: Its split.
        page_sha256: SHA-256 of the image file of its page.
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
    """Yield the leaks among the lines of one key.

    Args:
        facts: All lines of the key, in any order.

    Yields:
        One leak for each line that has a copy in a later split.
    """
    order = sorted(set(facts), key=_rank)
    for i, fact in enumerate(order):
        later = [other for other in order[i + 1 :] if other.split != fact.split]
        for other in later[:_MOST_PARTNERS]:
            kind = _kind(fact, other)
            if kind:
                yield _leak(fact, other, kind)
                break


def first_leak(leaks: Iterable[Leak]) -> Leak:
    """Return the leak of a line to report: one of the same image before near-duplicates."""
    return min(leaks, key=lambda leak: (leak.kind != SAME_IMAGE, *astuple(leak)))


def leaks_to_show(leaks: Iterable[Leak]) -> list[Leak]:
    """Return the leaks that a report shows.

    Args:
        leaks: All leaks, in any order.

    Returns:
        The first 20: near-duplicates before lines of one image, which look the same.
    """
    return sorted(leaks, key=lambda leak: (leak.kind, *astuple(leak)))[:_MOST_SHOWN]


def leak_places(leak: Leak) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return the two lines of a leak.

    Args:
        leak: The leak.

    Returns:
        (page and line, split) of the line that is copied, and of the leaking line itself. The
        split is needed because the same line of a page may be in two splits.
    """
    return (
        (f"{leak.other_page_uri} {leak.other_line_id}", leak.other_split),
        (f"{leak.page_uri} {leak.line_id}", leak.split),
    )


def _rank(fact: LineFact) -> tuple:
    return (_SPLIT_ORDER[fact.split], fact.page_uri, fact.line_id)


def _kind(fact: LineFact, other: LineFact) -> str:
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
