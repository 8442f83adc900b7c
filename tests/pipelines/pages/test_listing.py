"""Listing the pages of the values of --input."""

import json

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that, equal_to

from pipelines.archive.folder import Archive
from pipelines.cli.options import LOCAL_RUNNER, UsageError
from pipelines.files.web import FetchConfig
from pipelines.pages.fetched import read_page_bytes
from pipelines.pages.inputs import PageInputs, page_inputs
from pipelines.pages.listing import (
    ListPages,
    PagesConfig,
    best_source,
    file_source,
    pages_listed,
    pages_named,
    pages_of_file,
)
from schemas.records import PageSource
from tests.drawn import png
from tests.drawn_files import image_file
from tests.pipelines.formats.written_mets import mets
from tests.pipelines.iiif_server import Scripted, serve_iiif

BLANK = np.full((30, 20), 255, np.uint8)
QUICK = PagesConfig(fetch=FetchConfig(requests_per_second=0, attempts=2, first_wait_s=0.01))


@pytest.fixture
def server():
    with serve_iiif() as running:
        running.pages = {name: np.full((30, 20), 200, np.uint8) for name in ("b", "a")}
        yield running


@pytest.fixture
def folder(tmp_path):
    """Write two images, a file of two pages, and other files beside them."""
    (tmp_path / "img").mkdir()
    for name in ("1.png", "2.png"):
        (tmp_path / "img" / name).write_bytes(png(BLANK))
    (tmp_path / "img" / "3.tif").write_bytes(image_file([BLANK, BLANK], "TIFF"))
    (tmp_path / "img" / "notes.json").write_text("{}")
    (tmp_path / "img" / "1.xml").write_text("<PcGts/>")
    return tmp_path


def serve_manifest(server, version=3):
    body = json.dumps(server.manifest(version)).encode()
    server.scripted["/manifest"] = [Scripted(body=body)]
    return f"{server.address}/manifest"


def write_mets(folder, divisions=(("", ["b"]), ("", ["a"]))):
    files = {"MAX": {"a": "img/1.png", "b": "img/2.png", "c": "img/3.tif"}}
    path = folder / "mets.xml"
    path.write_bytes(mets(files, divisions))
    return str(path)


@pytest.fixture
def pipeline():
    with beam.Pipeline(options=PipelineOptions([], runner=LOCAL_RUNNER)) as pipeline:
        yield pipeline


def listed(uri):
    """List the pages of a manifest."""
    return [page for source in pages_listed(str(uri), QUICK) for page in pages_of_file(source)]


def expect(pipeline, inputs, wanted, key, left_out=()):
    """List the pages of some inputs in a pipeline, and assert the keys of the pages."""
    pages = pipeline | ListPages(page_inputs([str(one) for one in inputs]), QUICK, left_out)
    assert_that(pages | "Key" >> beam.Map(key), equal_to(wanted))


def _name(uri):
    return uri.rpartition("/")[2]


def names(pages, folder):
    return [page.uri.removeprefix(f"{folder}/") for page in pages]


def test_inputs_are_sorted_by_kind(folder):
    (folder / "list.txt").write_text(f"\n{folder}/none.jpg\n")
    named = ["img", "list.txt", "img/notes.json", "img/*.xml"]
    values = [
        *(f"{folder}/{one}" for one in named),
        " HTTPS://example.org/a b",
        f"@{folder}/list.txt",
    ]
    assert page_inputs(values) == PageInputs(
        (f"{folder}/img/**", f"{folder}/list.txt"),
        (f"{folder}/img/notes.json", f"{folder}/img/*.xml"),
        ("https://example.org/a%20b",),
        (f"{folder}/list.txt",),
        (f"{folder}/img", f"{folder}"),
    )


@pytest.mark.parametrize(
    ("named", "cure"),
    [
        ("none.json", "no such file or folder"),
        ("http://", "not http or https; correct it; check --pages"),
        ("@none.txt", "list cannot be read"),
        ("ftp://example.org/x.jpg", "scheme is not supported; check --pages"),
    ],
)
def test_inputs_without_files_are_rejected(named, cure):
    with pytest.raises(UsageError, match=cure):
        page_inputs([named], "--pages")


def test_all_files_of_a_folder_are_listed_and_none_is_a_manifest(folder, pipeline):
    plain = ["1.png", "1.xml", "2.png", "notes.json"]
    expect(
        pipeline,
        [folder / "img", folder / "img" / "1.png"],
        [(name, 0, "", True) for name in plain]
        + [(f"3.tif#page={n + 1}", n, "3.tif", True) for n in (0, 1)],
        lambda page: (
            _name(page.uri),
            page.place,
            _name(page.document),
            page.addresses == (page.uri,),
        ),
    )


