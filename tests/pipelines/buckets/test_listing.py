"""A listing of many objects takes the memory of a page of it."""

from __future__ import annotations

import json
import threading
import tracemalloc
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from urllib.parse import parse_qs, urlsplit

import pytest

from pipelines.buckets import store as module
from pipelines.files.objects import matching_objects
from tests.pipelines.buckets.bucket_servers import open_store

OBJECTS, A_PAGE = 100_000, 1_000
NAME = "scans/box-{0:03d}/a page with a name that is not short, as names are {1:06d}.jpg"


class _Listing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        is_google = "/storage/v1/" in self.path
        token = asked.get("pageToken" if is_google else "continuation-token", ["0"])[0]
        start = int(token)
        names = [NAME.format(n // 1000, n) for n in range(start, start + A_PAGE)]
        end = start + A_PAGE if start + A_PAGE < OBJECTS else None
        self.server.pages += 1
        content = (_google if is_google else _amazon)(names, end).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json" if is_google else "application/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_) -> None:
        """Say nothing."""


def _google(names: list[str], end: int | None) -> str:
    items = [{"name": name, "size": "1", "generation": "1"} for name in names]
    return json.dumps({"items": items} | ({"nextPageToken": str(end)} if end else {}))


def _amazon(names: list[str], end: int | None) -> str:
    when = "2026-01-01T00:00:00.000Z"
    rows = "".join(
        f'<Contents><Key>{name}</Key><LastModified>{when}</LastModified><ETag>"e"</ETag>'
        "<Size>1</Size></Contents>"
        for name in names
    )
    more = f"<NextContinuationToken>{end}</NextContinuationToken>" if end else ""
    return (
        f"<ListBucketResult><IsTruncated>{str(bool(end)).lower()}</IsTruncated>{more}{rows}"
        "</ListBucketResult>"
    )


@contextmanager
def listing(scheme: str, patch):
    """Run a server that lists very many objects, and let the store of this process ask it."""
    pytest.importorskip({"gs": "google.cloud.storage", "s3": "boto3"}[scheme])
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Listing)
    server.pages = 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    for name in ("STORAGE_EMULATOR_HOST", "AWS_ENDPOINT_URL"):
        patch.setenv(name, address)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        patch.setenv(name, "x")
    store = open_store(scheme)
    patch.setattr(module, "_opened", lambda scheme: store)
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("scheme", ["gs", "s3"])
def test_a_listing_of_many_objects_holds_one_page_of_it(scheme, monkeypatch):
    with listing(scheme, monkeypatch) as server:
        pattern = f"{scheme}://archive/scans/**"
        # Of a listing that nobody reads on, no more is asked.
        assert len(list(islice(matching_objects(pattern), 1_500))) == 1_500
        asked = server.pages
        assert asked <= 3
        tracemalloc.start()
        try:
            assert sum(1 for _ in matching_objects(pattern)) == OBJECTS
            peak_bytes = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert server.pages == asked + OBJECTS // A_PAGE
        # The names alone take 13 MB.
        assert peak_bytes < 6_000_000
