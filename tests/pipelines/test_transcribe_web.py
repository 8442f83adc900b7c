"""`python -m pipelines.transcribe` on IIIF manifests from a server."""

import json

import numpy as np
import pytest
from PIL import Image

from pipelines.export import main as export
from pipelines.show import main as show
from pipelines.transcribe import main
from pipelines.transcripts.tables import open_tables
from tests.fakes import write_fake_bundle
from tests.pipelines.drawn_archive import write_page
from tests.pipelines.iiif_server import Scripted, serve_iiif

FLAGS = ["--runner", "DirectRunner", "--requests_per_second", "0", "--lines", "find"]

LISTED = [{"width": 320, "height": 185}, {"width": 640, "height": 370}]


@pytest.fixture
def server(tmp_path):
    write_page(tmp_path / "in", "p")
    grey = np.asarray(Image.open(tmp_path / "in" / "p.jpg"))
    with serve_iiif() as server:
        server.pages |= {"a": grey, "b": grey}
        yield server


def transcribe(folder, inputs, *flags):
    model = folder / "m"
    if not model.exists():
        write_fake_bundle(model)
    paths = ["--input", *inputs, "--model", str(model), "--output", str(folder / "out")]
    return main([*paths, *FLAGS, *flags])


def ask(folder, query):
    return open_tables(str(folder / "out")).sql(query).fetchall()


@pytest.mark.parametrize("version", [2, 3])
def test_pages_of_a_iiif_manifest_have_the_ids_of_its_canvases(tmp_path, server, version):
    body = json.dumps(server.manifest(version)).encode()
    server.scripted["/manifest"] = [Scripted(body=body)]
    assert transcribe(tmp_path, [f"{server.address}/manifest"]) == 0
    pages = ask(
        tmp_path,
        "SELECT page_uri, document, place, label, lines_ok, address LIKE '%/full/%' "
        "FROM pages ORDER BY place",
    )
    manifest = f"{server.address}/manifest"
    assert [page[:5] for page in pages] == [
        (f"https://example.org/canvas/{name}", manifest, place, f"f. {name}", 3)
        for place, name in enumerate("ab")
    ]
    assert transcribe(tmp_path, [f"{server.address}/manifest"]) == 0
    assert ask(tmp_path, "SELECT max(pages_unchanged) FROM runs") == [(2,)]
    paths = ["--transcripts", str(tmp_path / "out")]
    assert export([*paths, "--output", str(tmp_path / "pdf"), "--to", "pdf"]) == 0
    assert show([*paths, "--page", "canvas/b", "--output", str(tmp_path / "b.png")]) == 0


def test_the_address_is_the_one_that_the_image_came_from(tmp_path, server):
    server.scripted["/manifest"] = [Scripted(body=json.dumps(server.manifest(3)).encode())]
    service = "/iiif/a/full/640,/0/default.jpg"
    server.scripted[service] = [Scripted(404)]
    assert transcribe(tmp_path, [f"{server.address}/manifest"]) == 0
    assert ask(tmp_path, "SELECT address FROM pages ORDER BY place") == [
        (f"{server.address}/a.jpg",),
        (f"{server.address}/iiif/b/full/640,/0/default.jpg",),
    ]
    # If the service works again, its image may differ from the one that was read.
    del server.scripted[service]
    paths = ["--transcripts", str(tmp_path / "out"), "--output", str(tmp_path / "pdf")]
    assert export([*paths, "--to", "pdf", "--max_failure_rate", "0"]) == 0


@pytest.mark.parametrize(
    ("offer", "is_stated", "size"),
    [
        ({"maxWidth": 320}, True, "320,"),
        # As most libraries have it: only info.json states the limit.
        ({"maxWidth": 320}, False, "320,"),
        ({"profile": "level0", "sizes": LISTED}, True, "640,370"),
        ({"profile": "level0", "sizes": LISTED}, False, "640,370"),
        ({"profile": "level0", "sizes": LISTED[:1]}, False, "max"),
        ({"profile": "level0"}, False, "max"),
    ],
)
def test_a_service_with_limits_is_asked_for_what_it_gives(tmp_path, server, offer, is_stated, size):
    height, width = server.pages["a"].shape
    offer |= {"@context": "http://iiif.io/api/image/3/context.json"}
    server.offers = dict.fromkeys(server.pages, offer | {"width": width, "height": height})
    # The image in the manifest is refused too.
    server.scripted |= {f"/{name}.jpg": [Scripted(403)] for name in server.pages}
    manifest = server.manifest(3)
    if is_stated:
        for canvas in manifest["items"]:
            canvas["items"][0]["items"][0]["body"]["service"][0] |= offer
    server.scripted["/manifest"] = [Scripted(body=json.dumps(manifest).encode())]
    assert transcribe(tmp_path, [f"{server.address}/manifest"]) == 0
    assert ask(tmp_path, "SELECT address FROM pages ORDER BY place") == [
        (f"{server.address}/iiif/{name}/full/{size}/0/default.jpg",) for name in "ab"
    ]


def test_a_page_that_cannot_be_fetched_is_a_failure(tmp_path, server):
    server.scripted["/manifest"] = [Scripted(body=json.dumps(server.manifest(3)).encode())]
    for path in ("/a.jpg", "/iiif/a/full/640,/0/default.jpg", "/iiif/a/full/max/0/default.jpg"):
        server.scripted[path] = [Scripted(404)]
    inputs = [f"{server.address}/manifest", f"{server.address}/gone"]
    assert transcribe(tmp_path, inputs, "--max_failure_rate", "1") == 0
    rows = ask(tmp_path, "SELECT uri, kind, attempts >= 1 FROM failures ORDER BY uri")
    assert rows == [
        (f"{server.address}/gone", "permanent", True),
        ("https://example.org/canvas/a", "permanent", True),
    ]
    assert ask(tmp_path, "SELECT page_uri FROM pages WHERE status = 'ok'") == [
        ("https://example.org/canvas/b",)
    ]


def test_the_dry_run_fetches_a_sample_and_writes_nothing(tmp_path, server, capsys):
    server.scripted["/manifest"] = [Scripted(body=json.dumps(server.manifest(3)).encode())]
    (tmp_path / "in" / "bad.jpg").write_bytes(b"no image")
    inputs = [f"{server.address}/manifest", str(tmp_path / "in")]
    price = ["--workers", "4", "--price_per_core_hour", "3600"]
    assert transcribe(tmp_path, inputs, "--dry_run", *price) == 0
    out = capsys.readouterr().out
    assert "pages: 3 to read, 1 unreadable, 1 skipped" in out and "bad.jpg: " in out
    assert "sample: 3 pages, 0 failed" in out and "3.0 lines a page" in out
    assert "with 4 workers" in out and "at the price given" in out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "m"]
