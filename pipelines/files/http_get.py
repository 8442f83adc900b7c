"""One HTTP GET: http and https alone, bounded in time and size, every fault one error."""

from __future__ import annotations

import io
import socket
import ssl
import time
import zlib
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPException, HTTPResponse
from urllib.error import HTTPError, URLError
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from pipelines.files.pace import retry_after_s
from pipelines.formats.addresses import clean_address
from schemas import VERSION

# Too early, too many, or the server's own trouble.
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_CURES = {
    401: "ask the library for access",
    403: "ask the library for access",
    404: "check the address",
    410: "check the address",
}
_CHUNK_BYTES = 65_536
_HEADERS = {
    "User-Agent": f"Quire/{VERSION}",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
}


@dataclass(frozen=True)
class Answer:
    """What a server sent.

    Attributes:
        data: The content.
        content_type: What the server calls it, in lower case, without parameters.
        address: Where it came from in the end.
    """

    data: bytes
    content_type: str
    address: str


class FetchError(OSError):
    """Something on the web that was not to be had.

    Attributes:
        is_transient: Whether the cause may pass: the server is busy, silent or broken off.
        attempts: How often it was asked for.
        status: Status of the answer; 0 where there was none.
        retry_after_s: How long the server asks to be left alone.
    """

    def __init__(
        self,
        message: str,
        is_transient: bool = False,
        attempts: int = 1,
        status: int = 0,
        retry_after_s: float = 0.0,
    ):
        super().__init__(message)
        self.is_transient = is_transient
        self.attempts = attempts
        self.status = status
        self.retry_after_s = retry_after_s

    def after(self, attempts: int) -> FetchError:
        """Give the same error after some attempts."""
        times = f" ({attempts} attempts)" if attempts > 1 else ""
        return FetchError(
            f"{self}{times}", self.is_transient, attempts, self.status, self.retry_after_s
        )


def get(address: str, largest_bytes: int, timeout_s: float, longest_s: float) -> Answer:
    """Ask for an address once.

    Args:
        address: One of http or https.
        largest_bytes: Most that is taken.
        timeout_s: Longest silence.
        longest_s: Longest time for all of the answer.

    Returns:
        The answer.

    Raises:
        FetchError: If there is none with status 200 that is whole.
    """
    until = time.monotonic() + longest_s
    try:
        with _opener().open(_request(address), timeout=timeout_s) as response:
            data = _read(response, largest_bytes, until)
            kind = response.headers.get_content_type().lower()
            return Answer(data, kind, response.geturl())
    except HTTPError as error:
        error.close()
        raise _refused(address, error) from None
    except FetchError as error:
        error.args = (f"{address}: {error}",)
        raise
    except (OSError, HTTPException) as error:
        raise _unreachable(address, error) from None
    except ValueError as error:
        # Of a redirect that leads nowhere; urllib names no cure.
        cure = "" if ";" in str(error) else "; check the address"
        raise FetchError(f"{address}: {error}{cure}") from None


def _request(address: str) -> Request:
    # The address is http or https, or raises.
    return Request(clean_address(address), headers=_HEADERS)  # noqa: S310


class _Redirects(HTTPRedirectHandler):
    """Follow to http and https, and not for ever."""

    max_redirections = 5
    max_repeats = 2

    def redirect_request(self, request, body, code, message, headers, address):
        """Make the request that follows."""
        # The caller would read to the end what comes with the redirect, which may have none.
        body.close()
        return _request(address)

    # Python 3.10 does not know it yet.
    http_error_308 = HTTPRedirectHandler.http_error_302


# The certificates are read once, not for every page.
@lru_cache(maxsize=1)
def _opener() -> OpenerDirector:
    """Make an opener without urllib's handlers for files, FTP and data."""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        HTTPHandler(),
        HTTPSHandler(context=ssl.create_default_context()),
        _Redirects(),
        HTTPDefaultErrorHandler(),
        HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def _read(response: HTTPResponse, largest_bytes: int, until: float) -> bytes:
    """Read an answer; it may come byte by byte, and claim any length."""
    claimed = response.headers.get("Content-Length", "")
    stated = int(claimed) if claimed.isascii() and claimed.isdigit() else None
    too_large = FetchError(f"answer is larger than {largest_bytes / 1e6:.0f} MB; fetch it by hand")
    if stated is not None and stated > largest_bytes:
        raise too_large
    content = io.BytesIO()
    while chunk := response.read1(_CHUNK_BYTES):
        content.write(chunk)
        if content.tell() > largest_bytes:
            raise too_large
        if time.monotonic() > until:
            raise FetchError("answer takes too long; run again", is_transient=True)
    if stated is not None and content.tell() < stated:
        message = f"answer broke off after {content.tell()} of {stated} bytes; run again"
        raise FetchError(message, is_transient=True)
    data = content.getvalue()
    if response.headers.get("Content-Encoding", "").strip().lower() in ("gzip", "x-gzip"):
        return _gunzip(data, largest_bytes, too_large)
    return data


def _gunzip(data: bytes, largest_bytes: int, too_large: FetchError) -> bytes:
    """Unpack what a server packed without being asked to."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(data, largest_bytes + 1)
    except zlib.error:
        raise FetchError("answer is packed and broken; run again", is_transient=True) from None
    if len(content) > largest_bytes:
        raise too_large
    if not unpacker.eof:
        raise FetchError("answer is packed and cut off; run again", is_transient=True)
    return content


def _refused(address: str, error: HTTPError) -> FetchError:
    is_transient = error.code in _TRANSIENT
    cure = "run again later" if is_transient else _CURES.get(error.code, "check the address")
    # What the server says of itself may be anything; its first line will do.
    reason = " ".join(str(error.reason).split())[:80]
    if 300 <= error.code < 400:
        reason = "redirects without end, or where it may not"
    return FetchError(
        f"{address}: HTTP {error.code} {reason}; {cure}",
        is_transient,
        status=error.code,
        retry_after_s=retry_after_s(error.headers.get("Retry-After")),
    )


def _unreachable(address: str, error: Exception) -> FetchError:
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        text = f"certificate is not accepted ({reason.verify_message}); check the address"
        return FetchError(f"{address}: {text}")
    if isinstance(reason, socket.gaierror) and reason.errno == socket.EAI_NONAME:
        return FetchError(f"{address}: no such host; check the address")
    if isinstance(reason, TimeoutError):
        text = "server is silent"
    else:
        text = f"connection failed ({str(reason)[:200] or type(reason).__name__})"
    return FetchError(f"{address}: {text}; run again later", is_transient=True)
