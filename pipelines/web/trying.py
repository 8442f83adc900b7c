"""Try it: read a picture that a visitor gives, and forget it after a while."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from model.recogniser.prediction import WHOLE
from pipelines.cli.options import UsageError
from pipelines.web.guard import check_csrf, too_large
from pipelines.web.reader import Busy, Result
from pipelines.web.reading import DOWNLOADS, WHOLE_PX, file_of_page, viewer_facts
from pipelines.web.shown import show

_EXPIRED = "This result is no longer kept; give the picture again"


def form_page(request: Request) -> Response:
    """Show where to give a picture."""
    return _form(request)


async def upload(request: Request) -> Response:
    """Read a picture, and lead to what was read."""
    async with request.form(max_files=1, max_fields=5) as form:
        check_csrf(request, form)
        file = form.get("picture")
        if not isinstance(file, UploadFile) or not file.filename:
            return _form(request, "Choose a picture first", 400)
        config = request.app.state.config
        if (file.size or 0) > config.upload_limit_bytes:
            raise HTTPException(413, too_large(config))
        name, data = file.filename[:200], await file.read()
    try:
        key = await run_in_threadpool(request.app.state.reader.read, name, data)
    except Busy as error:
        return _form(request, f"{str(error).capitalize()}", 429)
    except UsageError as error:
        raise HTTPException(500, str(error)) from None
    except (OSError, ValueError) as error:
        return _form(request, f"{name}: {error}", 422)
    return RedirectResponse(f"/try/{key}", 303)


def _form(request: Request, problem: str = "", status: int = 200) -> Response:
    config = request.app.state.config
    return show(request, "try.html", status, problem=problem, config=config)


def _result(request: Request) -> Result:
    found = request.app.state.reader.result(request.path_params["key"])
    if found is None:
        raise HTTPException(404, _EXPIRED)
    return found


def result_page(request: Request) -> Response:
    """Show what was read."""
    result = _result(request)
    return show(
        request,
        "result.html",
        result=result,
        key=request.path_params["key"],
        warnings=() if result.prediction.source == WHOLE else result.prediction.quality.warnings(),
        downloads=list(DOWNLOADS),
    )


async def forget(request: Request) -> Response:
    """Forget a result at once."""
    async with request.form(max_files=0, max_fields=5) as form:
        check_csrf(request, form)
    request.app.state.reader.forget(request.path_params["key"])
    return RedirectResponse("/try", 303)


def download(request: Request) -> Response:
    """Return what was read as a file."""
    result, name = _result(request), request.path_params["format"]
    if name not in DOWNLOADS:
        raise HTTPException(404, f"A page cannot be downloaded as {name}")
    return file_of_page(result.page(), name, result.origin, result.picture)


def image_facts(request: Request) -> Response:
    """Return the size of the picture."""
    return JSONResponse(viewer_facts(_result(request).pyramid))


def whole_image(request: Request) -> Response:
    """Return the picture, reduced."""
    return Response(_result(request).pyramid.whole(WHOLE_PX), media_type="image/jpeg")


def tile(request: Request) -> Response:
    """Return a tile of the picture."""
    places = (request.path_params[name] for name in ("level", "column", "row"))
    data = _result(request).pyramid.tile(*places)
    if data is None:
        raise HTTPException(404, "There is no such part of the image")
    return Response(data, media_type="image/jpeg")
