"""Who may ask, and what an answer may do: the walls around all pages."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.web.config import MEGABYTE, ServeConfig

_SESSION, _TOKEN = "quire_session", "quire_token"
CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf-token"
# What a form has besides the file.
_FORM_BYTES = 100_000
# Of an empty style: the viewer adds one of its own unless there is one.
_EMPTY = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; script-src 'self'; style-src 'self' {_EMPTY}; "
    "img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """ASGI middleware: checks host, token and proxy, starts sessions, and adds headers.

    Args:
        app: What it guards.
        config: The settings.
    """

    def __init__(self, app: ASGIApp, config: ServeConfig):
        self._app, self._config = app, config
        # Sessions are known by this secret only; after a restart forms have to be loaded again.
        self._secret = secrets.token_bytes(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it through."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        request = Request(scope)
        session = request.cookies.get(_SESSION, "")
        is_new = not self._is_ours(session)
        session = self._new_session() if is_new else session
        scope["state"] = {
            **scope.get("state", {}),
            "csrf": self._csrf(session),
            "user": self._user(request),
        }
        cookies = [f"{_SESSION}={session}; Path=/; HttpOnly; SameSite=Lax"] if is_new else []

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
                for cookie in cookies:
                    headers.append("Set-Cookie", cookie)
            await send(message)

        refusal = self._refusal(request, cookies)
        await (refusal or self._app)(scope, self._limited(receive), guarded)

    def _limited(self, receive: Receive) -> Receive:
        """Return the body of a request, cut off where it is larger than any may be."""
        left = self._config.upload_limit_bytes + _FORM_BYTES

        async def limited() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, too_large(self._config))
            return message

        return limited

    def _refusal(self, request: Request, cookies: list[str]):
        config = self._config
        host = _host_of(request.headers.get("host", ""))
        if config.hosts and host not in config.hosts:
            return _refused(
                421, f"This page is not served as {host!r}; start serve with --allow_host {host}"
            )
        if request.url.path.startswith("/static/"):
            return None
        if config.user_header and not request.headers.get(config.user_header):
            return _refused(401, f"The proxy gives no user in {config.user_header}")
        if not config.token:
            return None
        given = parse_qs(request.url.query).get("token", [""])[0]
        if given and _same(given, config.token):
            cookies.append(f"{_TOKEN}={self._proof()}; Path=/; HttpOnly; SameSite=Lax")
            # The address bar, bookmarks and logs do not keep the token.
            rest = request.url.remove_query_params("token")
            return RedirectResponse(f"{rest.path}?{rest.query}".rstrip("?"), 303)
        if _same(request.cookies.get(_TOKEN, ""), self._proof()):
            return None
        return _refused(401, "Open the address with ?token=... that serve printed")

    def _user(self, request: Request) -> str:
        name = self._config.user_header
        return request.headers.get(name, "")[:200] if name else self._config.user

    def _proof(self) -> str:
        # Of the token alone, so that browsers need not give it again after a restart.
        return hmac.new(self._config.token.encode(), b"quire", hashlib.sha256).hexdigest()

    def _new_session(self) -> str:
        name = secrets.token_hex(16)
        return f"{name}.{self._sign('session', name)}"

    def _is_ours(self, session: str) -> bool:
        name, _, proof = session.partition(".")
        return _same(proof, self._sign("session", name))

    def _csrf(self, session: str) -> str:
        return self._sign("csrf", session)

    def _sign(self, purpose: str, text: str) -> str:
        return hmac.new(self._secret, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()


def too_large(config: ServeConfig) -> str:
    """Return the message about an upload that has too many bytes."""
    return (
        f"The file has more than {config.upload_limit_bytes // MEGABYTE} MB; "
        "give a smaller one, or transcribe it"
    )


def check_csrf(request: Request, form: Mapping[str, object]) -> None:
    """Check that a request that writes comes from one of our own pages.

    Args:
        request: The request, which came through `Guard`.
        form: Its fields.

    Raises:
        HTTPException: If it does not.
    """
    given = form.get(CSRF_FIELD) or request.headers.get(CSRF_HEADER) or ""
    if not isinstance(given, str) or not _same(given, request.state.csrf):
        raise HTTPException(403, "This form is out of date; load the page again")


def _host_of(header: str) -> str:
    """Return the host of a header `Host`, without the port.

    Example:
        >>> _host_of("LocalHost:8000"), _host_of("[::1]:8000"), _host_of("archive.org")
        ('localhost', '[::1]', 'archive.org')
    """
    header = header.strip().lower()
    if header.startswith("["):
        return header.partition("]")[0] + "]"
    return header.partition(":")[0]


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(), known.encode())


def _refused(status: int, text: str) -> PlainTextResponse:
    return PlainTextResponse(f"{text}\n", status)