def test_each_page_of_manifests_and_files_is_listed_once(server, folder, pipeline):
    address = serve_manifest(server)
    (folder / "book.json").write_text(json.dumps(server.manifest(2)))
    write_mets(folder)
    expect(
        pipeline,
        [address, f" {address}#x", folder / "*.json", folder / "mets.xml", folder / "img/*.png"],
        ["a 1 book.json", "b 0 book.json", "1.png 1 mets.xml", "2.png 0 mets.xml"],
        lambda page: f"{_name(page.uri)} {page.place} {_name(page.document)}",
    )


def test_canvases_with_the_same_name_in_two_manifests_are_two_pages(folder, pipeline):
    for name in ("p", "q"):
        image = {"resource": {"@id": f"https://example.org/{name}.jpg"}}
        canvases = [{"@id": "canvas-1", "images": [image]}]
        book = {"@type": "sc:Manifest", "sequences": [{"canvases": canvases}]}
        (folder / f"{name}.json").write_text(json.dumps(book))
    expect(
        pipeline,
        [folder / "*.json"],
        [(f"{n}.json#id=canvas-1", (f"https://example.org/{n}.jpg",)) for n in ("p", "q")],
        lambda page: (_name(page.uri), page.addresses),
    )


def test_pages_of_mets_and_of_their_file_are_listed_once(folder, pipeline):
    files = {"c": "img/3.tif#page=2", "a": "img/3.tif#page=1", "b": "img/2.tif#page=1"}
    (folder / "img" / "2.tif").write_bytes(image_file([BLANK], "TIFF"))
    # The manifest is preferred to the file, whatever their names.
    (folder / "zzz.xml").write_bytes(mets({"MAX": files}, [("", [name]) for name in files]))
    expect(
        pipeline,
        [folder / "zzz.xml", folder / "img" / "*.tif"],
        [
            ("3.tif#page=2", 0, "zzz.xml", True),
            ("3.tif#page=1", 1, "zzz.xml", True),
            ("2.tif", 2, "zzz.xml", True),
        ],
        lambda page: (
            _name(page.uri),
            page.place,
            _name(page.document),
            page.addresses == (page.uri,),
        ),
    )


@pytest.mark.parametrize("version", [2, 3])
def test_a_manifest_on_the_web_becomes_its_pages(server, version):
    pages = listed(serve_manifest(server, version))
    assert [page.uri for page in pages] == [f"https://example.org/canvas/{n}" for n in "ba"]
    assert [page.place for page in pages] == [0, 1]
    assert server.paths == ["/manifest"]
    for page in pages:
        assert read_page_bytes(page, QUICK.fetch)[0][:2] == b"\xff\xd8"
    assert server.paths[1:] == [f"/iiif/{n}/full/20,/0/default.jpg" for n in "ba"]


def test_json_that_is_named_itself_must_be_a_manifest(folder):
    (page,) = listed(folder / "img" / "notes.json")
    assert "neither sequences nor items; give a manifest" in page.fault


def test_mets_may_list_multi_page_files(folder):
    pages = listed(write_mets(folder, [("", ["a"]), ("", ["c"])]))
    assert names(pages, folder / "img") == ["1.png", "3.tif#page=1", "3.tif#page=2"]
    assert [page.place for page in pages] == [0, 1, 2]


def test_mets_on_the_web(server, folder):
    with open(write_mets(folder), "rb") as file:
        server.scripted["/m/mets"] = [Scripted(body=file.read())]
    pages = listed(f"{server.address}/m/mets")
    assert [page.uri for page in pages] == [f"{server.address}/m/img/{n}.png" for n in (2, 1)]


def test_other_xml_and_images_on_the_web_are_pages_themselves(server, folder):
    xml = f"{folder}/img/1.xml"
    assert list(pages_listed(xml, QUICK)) == [file_source(xml)]
    image = f"{server.address}/a.JPG?size=1"
    assert list(pages_listed(image, QUICK)) == [PageSource(image, (image,))]
    assert server.paths == []


