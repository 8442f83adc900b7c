"""A random sample of lines, asked one after the other, and the CER that it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from model.evaluation.sampled import LEAST_LINES, SampledRate, sampled_rate
from pipelines.transcripts.tables import edits
from pipelines.web.library import Library
from pipelines.web.shown import link, page_path, show
from schemas.corrections import CorrectionKind

LINES = 100
_TEXT = CorrectionKind.TEXT.value
# Lines in an order that depends on nothing but their names: each is as likely to be among the
# first, and lines that come later take their places among them.
_DRAWN = """
SELECT page_key, name, label, line_index, lines.text, corrected.kind, corrected.text AS said,
    corrected.author
FROM lines JOIN pages USING (page_key) LEFT JOIN corrected USING (line_no)
WHERE lines.run_id = reading_run AND ($collection = '' OR collection = $collection)
ORDER BY md5(page_uri || '/' || line_id), page_uri, line_id LIMIT $limit
"""


@dataclass(frozen=True)
class Sample:
    """The lines of a sample, and what people said of them.

    Attributes:
        lines: The lines as they were drawn, with what people said of them.
        seen: How many at the beginning were looked at, up to the first that was not. Lines that
            somebody chose to look at before their turn do not count, or the sample would not be
            one of chance.
        rate: The CER; None for too few lines.
    """

    lines: Sequence[dict]
    seen: int
    rate: SampledRate | None

    @property
    def next(self) -> dict | None:
        """The line that is asked next; None if all were."""
        return self.lines[self.seen] if self.seen < len(self.lines) else None

    @property
    def said(self) -> Sequence[dict]:
        """The lines that count."""
        return self.lines[: self.seen]

    @property
    def left_out(self) -> int:
        """Lines that nobody can read, or that are none; they do not count."""
        return sum(line["kind"] != _TEXT for line in self.said)


def draw_sample(library: Library, collection: str) -> Sample:
    """Return the sample of a collection.

    Args:
        library: The transcripts.
        collection: Its name; empty for all.
    """
    lines = library.search(_DRAWN, {"collection": collection, "limit": LINES})
    seen = next((place for place, line in enumerate(lines) if line["kind"] is None), len(lines))
    counted = [
        (edits(line["text"] or "", line["said"]), len(line["said"]))
        for line in lines[:seen]
        if line["kind"] == _TEXT
    ]
    return Sample(lines, seen, sampled_rate(*map(list, zip(*counted))) if counted else None)


def sample_page(request: Request) -> Response:
    """Show what the sample of a collection says."""
    collection = request.query_params.get("collection", "")
    sample = draw_sample(request.app.state.library, collection)
    return show(request, "sample.html", collection=collection, sample=sample, least=LEAST_LINES)


def next_line(request: Request) -> Response:
    """Go to the next line of the sample, or to what it says."""
    collection = request.query_params.get("collection", "")
    line = draw_sample(request.app.state.library, collection).next
    if line is None:
        return RedirectResponse(link("/sample", collection=collection), 303)
    edit = f"{page_path(line)}/line/{line['line_index']}/edit"
    return RedirectResponse(f"{edit}?{sample_query(collection)}", 303)


def sample_query(collection: str) -> str:
    """Return the query of a form that belongs to a sample.

    Example:
        >>> sample_query("a b")
        'sample=1&collection=a+b'
    """
    return link("", sample=1, collection=collection)[1:]
