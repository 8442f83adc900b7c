"""Correct lines, one after the other; mark pages as done; and the lists of what to do next."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pipelines.corrections.log import Conflict
from pipelines.web.corrector import Corrector
from pipelines.web.guard import check_csrf
from pipelines.web.library import Library
from pipelines.web.page import ShownLine, lines_of
from pipelines.web.reading import page_of
from pipelines.web.shown import image_path, link, page_path, show
from schemas.corrections import Correction, CorrectionKind

_MOST_LETTERS = 2000
_LISTED = 50
# More than are shown: those that are done are known to the log.
_PAGES = """
SELECT page_key, page_uri, name, label, collection, lines_ok, confidence, cer_estimate
FROM pages WHERE status = 'ok' AND lines_ok > 0 AND ($collection = '' OR collection = $collection)
ORDER BY coalesce(cer_estimate, 1 - confidence, 1) DESC, rank LIMIT $limit
"""
_LINES = """
SELECT page_key, page_uri, name, label, lines.line_id, line_index, text, lines.confidence
FROM lines JOIN pages USING (page_key)
WHERE lines.run_id = reading_run AND ($collection = '' OR collection = $collection)
    AND page_uri NOT IN (SELECT unnest($done::VARCHAR[]))
    AND line_no NOT IN (SELECT line_no FROM corrected)
ORDER BY lines.confidence, rank, line_index LIMIT $limit
"""
_COUNTS = """
SELECT collection, count(*) FILTER (status = 'ok') AS pages,
    coalesce(sum(lines_ok), 0)::BIGINT AS lines, coalesce(sum(seen), 0)::BIGINT AS seen,
    count(*) FILTER (page_uri IN (SELECT unnest($done::VARCHAR[]))) AS done
