"""One HTTP GET over http or https, limited in time and size; every failure is a `FetchError`."""

from __future__ import annotations

import io
import socket
import ssl
import zlib
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPException, HTTPResponse
from urllib.error import HTTPError, URLError
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPRedirectHandler,
    OpenerDirector,
    ProxyHandler,
)

from pipelines.files.connections import (
    Deadline,
    GuardedHTTPHandler,
    GuardedHTTPSHandler,
    GuardedRequest,
    NotAllowed,
)
from pipelines.files.hosts import HostRules
from pipelines.files.pace import retry_after_s
from pipelines.formats.addresses import clean_address
from schemas import VERSION

# Too early, too many requests, or a problem of the server itself.
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_CURES = {
    401: "ask the library for access",
    403: "ask the library for access",
    404: "check the address",
    410: "check the address",
}
_CHUNK_BYTES = 65_536
ANY_HOST = HostRules()
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
        address: Where it came from after redirects.
    """

    data: bytes
    content_type: str
    address: str


class FetchError(OSError):
    """A request that failed.

    Attributes:
        is_transient: Whether a later attempt may succeed: the server is busy, does not respond
            or broke off.
        attempts: How often it was requested.
        status: HTTP status; 0 where there was no answer.
        retry_after_s: How long the server asks clients to wait.
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
        """Return the same error with the number of attempts."""
        times = f" ({attempts} attempts)" if attempts > 1 else ""
        return FetchError(
            f"{self}{times}", self.is_transient, attempts, self.status, self.retry_after_s
        )


def get(
    address: str,
    largest_bytes: int,
    timeout_s: float,
    longest_s: float,
    rules: HostRules = ANY_HOST,
) -> Answer:
    """Request an address once.

    Args:
        address: An http or https address.
        largest_bytes: Size limit of the answer.
        timeout_s: Longest time without any data.
        longest_s: Longest time for the whole request, with redirects and all that a server sends
            before the answer.
        rules: Which hosts may be asked, also by redirects.

    Returns:
        The answer.

    Raises:
        FetchError: If there is no complete answer with status 200.
    """
    with Deadline(longest_s) as deadline:
        try:
            answer = _get(address, largest_bytes, timeout_s, rules, deadline)
        except FetchError:
            if not deadline.is_over:
                raise
        if deadline.is_over:
            # What was read may be cut off there.
            raise FetchError(f"{address}: answer takes too long; run again", is_transient=True)
        return answer


def _get(
    address: str, largest_bytes: int, timeout_s: float, rules: HostRules, deadline: Deadline
) -> Answer:
    try:
        request = _request(address, rules, deadline)
        with _opener().open(request, timeout=timeout_s) as response:
            data = _read(response, largest_bytes)
            kind = response.headers.get_content_type().lower()
            return Answer(data, kind, response.geturl())
    except NotAllowed as error:
        raise FetchError(f"{address}: {error}") from None
    except HTTPError as error:
        error.close()
        raise _refused(address, error) from None
    except FetchError as error:
        error.args = (f"{address}: {error}",)
        raise
    except (OSError, HTTPException) as error:
        raise _unreachable(address, error) from None
    except ValueError as error:
        # Raised for a redirect to a bad address; the messages of urllib name no cure.
        cure = "" if ";" in str(error) else "; check the address"
        raise FetchError(f"{address}: {error}{cure}") from None


def _request(address: str, rules: HostRules, deadline: Deadline) -> GuardedRequest:
    # `clean_address` accepts only http and https.
    return GuardedRequest(clean_address(address), _HEADERS, rules, deadline)


class _Redirects(HTTPRedirectHandler):
    """Follow a limited number of redirects, to http and https only."""

    max_redirections = 5
    max_repeats = 2

    def redirect_request(self, request, body, code, message, headers, address):
        """Return the request to the new address."""
        # The caller would read the body of the redirect to its end, which may never come.
        body.close()
        return _request(address, request.rules, request.deadline)

    # Python 3.10 does not handle 308 yet.
    http_error_308 = HTTPRedirectHandler.http_error_302


# The certificates are read once, not for every page.
@lru_cache(maxsize=1)
def _opener() -> OpenerDirector:
    """Return an opener without urllib's handlers for files, FTP and data."""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        GuardedHTTPHandler(),
        GuardedHTTPSHandler(ssl.create_default_context()),
        _Redirects(),
        HTTPDefaultErrorHandler(),
        HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def _read(response: HTTPResponse, largest_bytes: int) -> bytes:
    """Read an answer within the limits; it may arrive byte by byte and state a wrong length."""
    header = response.headers.get("Content-Length", "")
    stated = int(header) if header.isascii() and header.isdigit() else None
    too_large = FetchError(
        f"answer is larger than {largest_bytes / 1e6:.0f} MB; download it by hand"
    )
    if stated is not None and stated > largest_bytes:
        raise too_large
    content = io.BytesIO()
    while chunk := response.read1(_CHUNK_BYTES):
        content.write(chunk)
        if content.tell() > largest_bytes:
            raise too_large
    if stated is not None and content.tell() < stated:
        message = f"answer broke off after {content.tell()} of {stated} bytes; run again"
        raise FetchError(message, is_transient=True)
    data = content.getvalue()
    if response.headers.get("Content-Encoding", "").strip().lower() in ("gzip", "x-gzip"):
        return _gunzip(data, largest_bytes, too_large)
    return data


def _gunzip(data: bytes, largest_bytes: int, too_large: FetchError) -> bytes:
    """Decompress an answer that the server compressed without being asked to."""
    decompressor = zlib.decompressobj(wbits=31)
    try:
        content = decompressor.decompress(data, largest_bytes + 1)
    except zlib.error:
        raise FetchError("compressed answer is corrupt; run again", is_transient=True) from None
    if len(content) > largest_bytes:
        raise too_large
    if not decompressor.eof:
        raise FetchError("compressed answer is cut off; run again", is_transient=True)
    return content


def _refused(address: str, error: HTTPError) -> FetchError:
    is_transient = error.code in _TRANSIENT
    cure = "run again later" if is_transient else _CURES.get(error.code, "check the address")
    # The reason may be any text of the server; keep its beginning, in one line.
    reason = " ".join(str(error.reason).split())[:80]
    if 300 <= error.code < 400:
        reason = "too many redirects, or a redirect to a scheme that is not allowed"
    return FetchError(
        f"{address}: HTTP {error.code} {reason}; {cure}",
        is_transient,
        status=error.code,
        retry_after_s=retry_after_s(error.headers.get("Retry-After")),
    )


def _unreachable(address: str, error: Exception) -> FetchError:
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        text = f"certificate is not valid ({reason.verify_message}); check the address"
        return FetchError(f"{address}: {text}")
    if isinstance(reason, socket.gaierror) and reason.errno == socket.EAI_NONAME:
        return FetchError(f"{address}: no such host; check the address")
    if isinstance(reason, TimeoutError):
        text = "server does not respond"
    else:
        text = f"connection failed ({str(reason)[:200] or type(reason).__name__})"
    return FetchError(f"{address}: {text}; run again later", is_transient=True)
