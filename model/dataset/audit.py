"""The charset audit: count, example page and suspicious features of each character."""

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
# Variation selectors and a joiner: invisible, though of the category of marks.
_INVISIBLE_MARKS = frozenset("\u034f") | {chr(code) for code in range(0xFE00, 0xFE10)}
_REPLACEMENT = "\ufffd"
_DOTTED_CIRCLE = "\u25cc"


@dataclass(frozen=True)
class CharacterRow:
    """A character of the transcriptions.

    Attributes:
        character: The character.
        count: Number of occurrences.
        name: Its Unicode name; its code point if it has no name.
        category: Its Unicode general category, such as 'Ll'.
        example_uri: The first page, by URI, on which it occurs.
        flags: Suspicious features: 'control', 'private use', 'unassigned', 'invisible',
            'lone surrogate', 'replacement character', 'look-alike of X (U+0058)'; and
            'left out' where texts do not have it any more.
    """

    character: str
    count: int
    name: str
    category: str
    example_uri: str
    flags: tuple[str, ...] = ()

    @property
    def code_point(self) -> str:
        """The code point, such as 'U+00E9'."""
        return f"U+{ord(self.character):04X}"

    @property
    def printable(self) -> str:
        """The character as shown in a table: a mark on a circle; empty if it is invisible."""
        if self.category in _FLAG_OF_CATEGORY or self.category.startswith("Z"):
            return ""
        return _DOTTED_CIRCLE * self.category.startswith("M") + self.character


@dataclass
class CharacterAudit:
    """Counts characters; audits can be merged in any order.

    Attributes:
        counts: Number of occurrences by character.
        left_out: The same of characters that are left out of the texts, as no ink shows them.
        example_uris: First page, by URI, on which each character occurs.

    Example:
        >>> audit = CharacterAudit()
        >>> audit.add("\u142five la Commune", "b.jpg")
        >>> [(row.character, row.flags) for row in audit.rows() if row.flags]
        [('ᐯ', ('look-alike of V (U+0056)',))]
    """

    counts: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    example_uris: dict[str, str] = field(default_factory=dict)

    def add(self, text: str, page_uri: str) -> None:
        """Count the characters of one text.

        Args:
            text: A transcription.
            page_uri: Its page.
        """
        found = Counter(text)
        self.counts.update(found)
        self._add_examples(dict.fromkeys(found, page_uri))

    def add_left_out(self, character: str, count: int, page_uri: str) -> None:
        """Count a character that is left out of texts.

        Args:
            character: The character.
            count: How often it is left out.
            page_uri: The first page, by URI, with it.
        """
        self.left_out[character] += count
        self._add_examples({character: page_uri})

    def merge(self, other: CharacterAudit) -> None:
        """Add the counts of another audit, which is not changed."""
        self.counts.update(other.counts)
        self.left_out.update(other.left_out)
        self._add_examples(other.example_uris)

    def _add_examples(self, uris: dict[str, str]) -> None:
        for character, uri in uris.items():
            self.example_uris[character] = min(uri, self.example_uris.get(character, uri))

    def describe_left_out(self) -> str:
        r"""Return one line on the characters that are left out; empty where there are none.

        Example:
            >>> audit = CharacterAudit()
            >>> audit.add_left_out("\u200f", 3, "a.jpg")
            >>> audit.describe_left_out()
            'left out of texts, as no ink shows them: U+200F 3 times'
        """
        each = ", ".join(
            f"U+{ord(character):04X} {count} times"
            for character, count in sorted(self.left_out.items())
        )
        return f"left out of texts, as no ink shows them: {each}" if each else ""

    def dominant_script(self) -> str:
        """Return the script of most letters; empty without letters."""
        letters: Counter[str] = Counter()
        for character, count in self.counts.items():
            letters[script_of(character)] += count
        del letters[""]
        return max(sorted(letters), key=letters.__getitem__, default="")

    def rows(self) -> tuple[CharacterRow, ...]:
        """Return a row for each character, by code point.

        Look-alikes are flagged relative to the dominant script of all texts.
        """
        script = self.dominant_script()
        return tuple(
            self._row(character, script) for character in sorted(self.counts | self.left_out)
        )

    def _row(self, character: str, script: str) -> CharacterRow:
        category = unicodedata.category(character)
        name = unicodedata.name(character, f"U+{ord(character):04X}")
        count = self.counts[character] + self.left_out[character]
        flags = _flags(character, script)
        if self.left_out[character]:
            flags = (*flags, "left out")
        return CharacterRow(character, count, name, category, self.example_uris[character], flags)

    def to_json(self) -> str:
        """Return the rows as a JSON object, with U+FFFD for lone surrogates."""
        rows = [{"code_point": row.code_point, **asdict(row)} for row in self.rows()]
        data = {"dominant_script": self.dominant_script(), "characters": rows}
        text = json.dumps(data, ensure_ascii=False, indent=1)
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") + "\n"


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
