"""The readings that an adaptation trains on: the surest ones, and some for each rare letter."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from model.training.adaptation.readings import Reading

# What an adapted model is judged by.
AGREEMENT, TRUTH = "agreement", "truth"


@dataclass(frozen=True)
class SelectionConfig:
    """Which readings are taken.

    Attributes:
        share: Share of the lines that are taken, the surest first.
        most_uncertainty: Lines are not taken beyond this uncertainty, whatever the share.
        least_characters: Length of the shortest line: short ones teach little.
        rare_lines: Lines that each letter is to be in, as far as it is read surely in so many.
        sure_letter: Confidence from which a letter is read surely.
        least_lines: Fewest lines that an adaptation is worth while with.
        most_cer: Predicted CER of all lines above which a model knows too little to be a teacher.
        held_out: Share of the surest lines that is held out, by whole pages.
    """

    share: float = 0.65
    most_uncertainty: float = 0.3
    least_characters: int = 3
    rare_lines: int = 4
    sure_letter: float = 0.8
    least_lines: int = 100
    most_cer: float = 0.4
    held_out: float = 0.1


@dataclass(frozen=True)
class Selection:
    """The readings of an archive that are taken.

    Attributes:
        train: Those to train on.
        held_out: Those of other pages, to judge on.
        read: Number of lines that were read.
        cer: Their predicted CER.
        documents: Number of documents or folders that they are in.
    """

    train: tuple[Reading, ...]
    held_out: tuple[Reading, ...]
    read: int
    cer: float
    documents: int

    def __str__(self):
        """Return one line that says what was taken."""
        pages = len({reading.image.page_uri for reading in self.held_out})
        return (
            f"{len(self.train):,} of {self.read:,} lines are read surely enough to train on "
            f"(predicted CER {_cer(self.train):.1%}, of all {self.cer:.1%}), "
            f"{len(self.held_out):,} of {pages} other page{'s' if pages != 1 else ''} to judge on"
        )


def select_readings(readings: Sequence[Reading], config: SelectionConfig) -> Selection:
    """Select the readings that a model is adapted with.

    Args:
        readings: All lines, as the model to adapt reads them.
        config: Which readings are taken.

    Returns:
        The selection.

    Raises:
        ValueError: If the readings are noise, too few, or all on one page.
    """
    cer = _cer(readings)
    _check(readings, cer, config)
    surest = surest_readings(readings, config)
    held_out_pages = _held_out_pages(surest, config.held_out)
    train = tuple(r for r in surest if r.image.page_uri not in held_out_pages)
    held_out = tuple(r for r in surest if r.image.page_uri in held_out_pages)
    if len(train) < config.least_lines * config.share / 2 or not held_out:
        raise ValueError(
            f"only {len(train)} lines to train on and {len(held_out)} to judge on are read surely "
            f"(predicted CER of all: {cer:.0%}); transcribe more pages of this hand, or correct "
            "some pages and fine-tune on them"
        )
    documents = len({reading.document for reading in readings})
    return Selection(train, held_out, len(readings), cer, documents)


def _check(readings: Sequence[Reading], cer: float, config: SelectionConfig) -> None:
    if len(readings) < config.least_lines:
        raise ValueError(
            f"{len(readings)} lines with text are too few to adapt to, at least "
            f"{config.least_lines} are needed; transcribe more pages of this hand, or correct "
            "some pages and fine-tune on them"
        )
    if cer > config.most_cer:
        raise ValueError(
            f"predicted CER of {cer:.0%}: the model hardly knows this hand or language, and its "
            "readings are noise to learn from; correct some pages and fine-tune on them"
        )
    if len({reading.image.page_uri for reading in readings}) < 2:
        raise ValueError(
            "all lines are on one page, so that none can be held out to judge on; "
            "transcribe more pages of this hand"
        )


def _cer(readings: Iterable[Reading]) -> float:
    """Return the predicted CER of lines together."""
    readings = list(readings)
    length = sum(len(reading.text) for reading in readings)
    return sum(reading.doubt * len(reading.text) for reading in readings) / max(1, length)


def _held_out_pages(readings: Sequence[Reading], share: float) -> set[str]:
    """Return the pages to hold out: by the hash of their names, so that they stay the same.

    Args:
        readings: The surest ones.
        share: Share of them that the pages are to have, at least.
    """
    lines = Counter(reading.image.page_uri for reading in readings)
    held_out: set[str] = set()
    for page in sorted(lines, key=lambda page: (zlib.crc32(page.encode()), page)):
        if sum(lines[one] for one in held_out) >= share * lines.total():
            break
        held_out.add(page)
    return held_out


def surest_readings(readings: Sequence[Reading], config: SelectionConfig) -> list[Reading]:
    """Return the surest readings, and for letters that are rare in them the surest with those.

    Args:
        readings: All lines.
        config: Which readings are taken.

    Returns:
        The readings, in the order of the pages.
    """
    usable = [r for r in readings if len(r.text) >= config.least_characters]
    ranked = sorted(range(len(usable)), key=lambda at: (usable[at].uncertainty, at))
    count = round(config.share * len(usable))
    taken = {at for at in ranked[:count] if usable[at].uncertainty <= config.most_uncertainty}
    seen = Counter(letter for at in taken for letter in set(usable[at].text))
    for at in ranked:
        reading = usable[at]
        if at in taken or reading.uncertainty > config.most_uncertainty:
            continue
        letters = _sure_letters(reading, config.sure_letter)
        if any(seen[letter] < config.rare_lines for letter in letters):
            taken.add(at)
            seen.update(set(reading.text))
    return [usable[at] for at in sorted(taken)]


def _sure_letters(reading: Reading, least: float) -> set[str]:
    return {c for c, confidence in zip(reading.text, reading.confidences) if confidence >= least}
