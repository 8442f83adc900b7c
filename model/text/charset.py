"""The charset: characters to labels and back, with label 0 for the CTC blank."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

BLANK = 0


def normalise_text(text: str) -> str:
    r"""Return a transcription in the form used for training and comparison.

    Args:
        text: Any text.

    Returns:
        The text in NFC (Unicode Standard Annex 15), stripped, with each run of white space
        replaced by one space.

    Example:
        >>> normalise_text("  re\u0301union\t du  12 ")
        'réunion du 12'
    """
    return " ".join(unicodedata.normalize("NFC", text).split())


@dataclass(frozen=True)
class Charset:
    """The characters that a recogniser can output.

    Label 0 is the CTC blank; the character at index i has label i + 1.

    Attributes:
        characters: Single code points without duplicates; sorted, except for those that
            fine-tuning has added at the end.

    Example:
        >>> charset = Charset.of_texts(["abba", "c"])
        >>> charset.encode("cab")
        [3, 1, 2]
        >>> charset.decode([3, 1, 2])
        'cab'
    """

    characters: tuple[str, ...]

    def __post_init__(self):
        invalid = [c for c in self.characters if not isinstance(c, str) or len(c) != 1]
        if invalid:
            raise ValueError(f"charset entry {invalid[0]!r} is not one character")
        if len(set(self.characters)) != len(self.characters):
            raise ValueError("charset lists a character twice")

    @classmethod
    def of_texts(cls, texts: Iterable[str]) -> Charset:
        """Return the charset of some texts."""
        return cls(tuple(sorted({character for text in texts for character in text})))

    @classmethod
    def from_json(cls, text: str) -> Charset:
        """Read what `to_json` wrote.

        Raises:
            ValueError: If the text is not a charset.
        """
        data = json.loads(text)
        if not isinstance(data, dict) or not isinstance(data.get("characters"), list):
            raise ValueError('charset is not {"blank": 0, "characters": [...]}')
        if data.get("blank") != BLANK:
            raise ValueError(f"charset has blank {data.get('blank')!r}; only {BLANK} is supported")
        return cls(tuple(data["characters"]))

    def to_json(self) -> str:
        """Return the charset as a JSON object."""
        data = {"blank": BLANK, "normalisation": "NFC", "characters": list(self.characters)}
        return json.dumps(data, ensure_ascii=False, indent=1) + "\n"

    @property
    def class_count(self) -> int:
        """Number of classes of the network: the characters and the blank."""
        return len(self.characters) + 1

    def encode(self, text: str) -> list[int]:
        """Return the labels of a text.

        Args:
            text: Text in the same normal form as the charset.

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
        """Return the text of labels, from 1 and without blanks."""
        return "".join(self.characters[label - 1] for label in labels)
