"""Right-to-left scripts: from the order in which text is stored to that of the ink, and back.

Text is stored in logical order, in which it is read. A recogniser sees ink from left to right: its
labels are in the order of the ink, by the Unicode bidirectional algorithm (Unicode Standard
Annex 9). Text that has no right-to-left character is in both orders the same, and untouched.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

LEFT_TO_RIGHT, RIGHT_TO_LEFT = "ltr", "rtl"
# Blocks of right-to-left scripts, from Hebrew to Arabic Extended, their presentation forms, and
# the planes that Unicode keeps for others.
_SCRIPTS = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
# Direction marks, embeddings, isolates, and spaces and joiners of no width. Not in it are the
# joiners that change the shape of letters, and the soft hyphen, which may stand for one of ink.
_MARKS = "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u206f\ufeff"
WITHOUT_INK = re.compile(f"[{_MARKS}]")
# Makes European digits after it Arabic ones, as an Arabic letter does.
_ARABIC_LETTER_MARK = "\u061c"
_LEVEL = re.compile(r"Level\(\s*([0-9]+)")


def direction_of(text: str, stated: str = "") -> str:
    """Return the base direction of a line.

    Args:
        text: The line, in logical order.
        stated: The direction that a file states; empty for none.

    Returns:
        What is stated; else right to left if its first letter runs so (rules P2 and P3), or
        most of them do.

    Example:
        >>> direction_of("אב London"), direction_of("to אב"), direction_of("12", "rtl")
        ('rtl', 'ltr', 'rtl')
    """
    if stated:
        return stated
    against = _run_against(text)
    most = 2 * sum(against) > len(against)
    return RIGHT_TO_LEFT if against and (against[0] or most) else LEFT_TO_RIGHT


def _run_against(text: str) -> list[bool]:
    """Return for each letter whether it runs from right to left; none if no letter does."""
    if not _SCRIPTS.search(text):
        return []
    classes = map(unicodedata.bidirectional, WITHOUT_INK.sub("", text))
    return [one != "L" for one in classes if one in ("L", "R", "AL")]


def ink_order(text: str, stated: str = "") -> str:
    """Return a text in the order of its ink, from left to right.

    Args:
        text: In logical order.
        stated: The direction that a file states for its line; empty for none.

    Returns:
        The same text if nothing in it runs from right to left. Else its characters as they are
        written, brackets mirrored, marks after their letter, without those that have no ink.

    Raises:
        ValueError: If something does, and the package for it is not installed.
    """
    if not _is_reordered(text, stated):
        return text
    units, levels = _units(text, direction_of(text, stated))
    ink = (_drawn(units[place], levels[place]) for place in _order(levels))
    return WITHOUT_INK.sub("", "".join(ink))


def ink_places(text: str, stated: str = "") -> list[int] | None:
    """Return where in the ink, counted from the left, each character of a text lies.

    Args:
        text: In logical order.
        stated: The direction that a file states for its line; empty for none.

    Returns:
        The place of each character; None if nothing runs from right to left.

    Raises:
        ValueError: If something does, and the package for it is not installed.
    """
    if not _is_reordered(text, stated):
        return None
    units, levels = _units(text, direction_of(text, stated))
    places: list[list[int]] = [[] for _ in units]
    at = 0
    for unit in _order(levels):
        places[unit] = list(range(at, at + len(units[unit])))
        at += len(units[unit])
    return [place for unit in places for place in unit]


def logical_order(ink: str, stated: str = "") -> list[tuple[int, bool]] | None:
    """Return the order in which characters that lie from left to right are read.

    Different texts may give the same ink. Of these, one is chosen that gives this ink.

    Args:
        ink: What was read from left to right.
        stated: The direction that a file states for its line; empty for none.

    Returns:
        For each character of the text in logical order its place in the ink, and whether it is
        stored as its mirror image; None if nothing runs from right to left.

    Raises:
        ValueError: If something does, and the package for it is not installed.
    """
    if not _is_reordered(ink, stated):
        return None
    tried = [
        _read_order(ink, direction, before)
        for direction in ([stated] if stated else _likely_directions(ink))
        for before in ("", _ARABIC_LETTER_MARK)
    ]
    fitting = (order for order in tried if ink_order(_ordered(ink, order), stated) == ink)
    return next(fitting, tried[0])


def _likely_directions(ink: str) -> list[str]:
    """List the directions that a line may have, of which the first letter is not known."""
    against = _run_against(ink)
    likely = [RIGHT_TO_LEFT, LEFT_TO_RIGHT]
    return likely if 2 * sum(against) >= len(against) else likely[::-1]


def logical_text(ink: str, stated: str = "") -> str:
    """Return what was read from left to right as a text in logical order.

    Args:
        ink: In the order of the ink.
        stated: The direction that a file states for its line; empty for none.
    """
    order = logical_order(ink, stated)
    return ink if order is None else _ordered(ink, order)


def mirrored(character: str) -> str:
    """Return the mirror image of a bracket or sign, and any other character as it is."""
    if len(character) != 1 or not unicodedata.mirrored(character):
        return character
    with _needs_package():
        from bidi.mirror import MIRRORED
    return MIRRORED.get(character, character)


def _is_reordered(text: str, stated: str) -> bool:
    return stated == RIGHT_TO_LEFT or bool(_SCRIPTS.search(text))


def _ordered(ink: str, order: list[tuple[int, bool]]) -> str:
    return "".join(mirrored(ink[place]) if is_turned else ink[place] for place, is_turned in order)


def _read_order(ink: str, direction: str, before: str) -> list[tuple[int, bool]]:
    """Return `logical_order`, as the algorithm finds it if some text stands before the line."""
    units, levels = _units(before + ink, direction)
    starts = [sum(map(len, units[:place])) - len(before) for place in range(len(units))]
    return [
        (starts[place] + offset, levels[place] % 2 == 1)
        for place in _order(levels)
        for offset in range(len(units[place]))
        if starts[place] >= 0
    ]


def _units(text: str, direction: str) -> tuple[list[str], list[int]]:
    """Return the characters of a text, each with the marks that stand on it, and their levels."""
    levels = _levels(text, direction)
    units: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if units and unicodedata.bidirectional(character) == "NSM":
            units[-1] += character
        else:
            units.append(character)
            places.append(place)
    return units, [levels[place] for place in places]


def _order(levels: list[int]) -> list[int]:
    """Reverse all runs of a level or above, from the highest to the lowest odd one (rule L2)."""
    order = list(range(len(levels)))
    for level in range(max(levels, default=0), 0, -1):
        start = 0
        while start < len(order):
            stop = start
            while stop < len(order) and levels[order[stop]] >= level:
                stop += 1
            order[start:stop] = reversed(order[start:stop])
            start = stop + 1
    return order


def _drawn(unit: str, level: int) -> str:
    return mirrored(unit[0]) + unit[1:] if level % 2 else unit


def _levels(text: str, direction: str) -> list[int]:
    """Return the embedding level of each character."""
    base = "R" if direction == RIGHT_TO_LEFT else "L"
    # Only text that runs from right to left needs the package.
    with _needs_package():
        from bidi import get_display
    told = get_display(text, base_dir=base, debug=True).split("paragraphs:")
    per_byte = [int(level) for level in _LEVEL.findall(told[-2].split("levels:")[-1])]
    levels, place = [], 0
    for character in text:
        levels.append(per_byte[place])
        place += len(character.encode())
    return levels


@contextmanager
def _needs_package() -> Iterator[None]:
    try:
        yield
    except ImportError:
        raise ValueError(
            "text runs from right to left, and the package for it is missing; "
            "install python-bidi 0.6 or later"
        ) from None
