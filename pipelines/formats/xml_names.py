"""Valid, unique ids for the elements of an XML file."""

from __future__ import annotations

import re

# Namespace of `xsi:schemaLocation`, which states where the schema of a file is.
XSI = "http://www.w3.org/2001/XMLSchema-instance"

# Fewer letters than XML allows, but valid in all of its editions.
_LETTERS = "A-Za-z_À-ÖØ-öø-ÿ"
_BAD = re.compile(f"[^{_LETTERS}0-9.-]")
_BAD_START = re.compile(f"[^{_LETTERS}]")


class XmlNames:
    """Ids that are already used in one file."""

    def __init__(self):
        self._given: set[str] = set()

    def give(self, wanted: str) -> str:
        """Return an id that no other element has.

        Args:
            wanted: The id to keep if possible; may be empty.

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
