"""Uploads: what is read of them, and what is refused."""

import re
import struct
import threading
import zlib
from dataclasses import replace

import pytest

pytest.importorskip("httpx")
pytest.importorskip("starlette")

from starlette.testclient import TestClient

from pipelines.web.app import make_app
from tests.drawn import png, text_strip


def csrf_of(client) -> str:
    return re.search(r'name="csrf" value="([0-9a-f]+)"', client.get("/try").text)[1]


def give(client, data: bytes, name: str = "line.png", csrf: str | None = None):
    fields = {"csrf": csrf_of(client) if csrf is None else csrf}
    return client.post("/try", data=fields, files={"picture": (name, data)})


def huge_png(side_px: int) -> bytes:
    """Return a small file that states a huge picture."""
    facts = struct.pack(">IIBBBBB", side_px, side_px, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1000))
    parts = [(b"IHDR", facts), (b"IDAT", rows), (b"IEND", b"")]
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_a_line_is_read_shown_and_forgotten(client):
    answer = give(client, png(text_strip("acte de mariage")), "<b>line</b>.png")
    assert answer.status_code == 303
    address = answer.headers["location"]
    html = client.get(address).text
    assert html.count('<li class="line"') == 1 and "<b>line" not in html
    assert client.get(f"{address}/image/facts").json()["tile"] == 512
    assert client.get(f"{address}/image/0/0_0.jpg").headers["content-type"] == "image/jpeg"
    for name, start in (("text", b""), ("page", b"<?xml"), ("alto", b"<?xml"), ("pdf", b"%PDF")):
        answer = client.get(f"{address}/download/{name}")
        assert answer.status_code == 200 and answer.content.startswith(start)
    assert client.post(f"{address}/forget", data={"csrf": csrf_of(client)}).status_code == 303
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("data", "name", "status", "said"),
    [
        (b"plain text", "a.txt", 422, "a.txt: image does not decode"),
        (b"\x89PNG\r\n\x1a\nnonsense", "a.png", 422, "a.png: image does not decode"),
        (huge_png(14_200), "big.png", 422, "has 202 megapixels, more than 100; scale it down"),
        (huge_png(90_000), "huge.png", 422, "megapixels"),
        (b"", "", 400, "Choose a picture first"),
    ],
)
def test_what_is_no_picture_is_told(client, data, name, status, said):
    answer = give(client, data, name)
    assert answer.status_code == status and said in answer.text


def test_a_large_file_is_not_even_received(config):
    client = TestClient(make_app(replace(config, upload_limit_bytes=1000)), "http://localhost")
    answer = give(client, bytes(200_000))
    assert answer.status_code == 413 and "The file has more than" in answer.text


def test_uploads_come_from_our_own_pages(client):
    for csrf in ("", "0" * 64):
        assert give(client, png(text_strip("a")), csrf=csrf).status_code == 403


def test_uploads_are_read_few_at_a_time(client):
    reader = client.app.state.reader
    going, done = threading.Event(), threading.Event()
    reader._load = lambda: (going.set(), done.wait(20))
    first = threading.Thread(target=give, args=(client, b"first"))
    first.start()
    assert going.wait(20)
    answer = give(client, b"second")
    done.set()
    first.join()
    assert answer.status_code == 429 and "try again in a moment" in answer.text
