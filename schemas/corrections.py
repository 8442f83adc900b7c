"""What people said of lines and pages that were read: the records of the log of corrections."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from enum import Enum

from schemas.records import Polyline


class CorrectionKind(str, Enum):
    """What a correction says."""

    # The line reads so; a text equal to the old one says that it was read right.
    TEXT = "text"
    ILLEGIBLE = "illegible"
    NO_LINE = "no_line"
    # Every line of the page was looked at, or not any more.
    PAGE_DONE = "page_done"
    PAGE_OPEN = "page_open"

    @property
    def is_of_page(self) -> bool:
        """Whether it is about a page, and not about a line."""
        return self in (CorrectionKind.PAGE_DONE, CorrectionKind.PAGE_OPEN)


@dataclass(frozen=True)
class Correction:
    """What a person said of a line or a page.

    Attributes:
        correction_id: Identifier, unique.
        time: When it was written, ISO 8601 in UTC.
        author: Who said it.
        page_uri: The page.
        line_id: The line as `lines` names it, or a new name for a line that was drawn; empty for
            a page.
        run_id: Run that read the line or page; empty for a line that was drawn.
        kind: What it says.
        old_text: The text that was read, or that the correction before it gave.
        text: The right text, NFC; empty unless `kind` is `TEXT`.
        baseline: Where the line is, (x, y) in pixels of the page image; empty if unknown.
        polygon: Outline of the line, likewise.
        source: 'web', or the file that it came from.
        supersedes: Identifier of the correction of the same line that it follows; empty for none.
        sample: Random sample that the line was drawn for; empty for none.

    Raises:
        ValueError: If kind, line and text do not belong together.
    """

    correction_id: str
    time: str
    author: str
    page_uri: str
    line_id: str
    run_id: str
    kind: CorrectionKind
    old_text: str = ""
    text: str = ""
    baseline: Polyline = ()
    polygon: Polyline = ()
    source: str = ""
    supersedes: str = ""
    sample: str = ""

    def __post_init__(self):
        if self.kind.is_of_page == bool(self.line_id):
            raise ValueError(f"{self.kind.value} of line {self.line_id!r}; name a line or a page")
        if self.text and self.kind is not CorrectionKind.TEXT:
            raise ValueError(f"{self.kind.value} with a text; give the text to a line that has one")

    @property
    def place(self) -> tuple[str, str]:
        """The page and the line that it is about."""
        return self.page_uri, self.line_id

    def to_json(self) -> str:
        """Return the correction as a JSON object in one line."""
        return json.dumps(asdict(self), ensure_ascii=True)

    @classmethod
    def from_json(cls, text: str) -> Correction:
        r"""Return the correction in JSON from `to_json`.

        Raises:
            ValueError: If the text holds none.

        Example:
            >>> one = Correction("c", "2026-01-02T03:04:05Z", "eva", "p.jpg", "l1", "r",
            ...     CorrectionKind.TEXT, "acto", "acte", ((1.0, 2.0),))
            >>> Correction.from_json(one.to_json()) == one, "\n" in one.to_json()
            (True, False)
        """
        facts = json.loads(text)
        if not isinstance(facts, dict) or set(facts) != {field.name for field in fields(cls)}:
            raise ValueError("not a correction")
        lines = {name: _polyline(facts[name]) for name in ("baseline", "polygon")}
        texts = {name: value for name, value in facts.items() if name not in lines}
        if not all(isinstance(value, str) for value in texts.values()):
            raise ValueError("not a correction: a value is no text")
        return cls(**{**texts, **lines, "kind": CorrectionKind(facts["kind"])})


def _polyline(points: object) -> Polyline:
    try:
        return tuple((float(x), float(y)) for x, y in points)
    except TypeError:
        raise ValueError("not a correction: points are no pairs of numbers") from None