FROM pages LEFT JOIN (
    SELECT page_key, count(*) AS seen FROM corrected JOIN lines USING (line_no) GROUP BY page_key
) USING (page_key)
GROUP BY collection ORDER BY collection
"""


def work(request: Request) -> Response:
    """Show what to correct next."""
    library: Library = request.app.state.library
    corrector: Corrector = request.app.state.corrector
    collection = request.query_params.get("collection", "")
    done = corrector.pages_done()
    values = {"collection": collection}
    pages = library.search(_PAGES, values | {"limit": _LISTED + len(done)})
    return show(
        request,
        "work.html",
        collection=collection,
        counts=library.search(_COUNTS, {"done": list(done)}),
        pages=[row for row in pages if row["page_uri"] not in done][:_LISTED],
        lines=library.search(_LINES, values | {"limit": _LISTED, "done": list(done)}),
    )


def edit(request: Request) -> Response:
    """Return the form for a line."""
    page, line = _line(request)
    return _form(request, page, line, given=request.query_params)


def line_row(request: Request) -> Response:
    """Return a line without the form."""
    page, line = _line(request)
    if request.headers.get("hx-request") != "true":
        return RedirectResponse(f"{page_path(page)}#line-{line.number}", 303)
    return _row(request, page, line)


async def save(request: Request) -> Response:
    """Write a correction of a line, and go on to the next."""
    form = await _checked_form(request)
    return await run_in_threadpool(_save, request, form)


def _save(request: Request, form: dict[str, str]) -> Response:
    page, line = _line(request)
    kind, text = _kind(form), " ".join(form.get("text", "").split())
    if kind.is_of_page:
        raise HTTPException(400, "A line cannot be marked so")
    if len(text) > _MOST_LETTERS:
        problem = f"A line has at most {_MOST_LETTERS:,} letters; this is more"
        return _form(request, page, line, text, problem, 422, given=form)
    before = request.app.state.corrector.of_line(page, line)
    correction = Correction(
        "",
        "",
        request.state.user,
        page["page_uri"],
        line.line_id,
        page["reading_run"],
        kind,
        before.text if before and before.kind is CorrectionKind.TEXT else line.text,
        text if kind is CorrectionKind.TEXT else "",
        line.baseline,
        line.polygon,
        "web",
        sample="random" if form.get("sample") else "",
    )
    try:
        request.app.state.corrector.append(correction, form.get("seen", ""))
    except Conflict as conflict:
        newer = conflict.newer
        # Enter that was pressed twice says the same twice.
        if (newer.author, newer.kind, newer.text) != (request.state.user, kind, correction.text):
            problem = f"{newer.author} corrected this line meanwhile; save again to keep yours"
            return _form(request, page, line, text, problem, 409, newer, form)
    except OSError as error:
        problem = f"It could not be saved ({error.strerror or error}); your text is still here"
        return _form(request, page, line, text, problem, 507, given=form)
    if form.get("sample"):
        return RedirectResponse(link("/sample/next", collection=form.get("collection")), 303)
    here = page_path(page)
    if request.headers.get("hx-request") != "true":
        return RedirectResponse(f"{here}?edit={line.index + 1}#line-{line.number + 1}", 303)
    answer = _row(request, page, line)
    answer.headers["HX-Trigger"] = json.dumps({"quireNext": {"line": line.index + 1}})
    return answer


async def set_state(request: Request) -> Response:
    """Mark a page as done, or as open again."""
    form = await _checked_form(request)
    return await run_in_threadpool(_set_state, request, form)


def _set_state(request: Request, form: dict[str, str]) -> Response:
    page, kind = page_of(request), _kind(form)
    if not kind.is_of_page:
        raise HTTPException(400, "A page cannot be marked so")
    correction = Correction(
        "", "", request.state.user, page["page_uri"], "", page["reading_run"], kind, source="web"
    )
    try:
        request.app.state.corrector.append(correction, form.get("seen", ""))
    except Conflict as conflict:
        said = "done" if conflict.newer.kind is CorrectionKind.PAGE_DONE else "open again"
        raise HTTPException(
            409, f"{conflict.newer.author} marked this page as {said} meanwhile; look at it again"
        ) from None
    except OSError as error:
        raise HTTPException(507, f"It could not be saved ({error.strerror or error})") from None
    return RedirectResponse(page_path(page), 303)


async def _checked_form(request: Request) -> dict[str, str]:
    async with request.form(max_files=0, max_fields=10) as form:
        check_csrf(request, form)
        return {name: value for name, value in form.items() if isinstance(value, str)}


def _kind(form: dict[str, str]) -> CorrectionKind:
    try:
        return CorrectionKind(form.get("kind") or CorrectionKind.TEXT.value)
    except ValueError:
        raise HTTPException(400, "There is no such mark") from None


def _line(request: Request) -> tuple[dict, ShownLine]:
    page, index = page_of(request), request.path_params["index"]
    for line in lines_of(request.app.state.library, page):
        if line.index == index:
            return page, line
    raise HTTPException(404, "There is no such line on this page")


def _row(request: Request, page: dict, line: ShownLine) -> Response:
    fix = request.app.state.corrector.of_line(page, line)
    return show(request, "line_row.html", line=line, fix=fix, here=page_path(page))


def _form(
    request: Request,
    page: dict,
    line: ShownLine,
    text: str | None = None,
    problem: str = "",
    status: int = 200,
    newer: Correction | None = None,
    given: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    """Return the form for a line; in a sample, or without JavaScript, on a page of its own."""
    fix = newer or request.app.state.corrector.of_line(page, line)
    template = "line_form.html" if request.headers.get("hx-request") == "true" else "line_page.html"
    return show(
        request,
        template,
        status,
        page=page,
        line=line,
        in_sample=bool(given.get("sample")),
        collection=given.get("collection", ""),
        fix=fix,
        here=page_path(page),
        image=image_path(page),
        specials=request.app.state.library.specials(),
        text=text,
        problem=problem,
        newer=newer,
        seen=request.app.state.corrector.newest_id(page["page_uri"], line.line_id),
    )
