"""Compose lines of a fictitious parish register from a small vocabulary."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def _split(words: str) -> tuple[str, ...]:
    """Return the words of a constant."""
    return tuple(words.split())


_FIRST_NAMES = _split(
    "Anna Jacob Quirin Verena Hans Ursula Felix Zita Xaver Yvonne Georg Odile "
    "Walter Ludwig Kaspar Ida Paul Emma Conrad Theresa"
)
_LAST_NAMES = _split(
    "Keller Brunner Vogt Fink Zumstein Jaeger Wyss Huber Egli Quast Dietrich "
    "Meyer Lang Amsler Rohr Senn Obrist Furrer Xander Bucher"
)
_TRADES = _split(
    "baker cooper joiner mason miller potter quarryman saddler smith tanner "
    "weaver vintner boxmaker judge clerk farmhand"
)
_PLACES = _split(
    "Aarberg Chur Ilanz Davos Kyburg Lenzburg Murten Nyon Olten Reinach Sion "
    "Thun Uster Vevey Wil Zug Brugg Glarus Jegenstorf Flims"
)
_MONTHS = _split(
    "January February March April May June July August September October November December"
)
_EVENTS = _split("born baptised confirmed married buried")
_REMARKS = (
    "paid the tax in full",
    "signed with a cross",
    "witness to the deed",
    "lately come from abroad",
    "of the lower mill",
    "keeps two cows and a goat",
    "owes six measures of rye",
    "widow of the above",
    "heir to house and yard",
)
_LONGEST_WORD = 12


def compose_text(
    rng: np.random.Generator, shortest_chars: int = 20, longest_chars: int = 40
) -> str:
    """Compose one line of a register, broken between words as in a written line.

    Args:
        rng: Random number generator.
        shortest_chars: Least number of characters.
        longest_chars: Greatest number of characters.

    Returns:
        Letters, digits, commas, full stops and hyphens, with single spaces between words.

    Raises:
        ValueError: If a word may not fit between the limits.

    Example:
        >>> compose_text(np.random.default_rng(3))
        'March 1850, Jacob Fink - paid the tax'
    """
    if not 1 <= shortest_chars <= longest_chars - _LONGEST_WORD:
        raise ValueError(
            f"a line of {shortest_chars} to {longest_chars} characters leaves no room for"
            f" a word; set longest_chars to {max(1, shortest_chars) + _LONGEST_WORD} or more"
        )
    wanted_chars = rng.integers(shortest_chars, longest_chars, endpoint=True)
    line = ""
    for word in _words(rng):
        longer = f"{line} {word}".lstrip()
        if len(longer) > longest_chars:
            return line
        line = longer
        if len(line) >= wanted_chars:
            return line
    raise AssertionError("unreachable: the words never end")


def _words(rng: np.random.Generator) -> Iterator[str]:
    """Yield words endlessly, from a random place in an entry, then entry after entry."""
    words = _entry(rng).split()
    yield from words[rng.integers(len(words)) :]
    while True:
        yield from _entry(rng).split()


def _entry(rng: np.random.Generator) -> str:
    """Compose one entry of the register."""
    name = f"{_pick(rng, _FIRST_NAMES)} {_pick(rng, _LAST_NAMES)}"
    day = f"{rng.integers(1, 29)} {_pick(rng, _MONTHS)} {rng.integers(1650, 1900)}"
    place = _pick(rng, _PLACES)
    kind = rng.integers(4)
    if kind == 0:
        return f"No. {rng.integers(1, 1000)}, {name}, {_pick(rng, _TRADES)} of {place}."
    if kind == 1:
        return f"{name}, {_pick(rng, _EVENTS)} at {place} on {day}."
    if kind == 2:
        return f"{day}, {name} - {_pick(rng, _REMARKS)}."
    return f"{place}, {day}, {_pick(rng, _EVENTS)} {name}, {_pick(rng, _TRADES)}."


def _pick(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    """Return one of several choices at random."""
    return choices[rng.integers(len(choices))]
