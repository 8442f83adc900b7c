"""The charset audit: every character of the texts, how often, where, and what is odd about it."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from dataclasses import asdict, dataclass, field

from model.dataset.confusables import look_alike, script_of

_FLAG_OF_CATEGORY = {
    "Cc": "control",
    "Cf": "invisible",
    "Cn": "unassigned",
    "Co": "private use",
    "Cs": "lone surrogate",
}
# Variation selectors and a joiner: no ink, though their category is that of marks.
_INVISIBLE_MARKS = frozenset("\u034f") | {chr(code) for code in range(0xFE00, 0xFE10)}
_REPLACEMENT = "\ufffd"
_DOTTED_CIRCLE = "\u25cc"


@dataclass(frozen=True)
class CharacterRow:
    """One character of the texts.

    Attributes:
        character: The character.
        count: How often it occurs.
        name: Its Unicode name; its code point where it has none.
        category: Its general category, as 'Ll'.
        example_uri: A page that has it: the first in the order of the URIs.
        flags: What is odd about it: 'control', 'private use', 'unassigned', 'invisible',
            'lone surrogate', 'replacement character', 'look-alike of X (U+0058)'.
    """

    character: str
    count: int
    name: str
    category: str
    example_uri: str
    flags: tuple[str, ...] = ()

    @property
    def code_point(self) -> str:
        """The code point, as 'U+00E9'."""
        return f"U+{ord(self.character):04X}"

    @property
    def printable(self) -> str:
        """The character as it may stand in a table: marks on a circle, no controls."""
        if self.category in _FLAG_OF_CATEGORY or self.category.startswith("Z"):
            return ""
        return _DOTTED_CIRCLE * self.category.startswith("M") + self.character


@dataclass
class CharacterAudit:
    """Counts characters; parts made anywhere, in any order, add up to the same.

    Attributes:
        counts: How often each character occurs.
        example_uris: For each the smallest URI of a page that has it.

    Example:
        >>> audit = CharacterAudit()
        >>> audit.add("\u142five la Commune", "b.jpg")
        >>> [(row.character, row.flags) for row in audit.rows() if row.flags]
        [('ᐯ', ('look-alike of V (U+0056)',))]
    """

    counts: Counter[str] = field(default_factory=Counter)
    example_uris: dict[str, str] = field(default_factory=dict)

    def add(self, text: str, page_uri: str) -> None:
        """Count the characters of one text.

        Args:
            text: A transcription.
            page_uri: The page that it is on.
        """
        found = Counter(text)
        self.counts.update(found)
        self._see(dict.fromkeys(found, page_uri))

    def merge(self, other: CharacterAudit) -> None:
        """Add what another audit counted; the other stays as it is."""
        self.counts.update(other.counts)
        self._see(other.example_uris)

    def _see(self, uris: dict[str, str]) -> None:
        for character, uri in uris.items():
            self.example_uris[character] = min(uri, self.example_uris.get(character, uri))

    def dominant_script(self) -> str:
        """Name the script that most letters are of; empty where there is no letter."""
        letters: Counter[str] = Counter()
        for character, count in self.counts.items():
            letters[script_of(character)] += count
        del letters[""]
        return max(sorted(letters), key=letters.__getitem__, default="")

    def rows(self) -> tuple[CharacterRow, ...]:
        """List the characters.

        Returns:
            A row for each, by code point. What a character may be mistaken for depends on
            all texts: on the script that most of their letters are of.
        """
        script = self.dominant_script()
        return tuple(
            _row(character, self.counts[character], self.example_uris[character], script)
            for character in sorted(self.counts)
        )

    def to_json(self) -> str:
        """Write the rows as a JSON object; a lone surrogate is written as U+FFFD."""
        rows = [{"code_point": row.code_point, **asdict(row)} for row in self.rows()]
        data = {"dominant_script": self.dominant_script(), "characters": rows}
        text = json.dumps(data, ensure_ascii=False, indent=1)
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") + "\n"


def _row(character: str, count: int, example_uri: str, script: str) -> CharacterRow:
    category = unicodedata.category(character)
    name = unicodedata.name(character, f"U+{ord(character):04X}")
    return CharacterRow(character, count, name, category, example_uri, _flags(character, script))


def _flags(character: str, script: str) -> tuple[str, ...]:
    flags = []
    of_category = _FLAG_OF_CATEGORY.get(unicodedata.category(character))
    if of_category or character in _INVISIBLE_MARKS:
        flags.append(of_category or "invisible")
    if character == _REPLACEMENT:
        flags.append("replacement character")
    twin = look_alike(character, script) if script else ""
    if twin:
        code_points = " ".join(f"U+{ord(c):04X}" for c in twin)
        flags.append(f"look-alike of {twin} ({code_points})")
    return tuple(flags)
