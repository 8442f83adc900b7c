"""Names for the elements of an XML file: valid ones, none twice."""

from __future__ import annotations

import re

# Fewer letters than XML knows, but all that its editions agree on.
_LETTERS = "A-Za-z_À-ÖØ-öø-ÿ"
_BAD = re.compile(f"[^{_LETTERS}0-9.-]")
_BAD_START = re.compile(f"[^{_LETTERS}]")


class XmlNames:
    """The names that were given in one file."""

    def __init__(self):
        self._given: set[str] = set()

    def give(self, wanted: str) -> str:
        """Give a name that no other element has.

        Args:
            wanted: The name to keep if it can be; may be empty.

        Returns:
            A valid xsd:ID.

        Example:
            >>> names = XmlNames()
            >>> [names.give(wanted) for wanted in ("l1", "l1", "3 b", "")]
            ['l1', 'l1_2', '_3_b', '_']
        """
        base = _BAD.sub("_", wanted)
        if not base or _BAD_START.match(base):
            base = f"_{base}"
        name, count = base, 1
        while name in self._given:
            count += 1
            name = f"{base}_{count}"
        self._given.add(name)
        return name
