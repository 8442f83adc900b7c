"""Text to labels and back: NFC characters, blank = 0."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

BLANK = 0


def normalise_text(text: str) -> str:
    r"""Bring a transcription to the form that is trained and compared.

    Args:
        text: Any text.

    Returns:
        The text in NFC (Unicode Standard Annex 15), every run of white space
        one space, none at the ends.

    Example:
        >>> normalise_text("  re\u0301union\t du  12 ")
        'réunion du 12'
    """
    return " ".join(unicodedata.normalize("NFC", text).split())


@dataclass(frozen=True)
class Charset:
    """The characters that a network can write.

    Label 0 is the CTC blank; character i has label i + 1.

    Attributes:
        characters: Each a single code point, sorted, none twice.

    Example:
        >>> charset = Charset.of_texts(["abba", "c"])
        >>> charset.encode("cab")
        [3, 1, 2]
        >>> charset.decode([3, 1, 2])
        'cab'
    """

    characters: tuple[str, ...]

    def __post_init__(self):
        wrong = [c for c in self.characters if not isinstance(c, str) or len(c) != 1]
        if wrong:
            raise ValueError(f"charset entry {wrong[0]!r} is not one character")
        if len(set(self.characters)) != len(self.characters):
            raise ValueError("charset lists a character twice")

    @classmethod
    def of_texts(cls, texts: Iterable[str]) -> Charset:
        """Collect the characters of some texts."""
        return cls(tuple(sorted({character for text in texts for character in text})))

    @classmethod
    def from_json(cls, text: str) -> Charset:
        """Read what `to_json` wrote.

        Raises:
            ValueError: If it is not a charset.
        """
        data = json.loads(text)
        if not isinstance(data, dict) or not isinstance(data.get("characters"), list):
            raise ValueError('charset is not {"blank": 0, "characters": [...]}')
        if data.get("blank") != BLANK:
            raise ValueError(f"charset has blank {data.get('blank')!r}; only {BLANK} is supported")
        return cls(tuple(data["characters"]))

    def to_json(self) -> str:
        """Write the charset as a JSON object."""
        data = {"blank": BLANK, "normalisation": "NFC", "characters": list(self.characters)}
        return json.dumps(data, ensure_ascii=False, indent=1) + "\n"

    @property
    def class_count(self) -> int:
        """Number of network outputs: the characters and the blank."""
        return len(self.characters) + 1

    def encode(self, text: str) -> list[int]:
        """Turn text into labels.

        Args:
            text: Text in the form that the charset was collected from.

        Returns:
            Labels from 1.

        Raises:
            ValueError: If a character is not in the charset.
        """
        unknown = sorted(set(text) - self.labels.keys())
        if unknown:
            raise ValueError(f"characters {''.join(unknown)!r} are not in the charset")
        return [self.labels[character] for character in text]

    @cached_property
    def labels(self) -> dict[str, int]:
        """The label of each character, from 1."""
        return {character: label for label, character in enumerate(self.characters, start=1)}

    def decode(self, labels: Sequence[int]) -> str:
        """Turn labels (from 1, no blanks) into text."""
        return "".join(self.characters[label - 1] for label in labels)
