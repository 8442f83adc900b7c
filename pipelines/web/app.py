"""The web application: which address shows what, and what an error looks like."""

from __future__ import annotations

from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from pipelines.cli.options import UsageError
from pipelines.decoding.pool import start_decoder
from pipelines.web import correcting, overview, reading, sampling, searching, trying
from pipelines.web.config import ServeConfig
from pipelines.web.corrector import Corrector
from pipelines.web.guard import Guard
from pipelines.web.images import Images
from pipelines.web.library import Library, QueryTimeout
from pipelines.web.reader import Reader
from pipelines.web.shown import STATIC, show


def make_app(config: ServeConfig) -> Starlette:
    """Return the application.

    Args:
        config: The settings.

    Raises:
        UsageError: If the transcripts cannot be opened.
    """
    corrector = Corrector(config.transcripts)
    library = Library(config.transcripts, corrector.changes, config.cache, config.query_limit_s)
    # So that the first image need not wait for it.
    start_decoder()
    app = Starlette(
        routes=_routes(library),
        middleware=[Middleware(Guard, config=config)],
        exception_handlers={
            HTTPException: _error,
            QueryTimeout: _slow,
            UsageError: _damaged,
            OSError: _damaged,
            500: _broken,
        },
    )
    app.state.config, app.state.library = config, library
    app.state.reader, app.state.corrector = Reader(config), corrector
    app.state.images = Images(
        lambda: library.root, config.images_bytes, config.tiles_bytes, config.page_limit_s
    )
    return app


def _routes(library: Library) -> list[Route | Mount]:
    def page(path: str, endpoint) -> Route:
        return Route(path, partial(_fresh, library, endpoint))

    key = "{key:str}"
    return [
        page("/", overview.overview),
        page("/search", searching.search_page),
        page("/browse", searching.browse),
        page(f"/page/{key}", reading.read_page),
        page("/work", correcting.work),
        page("/sample", sampling.sample_page),
        page("/sample/next", sampling.next_line),
        Route(f"/page/{key}/line/{{index:int}}", correcting.line_row),
        Route(f"/page/{key}/line/{{index:int}}", correcting.save, methods=["POST"]),
        Route(f"/page/{key}/line/{{index:int}}/edit", correcting.edit),
        Route(f"/page/{key}/state", correcting.set_state, methods=["POST"]),
        Route(f"/page/{key}/download/{{format:str}}", reading.download),
        Route(f"/image/{key}/facts", reading.image_facts),
        Route(f"/image/{key}/{{size:str}}.jpg", reading.whole_image),
        Route(f"/image/{key}/line/{{index:int}}.jpg", reading.line_image),
        Route(f"/image/{key}/{{level:int}}/{{column:int}}_{{row:int}}.jpg", reading.tile),
        Route("/try", trying.form_page),
        Route("/try", trying.upload, methods=["POST"]),
        Route(f"/try/{key}", trying.result_page),
        Route(f"/try/{key}/forget", trying.forget, methods=["POST"]),
        Route(f"/try/{key}/download/{{format:str}}", trying.download),
        Route(f"/try/{key}/image/facts", trying.image_facts),
        Route(f"/try/{key}/image/whole.jpg", trying.whole_image),
        Route(f"/try/{key}/image/{{level:int}}/{{column:int}}_{{row:int}}.jpg", trying.tile),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]


def _fresh(library: Library, endpoint, request: Request) -> Response:
    """Answer after a look for new runs."""
    library.refresh()
    return endpoint(request)


def _error(request: Request, error: HTTPException) -> Response:
    return _told(request, error.status_code, error.detail)


def _slow(request: Request, error: QueryTimeout) -> Response:
    return _told(request, 503, str(error))


def _damaged(request: Request, error: Exception) -> Response:
    return _told(request, 500, str(error))


def _broken(request: Request, error: Exception) -> Response:
    # The error itself is in the log; it may name what a visitor need not know.
    return PlainTextResponse("Something went wrong; the log of serve says what.\n", 500)


def _told(request: Request, status: int, text: str) -> Response:
    if request.url.path.startswith("/image/"):
        return PlainTextResponse(f"{text}\n", status)
    return show(request, "error.html", status, code=status, text=text)
