"""How Beam encodes the source of a page between steps."""

from __future__ import annotations

import json
from dataclasses import fields

from apache_beam import coders

from schemas.records import PageSource

_NAMES = [field.name for field in fields(PageSource)]


class PageSourceCoder(coders.Coder):
    """Encode a source as JSON, without the fields that have their usual values.

    Example:
        >>> PageSourceCoder().encode(PageSource("a.jpg", ("a.jpg",)))
        b'{"uri":"a.jpg"}'
    """

    def encode(self, source: PageSource) -> bytes:
        """Encode a source."""
        usual = PageSource(source.uri, (source.uri,))
        facts = {
            name: getattr(source, name)
            for name in _NAMES
            if name == "uri" or getattr(source, name) != getattr(usual, name)
        }
        return json.dumps(facts, separators=(",", ":")).encode()

    def decode(self, encoded: bytes) -> PageSource:
        """Decode what `encode` returned."""
        facts = json.loads(encoded)
        return PageSource(
            **{"addresses": (facts["uri"],)}
            | {name: tuple(v) if isinstance(v, list) else v for name, v in facts.items()}
        )

    def is_deterministic(self) -> bool:
        """Return True: equal sources have equal encodings."""
        return True
