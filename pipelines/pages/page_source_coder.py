"""How sources of pages travel: a runner keeps the list of all pages, so each is small."""

from __future__ import annotations

import json
from dataclasses import fields

from apache_beam import coders

from schemas.records import PageSource

_NAMES = [field.name for field in fields(PageSource)]


class PageSourceCoder(coders.Coder):
    """Write a source as JSON, without what most sources have in common.

    Example:
        >>> PageSourceCoder().encode(PageSource("a.jpg", ("a.jpg",)))
        b'{"uri":"a.jpg"}'
    """

    def encode(self, source: PageSource) -> bytes:
        """Write a source."""
        usual = PageSource(source.uri, (source.uri,))
        facts = {
            name: getattr(source, name)
            for name in _NAMES
            if name == "uri" or getattr(source, name) != getattr(usual, name)
        }
        return json.dumps(facts, separators=(",", ":")).encode()

    def decode(self, encoded: bytes) -> PageSource:
        """Read what `encode` wrote."""
        facts = json.loads(encoded)
        return PageSource(
            **{"addresses": (facts["uri"],)}
            | {name: tuple(v) if isinstance(v, list) else v for name, v in facts.items()}
        )

    def is_deterministic(self) -> bool:
        """Tell that equal sources are written alike."""
        return True
