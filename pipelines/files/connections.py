"""Connections for HTTP requests: to allowed hosts only, and ended at a deadline."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from functools import partial
from http.client import HTTPConnection, HTTPSConnection
from urllib.request import HTTPHandler, HTTPSHandler, Request

from pipelines.files.hosts import HostRules


class NotAllowed(ValueError):
    """An address that may not be requested."""


class Deadline:
    """Ends the connections of a request when its time is over, whatever the server still sends.

    A server that sends a byte now and then never meets a time limit between bytes.

    Args:
        longest_s: Time for the request, with its redirects.
    """

    def __init__(self, longest_s: float):
        self._timer = threading.Timer(longest_s, self._end)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self.is_over = False

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(self, *error) -> None:
        self._timer.cancel()
        with self._lock:
            for one in self._sockets:
                one.close()
            self._sockets.clear()

    def watch(self, connection: socket.socket) -> None:
        """Watch a connection; encryption may be laid over it later."""
        with self._lock:
            # A second name for the same connection, which no other code closes.
            self._sockets.append(connection.dup())
        if self.is_over:
            self._end()

    def _end(self) -> None:
        self.is_over = True
        with self._lock:
            for one in self._sockets:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


class GuardedRequest(Request):
    """A request with the rules that its connections keep, also after a redirect.

    Args:
        address: An http or https address.
        headers: Its headers.
        rules: Which hosts may be asked.
        deadline: When it ends.

    Raises:
        NotAllowed: If the host may not be asked.
    """

    def __init__(self, address: str, headers: dict[str, str], rules: HostRules, deadline: Deadline):
        if refusal := rules.refusal(address):
            raise NotAllowed(refusal)
        super().__init__(address, headers=headers)
        self.rules, self.deadline = rules, deadline


class GuardedHTTPHandler(HTTPHandler):
    """Opens `GuardedRequest`s over http."""

    def http_open(self, request: GuardedRequest):
        """Open a request."""
        return self.do_open(partial(_connection, request, HTTPConnection), request)


class GuardedHTTPSHandler(HTTPSHandler):
    """Opens `GuardedRequest`s over https.

    Args:
        context: How certificates are checked.
    """

    def __init__(self, context: ssl.SSLContext):
        super().__init__(context=context)
        self._checked = context

    def https_open(self, request: GuardedRequest):
        """Open a request."""
        secure = partial(HTTPSConnection, context=self._checked)
        return self.do_open(partial(_connection, request, secure), request)


def _connection(request: GuardedRequest, kind, host: str, **options) -> HTTPConnection:
    connection = kind(host, **options)
    # `http.client` keeps the function that it connects with here, for such a purpose.
    connection._create_connection = partial(_connect, request)
    return connection


def _connect(
    request: GuardedRequest,
    address: tuple[str, int],
    timeout: float,
    source_address: tuple[str, int] | None = None,
) -> socket.socket:
    """Connect to the first place of a host that answers; arguments of `socket.create_connection`.

    The place that was checked is the one that is connected to: a name may mean another a moment
    later.

    Raises:
        OSError: If none answers.
        NotAllowed: If all are in an inner network.
    """
    host, port = address
    # The settings of the user's machine name the proxy, which resolves the host itself.
    by_proxy = request.has_proxy() or request._tunnel_host
    failure: OSError | NotAllowed = OSError("no place of this host is known")
    for family, kind, protocol, _, place in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM):
        refusal = "" if by_proxy else request.rules.inner_refusal(host, port, place[0])
        if refusal:
            failure = NotAllowed(refusal)
            continue
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(timeout)
            connection.connect(place)
        except OSError as error:
            connection.close()
            failure = error
            continue
        request.deadline.watch(connection)
        return connection
    raise failure