@pytest.mark.parametrize(
    ("answer", "fault", "transient", "attempts"),
    [
        (Scripted(404), "HTTP 404", False, 1),
        (Scripted(503), "HTTP 503", True, 2),
        (Scripted(body=b" <!DOCTYPE html><html>"), "HTML or XML, not a manifest; give", False, 1),
        (Scripted(body=b"\xff\xd8\xff"), "is not JSON", False, 1),
        (Scripted(body=b'{"type":"Collection"}'), "is an IIIF collection", False, 1),
        (Scripted(headers={"Content-Length": "50000001"}), "larger than 50 MB", False, 1),
        (Scripted(body=b'{"type":' + b"[" * 900 + b"]" * 900 + b"}"), "; ", False, 1),
    ],
)
def test_a_manifest_that_cannot_be_read_is_one_page_with_a_fault(
    server, answer, fault, transient, attempts
):
    server.scripted["/m"] = [answer]
    address = f"{server.address}/m"
    (page,) = listed(address)
    assert (page.uri, page.addresses) == (address, ())
    assert fault in page.fault and page.fault.startswith(address)
    assert (page.is_transient, page.attempts) == (transient, attempts)


def test_a_manifest_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "m.json"
    with path.open("wb") as file:
        file.truncate(50_000_001)
    (page,) = listed(path)
    assert "larger than 50 MB; split it" in page.fault


def test_a_list_may_have_entries_of_all_kinds(server, folder, pipeline):
    address = serve_manifest(server)
    entries = ["", f" {address}\t", address, f"{folder}/img/1.png", f"{folder}/img/?.tif"]
    (folder / "list.txt").write_text("\r\n".join(entries), encoding="utf-8-sig")
    expect(
        pipeline,
        [f"@{folder}/list.txt", folder / "img" / "1.png"],
        ["a", "b", "1.png", "3.tif#page=1", "3.tif#page=2"],
        lambda page: _name(page.uri),
    )


@pytest.mark.parametrize(
    ("content", "cure"), [(b"\n \n", "list is empty"), (b"x\n" * 9999 + b"\xff", "cannot be read")]
)
def test_an_empty_or_unreadable_list_is_rejected(tmp_path, content, cure):
    (tmp_path / "list.txt").write_bytes(content)
    with pytest.raises(UsageError, match=cure):
        page_inputs([f"@{tmp_path}/list.txt"])


def test_entries_of_a_list_are_files_folders_and_manifests(folder):
    path = write_mets(folder)
    assert len(list(pages_named(path, QUICK))) == 2
    assert len(list(pages_named(f"{folder}/img", QUICK))) == 5
    assert len(list(pages_named(f"{folder}/img/*.png", QUICK))) == 2
    # Its existence is not checked before it is opened.
    gone = f"{folder}/gone.jpg"
    assert list(pages_named(gone, QUICK)) == [file_source(gone)]


@pytest.mark.parametrize(
    ("entry", "cure"),
    [
        ("none", "no such file or folder, or nothing in it; check the list"),
        ("none/*.jpg", "no such file or folder, or nothing in it; check the list"),
        ("http://", "not http or https; correct it"),
        ("ftp://example.org/x", "has the scheme ftp, which is not supported; there are gs"),
    ],
)
def test_an_entry_without_files_is_one_page_with_a_fault(entry, cure):
    (page,) = pages_named(entry, QUICK)
    assert (page.uri, page.addresses) == (entry, ()) and cure in page.fault


def test_the_best_source_of_a_page_is_kept():
    fault, plain = PageSource("x", (), "m", fault="f"), PageSource("x", ("x",))
    first, second = PageSource("x", ("x",), "m", 1), PageSource("x", ("x",), "m", 2)
    assert best_source([fault, plain]) == plain
    assert best_source([fault, second, plain, first]) == first


def test_pages_on_the_web_and_faults_are_not_opened():
    for source in (
        PageSource("c.tif", ("https://example.org/c.tif",)),
        PageSource("c", (), fault="f"),
    ):
        assert pages_of_file(source) == [source]


@pytest.mark.parametrize("way", ["folder", "glob", "manifests", "list"])
def test_files_of_the_output_are_not_listed(pipeline, tmp_path, way):
    scans = tmp_path / "in"
    for name in ("1.png", "out/runs/r.parquet", "out/.unfinished/run.json", "out/runs.png"):
        (scans / name).parent.mkdir(parents=True, exist_ok=True)
        (scans / name).write_bytes(b"{}" if name.endswith("json") else b"x")
    (tmp_path / "list.txt").write_text(f"{scans}\n")
    given = {"folder": scans, "glob": f"{scans}/**", "list": f"@{tmp_path}/list.txt"}
    given["manifests"] = f"{scans}/**.json"
    # The output is named through a link.
    (tmp_path / "link").symlink_to(scans / "out")
    left_out = Archive(f"{tmp_path}/link").own_starts
    wanted = [] if way == "manifests" else ["1.png", "runs.png"]
    expect(pipeline, [given[way]], wanted, lambda page: page.uri.rpartition("/")[2], left_out)
