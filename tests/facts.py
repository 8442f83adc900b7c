"""Facts of drawn lines, and a plain search for the leaks among them as a reference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from model.dataset.leak_keys import leak_keys
from model.dataset.leaks import find_leaks, first_leak, line_fact
from schemas.records import Leak, Line, LineFact, LineImage
from tests.drawn import text_strip


def drawn_fact(name: str, split: str, text: str, sha: str = "") -> LineFact:
    """Draw a line and return its fact; its page is unique unless a digest is given."""
    image = LineImage(f"{name}.jpg", Line("l1", 0), text_strip(text))
    return line_fact(image, split, sha or name)


def leaks_among(facts: Iterable[LineFact]) -> list[Leak]:
    """Group lines by all of their keys and return one leak per leaking line, sorted."""
    groups = defaultdict(list)
    for fact in facts:
        for key in leak_keys(fact):
            groups[key].append(fact)
    found = defaultdict(list)
    for group in groups.values():
        for leak in find_leaks(group):
            found[leak.page_uri, leak.line_id].append(leak)
    return sorted(map(first_leak, found.values()), key=lambda leak: leak.page_uri)
