"""Read a page: its image, its lines and their text; earlier readings; and downloads."""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pipelines.exporting.config import EXTENSIONS, ExportConfig
from pipelines.exporting.picture import read_picture
from pipelines.exporting.render import render
from pipelines.formats.page_text import Origin, PageText, normalise_page
from pipelines.formats.pdf.picture import Picture
from pipelines.formats.pdf.taken_page import TakenPage
from pipelines.pages.time_limit import within_time
from pipelines.transcripts.pages import page_with_lines, read_origin
from pipelines.web.corrector import Corrector
from pipelines.web.images import ImageGone, Images
from pipelines.web.library import Library
from pipelines.web.page import ShownLine, differences, find_page, lines_of, neighbours, readings_of
from pipelines.web.pictures import TILE_PX
from pipelines.web.shown import image_path, page_path, show
from schemas import VERSION

# What can be downloaded of a page, and its type.
DOWNLOADS = {
    "text": "text/plain; charset=utf-8",
    "page": "application/xml",
    "alto": "application/xml",
    "hocr": "text/html; charset=utf-8",
    "tei": "application/xml",
    "pdf": "application/pdf",
}
WHOLE_PX = 1600
_THUMB_PX, _LINE_PX = 320, (1400, 160)
_KEPT = {"Cache-Control": "private, max-age=3600"}


def page_of(request: Request) -> dict:
    """Return the row of the page that a request names by its key.

    Raises:
        HTTPException: If there is none.
    """
    key = request.path_params["key"]
    is_key = len(key) == 16 and key.isascii() and key.isalnum() and key == key.lower()
    try:
        page = find_page(request.app.state.library, int(key, 16)) if is_key else None
    except ValueError:
        page = None
    if page is None:
        raise HTTPException(404, "There is no such page in the transcripts")
    return page


def read_page(request: Request) -> Response:
    """Show a page."""
    library: Library = request.app.state.library
    images: Images = request.app.state.images
    page, given = page_of(request), request.query_params
    readings = readings_of(library, page)
    runs = {reading["run_id"] for reading in readings}
    run = given.get("run", "") if given.get("run") in runs else page["reading_run"]
    against = given.get("against", "") if given.get("against") in runs else ""
    before, after = neighbours(library, page)
    lines = lines_of(library, page, run)
    corrector = request.app.state.corrector
    # Only the reading that counts can be corrected.
    is_newest, edited = run == page["reading_run"], _edited(given.get("edit", ""))
    return show(
        request,
        "page.html",
        page=page,
        lines=lines,
        image_problem=images.problem(page) if page["status"] == "ok" else "",
        image=image_path(page),
        before=before,
        after=after,
        readings=readings,
        run=run,
        against=against,
        changes=_changes(lines, lines_of(library, page, against)) if against else {},
        downloads=list(DOWNLOADS),
        can_correct=is_newest,
        edited=edited if is_newest else -1,
        here=page_path(page),
        fixes=corrector.of_lines(page, lines) if is_newest else {},
        state=corrector.of_page(page["page_uri"]),
        specials=library.specials(),
        seen=_seen(corrector, page, lines, edited),
    )


def _seen(corrector: Corrector, page: dict, lines: list[ShownLine], edited: int) -> str:
    """Return the newest correction of the line that is corrected; empty for none."""
    names = [line.line_id for line in lines if line.index == edited]
    return corrector.newest_id(page["page_uri"], names[0]) if names else ""


def _edited(text: str) -> int:
    """Return the line to correct, from 0; -1 for none."""
    return int(text) if re.fullmatch("[0-9]{1,6}", text) else -1


def _changes(lines, others) -> dict[str, list[tuple[str, str]]]:
    """Return what changed since another reading, by line."""
    texts = {line.line_id: line.text for line in others}
    return {
        line.line_id: differences(texts[line.line_id], line.text)
        for line in lines
        if texts.get(line.line_id, line.text) != line.text
    }


