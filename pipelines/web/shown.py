"""Templates, and how they write numbers, times and links."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

_HERE = Path(__file__).parent
STATIC = _HERE / "static"


def key_text(key: int) -> str:
    """Return the key of a page as links have it.

    Example:
        >>> key_text(255)
        '00000000000000ff'
    """
    return f"{key:016x}"


def page_path(page: Mapping[str, object]) -> str:
    """Return the address of a page, by a row that has its key.

    Example:
        >>> page_path({"page_key": 255})
        '/page/00000000000000ff'
    """
    return f"/page/{key_text(page['page_key'])}"


def image_path(page: Mapping[str, object]) -> str:
    """Return the start of the addresses of the image of a page, as `page_path`."""
    return f"/image/{key_text(page['page_key'])}"


def percent(share: float | None, digits: int = 0) -> str:
    """Return a share as text; a dash for None.

    Example:
        >>> percent(0.0312, 1), percent(None)
        ('3.1 %', '–')
    """
    return "–" if share is None else f"{share * 100:.{digits}f} %"


def moment(seconds: float | None) -> str:
    """Return a time, UTC; a dash for None.

    Example:
        >>> moment(0)
        '1970-01-01 00:00'
    """
    if seconds is None:
        return "–"
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M")


def link(path: str, **values: object) -> str:
    """Return a link with values; those that are empty are left out.

    Example:
        >>> link("/search", q="né", page=None)
        '/search?q=n%C3%A9'
    """
    given = {name: value for name, value in values.items() if value not in (None, "", 0)}
    return f"{path}?{urlencode(given)}" if given else path


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "key": key_text, "percent": percent, "moment": moment, "count": "{:,}".format
    }  # fmt: skip
    environment.globals["link"] = link
    return environment


_TEMPLATES = _environment()


def show(request: Request, template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Return a page.

    Args:
        request: The request.
        template: Name of the template.
        status: Of the answer.
        values: What it shows.
    """
    shared = {
        "path": request.url.path,
        "csrf": request.state.csrf,
        "user": request.state.user,
        "notice": request.app.state.library.problem,
    }
    html = _TEMPLATES.get_template(template).render(**shared, **values)
    return HTMLResponse(html, status)
