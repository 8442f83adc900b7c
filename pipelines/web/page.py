"""A page with its lines, as a template shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from pipelines.transcripts.tables import to_polyline
from pipelines.web.library import Library
from pipelines.web.pictures import box_around
from schemas.records import Polyline

# A letter with a lower probability is tinted, and a much lower one more.
DOUBTFUL, VERY_DOUBTFUL = 0.8, 0.55
_PAGE = "SELECT * FROM pages WHERE page_key = $key"
_AROUND = """
SELECT page_key, name, label, rank FROM pages
WHERE folder = $folder AND collection = $collection AND status = 'ok' AND rank {side} $rank
ORDER BY rank {order} LIMIT 1
"""
_LINES = """
SELECT line_id, line_index, text, confidence, baseline, polygon, warnings, direction, region_type,
    [c.text FOR c IN characters] AS letters,
    [c.confidence FOR c IN characters] AS confidences,
    [[a.text FOR a IN c.alternatives] FOR c IN characters] AS others,
    [a.text FOR a IN alternatives] AS readings
FROM all_lines WHERE page_uri = $uri AND run_id = $run ORDER BY line_index
"""
_READINGS = """
SELECT coalesce(all_pages.read_run_id, all_pages.run_id) AS run_id,
    any_value(epoch(runs.started)) AS started, any_value(runs.model) AS model,
    any_value(runs.model_digest) AS model_digest, any_value(all_pages.confidence) AS confidence,
    any_value(all_pages.cer_estimate) AS cer_estimate
FROM all_pages JOIN runs ON runs.run_id = coalesce(all_pages.read_run_id, all_pages.run_id)
WHERE page_uri = $uri AND all_pages.status = 'ok'
GROUP BY ALL ORDER BY 1 DESC
"""


@dataclass(frozen=True)
class Piece:
    """Letters of a line that are shown alike.

    Attributes:
        text: The letters.
        doubt: 0 for sure, 1 for doubtful, 2 for very doubtful.
        others: What they may be instead, in words; may be empty.
    """

    text: str
    doubt: int = 0
    others: str = ""


@dataclass(frozen=True)
class ShownLine:
    """A line of a page.

    Attributes:
        line_id: Its identifier.
        index: Place in the reading order, from 0.
        text: What was read.
        confidence: Mean of its characters.
        pieces: The text with its doubts.
        polygon: Outline in pixels; may be empty.
        baseline: In pixels; may be empty.
        warnings: Of its image.
        readings: The model's other readings, the most probable first.
        direction: 'rtl' or 'ltr' if stated; else empty.
        hint: The text with its spelling corrected; empty if that is the same.
        error: Why it could not be read; empty if it was.
    """

    line_id: str
    index: int
    text: str
    confidence: float
    pieces: tuple[Piece, ...] = ()
    polygon: Polyline = ()
    baseline: Polyline = ()
    warnings: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()
    direction: str = ""
    hint: str = ""
    error: str = ""

    @property
    def number(self) -> int:
        """Place in the reading order, from 1."""
        return self.index + 1

    @property
    def points(self) -> str:
        """Its outline as SVG has it; where there is none, a stripe above the baseline."""
        points = self.polygon or tuple(self.baseline) + tuple(
            (x, y - 40) for x, y in reversed(self.baseline)
        )
        return " ".join(f"{x:.0f},{y:.0f}" for x, y in points)

    @property
    def box(self) -> tuple[int, int, int, int] | None:
        """The rectangle around it, with a margin; None for the whole image."""
        if self.polygon:
            return box_around(self.polygon, 0.15)
        return box_around([*self.baseline, *((x, y - 60) for x, y in self.baseline)], 0.3)

    def stretch(self, start: float, stop: float) -> tuple[int, int]:
        """Return from where to where a part of its text may be, in pixels of the page.

        Args:
            start: Share of the letters before the part.
            stop: Share of the letters to its end.
        """
        xs = [x for x, _ in self.baseline or self.polygon] or [0.0]
        width = max(xs) - min(xs)
        from_px, to_px = int(min(xs) + start * width), int(min(xs) + stop * width)
        return (from_px, to_px) if self.direction != "rtl" else (
            int(max(xs) - stop * width), int(max(xs) - start * width)
        )  # fmt: skip


def find_page(library: Library, key: int) -> dict | None:
    """Return the row of a page; None if there is none."""
    rows = library.search(_PAGE, {"key": key})
    return rows[0] if rows else None


def neighbours(library: Library, page: dict) -> tuple[dict | None, dict | None]:
    """Return the pages before and after a page in its document."""
    found = []
    for side, order in (("<", "DESC"), (">", "ASC")):
        values = {name: page[name] for name in ("folder", "collection", "rank")}
        rows = library.search(_AROUND.format(side=side, order=order), values)
        found.append(rows[0] if rows else None)
    return found[0], found[1]


def readings_of(library: Library, page: dict) -> list[dict]:
    """Return the runs that read a page, the newest first."""
    return library.query(_READINGS, {"uri": page["page_uri"]})


def lines_of(library: Library, page: dict, run: str = "") -> list[ShownLine]:
    """Return the lines of a page, as a run read them; the one that counts if none is named."""
    values = {"uri": page["page_uri"], "run": run or page["reading_run"]}
    return [_line(row) for row in library.query(_LINES, values)]


def _line(row: dict) -> ShownLine:
    return ShownLine(
        row["line_id"],
        row["line_index"],
        row["text"],
        row["confidence"],
        pieces_of(row["text"], zip(row["letters"], row["confidences"], row["others"])),
        to_polyline(row["polygon"]),
        to_polyline(row["baseline"]),
        tuple(row["warnings"] or ()),
        tuple(reading for reading in row["readings"] or () if reading != row["text"]),
        row["direction"] or "",
    )


def pieces_of(
    text: str, characters: Iterable[tuple[str, float, Iterable[str]]]
) -> tuple[Piece, ...]:
    """Return a text in pieces, with the doubtful letters each on its own.

    Args:
        text: The text.
        characters: Letter, probability and alternatives of each.

    Example:
        >>> pieces_of("abc", [("a", 1.0, []), ("b", 0.5, ["h", ""]), ("c", 1.0, [])])[1]
        Piece(text='b', doubt=2, others='h, nothing')
    """
    pieces: list[Piece] = []
    for letter, confidence, others in characters:
        doubt = (confidence < DOUBTFUL) + (confidence < VERY_DOUBTFUL)
        # A tinted space says little, and there are many.
        if doubt and not letter.isspace():
            named = ", ".join({"": "nothing", " ": "a space"}.get(o, o) for o in others)
            pieces.append(Piece(letter, doubt, named))
        elif pieces and not pieces[-1].doubt:
            pieces[-1] = Piece(pieces[-1].text + letter)
        else:
            pieces.append(Piece(letter))
    # A text in another order than its characters is shown as it is.
    same = "".join(piece.text for piece in pieces) == text
    return tuple(pieces) if same else (Piece(text),)


def differences(old: str, new: str) -> list[tuple[str, str]]:
    """Return a text in parts: 'same', 'old' for what is no longer there, 'new' for what came.

    Example:
        >>> differences("le chat", "les chats")
        [('same', 'le'), ('new', 's'), ('same', ' chat'), ('new', 's')]
    """
    parts = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(("same", old[a:b]))
            continue
        parts.extend((name, part) for name, part in (("old", old[a:b]), ("new", new[c:d])) if part)
    return parts