def download(request: Request) -> Response:
    """Return a page as a file, as people corrected it."""
    library: Library = request.app.state.library
    page, name = page_of(request), request.path_params["format"]
    if name not in DOWNLOADS:
        raise HTTPException(404, f"A page cannot be downloaded as {name}")
    with library.cursor() as cursor:
        found = page_with_lines(cursor, page["page_uri"])
        origin = read_origin(cursor, VERSION)
    if not isinstance(found, PageText):
        raise HTTPException(404, "This page was not read, so there is nothing to download")
    found = request.app.state.corrector.corrected(page, found, lines_of(library, page))
    limit_s = request.app.state.config.page_limit_s
    return file_of_page(found, name, origin, lambda: within_time(limit_s, read_picture, found))


def file_of_page(
    page: PageText, name: str, origin: Origin, read: Callable[[], Picture | TakenPage]
) -> Response:
    """Return a page as a file of a format.

    Args:
        page: The page.
        name: One of `DOWNLOADS`.
        origin: Where its text comes from.
        read: Returns its picture.

    Raises:
        HTTPException: If it cannot be written.
    """
    stem = page.image_name.rpartition(".")[0] or page.image_name
    try:
        picture = read() if name == "pdf" else None
        config = ExportConfig("", "", (name,))
        data = render(normalise_page(page), name, picture, stem, config, origin)
    except (OSError, ValueError) as error:
        raise HTTPException(409, f"{name} cannot be written: {error}") from None
    return attached(data, f"{stem}{EXTENSIONS[name]}", DOWNLOADS[name])


def attached(data: bytes, name: str, kind: str) -> Response:
    """Return a file to be saved under a name."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)
    return Response(
        data, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{plain}"'}
    )


def image_facts(request: Request) -> Response:
    """Return the size of the image of a page, as the viewer asks for it."""
    page = page_of(request)
    try:
        pyramid = request.app.state.images.pyramid(page)
    except ImageGone as error:
        return JSONResponse({"error": str(error)}, 404)
    return JSONResponse(viewer_facts(pyramid))


def viewer_facts(pyramid) -> dict:
    """Return what the viewer has to know of an image."""
    width_px, height_px = pyramid.size_px
    return {
        "width": width_px, "height": height_px, "levels": pyramid.level_count, "tile": TILE_PX
    }  # fmt: skip


def tile(request: Request) -> Response:
    """Return a tile of the image of a page."""
    level, column, row = (request.path_params[name] for name in ("level", "column", "row"))
    key = ("tile", level, column, row)
    return _jpeg(request, key, lambda pyramid: pyramid.tile(level, column, row))


def whole_image(request: Request) -> Response:
    """Return the image of a page, reduced to a picture of a page, or for a list of pages."""
    most_px = _THUMB_PX if request.path_params["size"] == "small" else WHOLE_PX
    return _jpeg(request, ("whole", most_px), lambda pyramid: pyramid.whole(most_px))


def line_image(request: Request) -> Response:
    """Return a line of a page, cut out of its image."""
    index = request.path_params["index"]
    marks = _marks(request)
    library: Library = request.app.state.library

    def cut(pyramid) -> bytes | None:
        rows = [line for line in lines_of(library, page_of(request)) if line.index == index]
        if not rows:
            return None
        width_px, height_px = pyramid.size_px
        box = rows[0].box or (0, 0, width_px, height_px)
        return pyramid.cut(box, *_LINE_PX, [rows[0].stretch(*mark) for mark in marks])

    return _jpeg(request, ("line", index, marks), cut)


def _marks(request: Request) -> tuple[tuple[float, float], ...]:
    """Return the parts of a line to mark, as shares of its text: `marks=3-7,9-12&of=40`."""
    given = request.query_params
    length = given.get("of", "")
    if not re.fullmatch("[1-9][0-9]{0,3}", length):
        return ()
    found = re.findall("([0-9]{1,4})-([0-9]{1,4})", given.get("marks", "")[:100])
    return tuple((int(start) / int(length), int(stop) / int(length)) for start, stop in found)


def _jpeg(request: Request, key: tuple, make) -> Response:
    page = page_of(request)
    if page["status"] != "ok":
        raise HTTPException(404, "This page was not read")
    try:
        data = request.app.state.images.piece(page, (page["reading_run"], *key), make)
    except (ImageGone, ValueError) as error:
        raise HTTPException(404, str(error)) from None
    if not data:
        raise HTTPException(404, "There is no such part of the image")
    return Response(data, media_type="image/jpeg", headers=_KEPT)
