"""Search in all transcripts, and look through documents and pages."""

from __future__ import annotations

from datetime import date

from starlette.requests import Request
from starlette.responses import Response

from pipelines.web.library import Library
from pipelines.web.search import FUZZINESS, HITS_A_PAGE, NEAR, Hit, Search, search
from pipelines.web.shown import show

_PAGES_A_PAGE = 48
_COLLECTIONS = "SELECT DISTINCT collection FROM pages ORDER BY collection"
_DOCUMENTS = """
SELECT collection, folder, count(*) AS pages, count(*) FILTER (status = 'failed') AS failed,
    coalesce(sum(lines_ok), 0)::BIGINT AS lines, avg(cer_estimate) AS cer_estimate,
    arg_min(page_key, rank) FILTER (status = 'ok') AS first_key, count(*) OVER () AS documents
FROM pages
WHERE status <> 'skipped' AND ($collection = '' OR collection = $collection)
GROUP BY collection, folder ORDER BY collection, folder
LIMIT 200 OFFSET $offset
"""
_PAGES = """
SELECT *, count(*) OVER () AS count FROM pages
WHERE status <> 'skipped' AND folder = $folder AND ($collection = '' OR collection = $collection)
ORDER BY rank LIMIT $limit OFFSET $offset
"""


def search_page(request: Request) -> Response:
    """Show the search and what it found."""
    library: Library = request.app.state.library
    wanted = _wanted(request)
    found = search(library, wanted)
    return show(
        request,
        "search.html",
        wanted=wanted,
        found=found,
        marked=[(hit, _marked(hit)) for hit in found.hits],
        collections=[row["collection"] for row in library.search(_COLLECTIONS)],
        first=(wanted.number - 1) * HITS_A_PAGE + 1,
        values=_values(wanted),
    )


def browse(request: Request) -> Response:
    """Show the documents; or the pages of one."""
    library: Library = request.app.state.library
    given = request.query_params
    collection, folder = given.get("collection", ""), given.get("document")
    number = _number(given.get("page"))
    if folder is None:
        values = {"collection": collection, "offset": (number - 1) * 200}
        documents = library.search(_DOCUMENTS, values)
        return show(
            request, "documents.html", documents=documents, collection=collection, number=number
        )
    values = {
        "collection": collection,
        "folder": folder,
        "limit": _PAGES_A_PAGE,
        "offset": (number - 1) * _PAGES_A_PAGE,
    }
    pages = library.search(_PAGES, values)
    count = pages[0]["count"] if pages else 0
    return show(
        request,
        "document.html",
        pages=pages,
        count=count,
        collection=collection,
        folder=folder,
        number=number,
        page_count=-(-count // _PAGES_A_PAGE),
    )


def _wanted(request: Request) -> Search:
    given = request.query_params
    fuzziness = given.get("how", NEAR)
    return Search(
        given.get("q", "")[:200],
        fuzziness if fuzziness in FUZZINESS else NEAR,
        given.get("collection", ""),
        given.get("document", ""),
        _share(given.get("least")),
        _day(given.get("since")),
        _day(given.get("until")),
        _number(given.get("page")),
    )


def _values(wanted: Search) -> dict[str, object]:
    """Return what the link to a search says, but for the page of the results."""
    return {
        "q": wanted.text,
        "how": "" if wanted.fuzziness == NEAR else wanted.fuzziness,
        "collection": wanted.collection,
        "document": wanted.document,
        "least": round(wanted.least_confidence * 100),
        "since": wanted.since,
        "until": wanted.until,
    }


def _marked(hit: Hit) -> list[tuple[str, bool]]:
    """Return the text of a hit in parts, and whether each is marked."""
    parts, place = [], 0
    for start, stop in hit.marks:
        parts += [(hit.text[place:start], False), (hit.text[start:stop], True)]
        place = stop
    return [part for part in (*parts, (hit.text[place:], False)) if part[0]]


def _number(text: str | None) -> int:
    return min(int(text), 10_000) if text and text.isascii() and text.isdigit() and int(text) else 1


def _share(text: str | None) -> float:
    """Return a percentage as a share; 0 where there is none.

    Example:
        >>> _share("85"), _share("x"), _share("400")
        (0.85, 0.0, 1.0)
    """
    is_number = bool(text) and text.isascii() and text.isdigit() and len(text) < 5
    return min(1.0, int(text) / 100) if is_number else 0.0


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
