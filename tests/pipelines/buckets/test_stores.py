"""Stores on servers: conditions, retries, listing as it comes, what is wrong with a bucket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from tests.pipelines.buckets.bucket_servers import open_store


def test_conditions_hold(bucket):
    store, uri = bucket.store, f"{bucket.place()}/a"
    first = store.create(uri, b"one")
    assert first and store.read(uri).content == b"one"
    assert store.create(uri, b"two") == ""
    second = store.create(uri, b"two", first)
    assert second and store.create(uri, b"three", first) == ""
    assert store.read(uri).content == b"two"
    # A writer whose answer was lost writes the same once more.
    assert store.create(uri, b"two") == second
    store.delete(uri)
    store.delete(uri)
    assert store.read(uri) is None
    assert store.create(uri, b"four", second) == ""


def test_of_many_that_create_an_object_one_does(bucket):
    uri = f"{bucket.place()}/a"
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda n: bucket.store.create(uri, b"%d" % n), range(8)))
    (number,) = [n for n, version in enumerate(made) if version]
    assert bucket.store.read(uri).content == b"%d" % number


def test_files_and_copies(bucket, tmp_path):
    store, place = bucket.store, bucket.place()
    (tmp_path / "f").write_bytes(b"x" * 9_000_000)
    store.upload(str(tmp_path / "f"), f"{place}/a b/é")
    store.copy(f"{place}/a b/é", f"{place}/c")
    assert store.download(f"{place}/c", str(tmp_path / "g"))
    assert (tmp_path / "g").read_bytes() == (tmp_path / "f").read_bytes()
    assert not store.download(f"{place}/none", str(tmp_path / "h"))
    assert not (tmp_path / "h").exists()
    found = list(store.listing(f"{place}/"))
    assert [(one.uri, one.size) for one in found] == [
        (f"{place}/a b/é", 9_000_000),
        (f"{place}/c", 9_000_000),
    ]


class _Trouble(BaseHTTPRequestHandler):
    """Passes requests on; some answers are an error, before or after the request was done."""

    protocol_version = "HTTP/1.1"

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server: _Proxy = self.server
        is_write = self.command in ("POST", "PUT") and (b"mine" in body)
        if is_write:
            server.writes += 1
        trouble = is_write and server.writes <= server.count
        if trouble and not server.is_done:
            self._answer(server.status, b"{}")
            return
        to = HTTPConnection(server.target.hostname, server.target.port, timeout=30)
        headers = {k: v for k, v in self.headers.items() if k.lower() != "accept-encoding"}
        to.request(self.command, self.path, body, headers)
        found = to.getresponse()
        content = found.read()
        if trouble:
            self._answer(server.status, b"{}")
            return
        self._answer(found.status, content, found.getheaders())

    def _answer(self, status: int, content: bytes, headers=()) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _pass_on  # noqa: N815

    def log_message(self, *_) -> None:
        """Say nothing."""


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, target: str, status: int, count: int, is_done: bool):
        super().__init__(("127.0.0.1", 0), _Trouble)
        self.target, self.status, self.count, self.is_done = (
            urlsplit(target),
            status,
            count,
            is_done,
        )
        self.writes = 0


@contextmanager
def in_trouble(bucket, status: int, count: int, is_done: bool) -> Iterator[tuple]:
    """Yield a store behind a proxy that answers the first writes with an error, and the proxy."""
    (name, target) = next((k, v) for k, v in bucket.variables.items() if v.startswith("http"))
    proxy = _Proxy(target, status, count, is_done)
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(name, f"http://127.0.0.1:{proxy.server_port}")
            # Only the store itself tries again.
            patch.setenv("AWS_MAX_ATTEMPTS", "1")
            yield open_store(bucket.scheme), proxy
    finally:
        proxy.shutdown()
        proxy.server_close()


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("is_done", [False, True])
def test_creating_is_tried_again_and_its_own_object_is_no_other(bucket, status, is_done):
    uri = f"{bucket.place()}/lock"
    with in_trouble(bucket, status, 2, is_done) as (store, proxy):
        version = store.create(uri, b"mine")
    assert proxy.writes == 3
    assert version == bucket.store.create(uri, b"mine")
    assert bucket.store.read(uri).content == b"mine"


def test_what_does_not_pass_is_not_tried_again(bucket):
    with in_trouble(bucket, 403, 9, False) as (store, proxy):
        with pytest.raises(Exception, match="403|Forbidden"):
            store.create(f"{bucket.place()}/lock", b"mine")
        assert proxy.writes == 1
