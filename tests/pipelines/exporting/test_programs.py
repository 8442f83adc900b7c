"""Exports for other programs, through the main of export."""

import json
import zipfile
from pathlib import Path

import pytest
from lxml import etree

from pipelines.formats.hocr.read import hocr_pages, parse_html
from tests.pipelines.exported import (
    IIIF,
    export,
    files,
    line_row,
    page_row,
    write_archive,
    write_tables,
)
from tests.pipelines.formats.described import read_alto, read_page_xml


@pytest.fixture
def archive(tmp_path):
    return write_archive(tmp_path)


def test_transkribus_finds_its_files(archive):
    assert export(archive, "--for", "transkribus") == 0
    found = [path for path in files(archive / "out") if path.endswith(".xml")]
    # Two images are called x: there the extension tells them apart.
    assert found == [
        "a/page/x.xml",
        "b/page/x.jpg.xml",
        "b/page/x.png.xml",
        "page/c.xml",
        "page/scan_0001.xml",
        "page/scan_0002.xml",
    ]
    assert b"pagecontent/2013-07-15" in (archive / "out/page/c.xml").read_bytes()


def test_escriptorium_takes_a_zip_file(archive):
    assert export(archive, "--for", "escriptorium", "--zip") == 0
    with zipfile.ZipFile(archive / "out/alto.zip") as archived:
        names = archived.namelist()
        root = etree.fromstring(archived.read("c.xml"))
    assert sorted(names)[:2] == ["a/x.xml", "b/x.jpg.xml"] and len(names) == 6
    assert root.findtext(".//{*}fileName") == "c.jpg"


def test_a_program_that_takes_folders_takes_them_in_one_zip_file(archive):
    assert export(archive, "--for", "transkribus", "--zip") == 0
    with zipfile.ZipFile(archive / "out/transkribus.zip") as archived:
        assert sorted(archived.namelist())[:2] == ["a/page/x.xml", "b/page/x.jpg.xml"]


def test_a_workspace_of_ocrd_has_all_its_files(archive):
    assert export(archive, "--for", "ocrd") == 0
    out = archive / "out"
    mets = etree.parse(out / "mets.xml")
    assert b'pcGtsId="OCR-D-OCR_c"' in (out / "OCR-D-OCR/c.xml").read_bytes()
    href = "{http://www.w3.org/1999/xlink}href"
    places = [node.get(href) for node in mets.iterfind(".//{*}FLocat")]
    assert len(places) == 12 and all((out / place).is_file() for place in places)
    ids = {node.get("ID") for node in mets.iterfind(".//{*}file")}
    assert {node.get("FILEID") for node in mets.iterfind(".//{*}fptr")} == ids
    for place in places[6:]:
        page = read_page_xml((out / place).read_bytes())
        assert (out / page.uri).is_file() and page.lines


def test_annotations_come_with_a_manifest(archive):
    assert export(archive, "--to", "iiif", *IIIF) == 0
    out = archive / "out/iiif"
    manifest = json.loads((out / "b.manifest.json").read_text())
    assert [canvas["label"]["none"] for canvas in manifest["items"]] == [["x.jpg"], ["x.png"]]
    for canvas in manifest["items"]:
        (annotations,) = canvas["annotations"]
        path = annotations["id"].removeprefix("https://example.org/a/")
        page = json.loads((out / path).read_text())
        assert {item["target"]["source"] for item in page["items"]} == {canvas["id"]}
        image = canvas["items"][0]["items"][0]["body"]
        assert (out / image["id"].removeprefix("https://example.org/a/")).is_file()


def read_hocr_page(data):
    (page,) = hocr_pages(parse_html(data))
    return page


def test_several_types_and_notes_on_regions_are_read_again(archive):
    uri = str(archive / "in/c.jpg")
    stated = {
        "line_type": "Main line",
        "line_types": ["Main line", "note;1", "b"],
        "region_type": "MarginTextZone",
        "region_types": ["MarginTextZone", "marginalia", "b c"],
        "region_custom": "hand {n:b;}",
        "custom": "ink {c:red;}",
    }
    write_tables(archive / "t", [page_row(uri, "", 1)], [line_row(uri, 0) | stated])
    assert export(archive, "--to", "page", "alto", "hocr", "iiif", "csv", *IIIF) == 0
    kinds = ("Main line", "note;1", "b"), ("MarginTextZone", "marginalia", "b c")
    data = {
        name: (archive / f"out/{name}/c.jpg.{ending}").read_bytes()
        for name, ending in {"page": "xml", "alto": "xml", "hocr": "html", "iiif": "json"}.items()
    }
    for name, read in {"page": read_page_xml, "alto": read_alto, "hocr": read_hocr_page}.items():
        (line,) = read(data[name]).lines
        # The type that PAGE knows comes first among the further ones.
        assert (line.kinds[0], {*line.kinds[1:]}) == (kinds[0][0], {*kinds[0][1:]}), name
        assert (line.region_kinds[0], {*line.region_kinds}) == (kinds[1][0], {*kinds[1]})
        notes = ("ink {c:red;}", "hand {n:b;}") if name != "alto" else ("", "")
        assert (line.custom, line.region_custom) == notes
    assert b'type="marginalia"' in data["page"]
    bodies = json.loads(data["iiif"])["items"][0]["body"]
    assert [body["value"] for body in bodies[1:]] == list(kinds[0])
    assert '"MarginTextZone, marginalia, b c"' in (archive / "out/lines.csv").read_text("utf-8")
    assert export(archive, "--for", "escriptorium", "--overwrite") == 0
    (line,) = read_alto((archive / "out/alto/c.xml").read_bytes()).lines
    assert (line.kinds, line.region_kinds) == (("Main line",), ("MarginTextZone",))


def test_types_of_the_tables_are_in_every_description(archive):
    uri = str(archive / "in/c.jpg")
    typed = {
        "line_type": "MarginTextZone:note",
        "region_type": "marginalia",
        "custom": "hand {n:b;}",
    }
    write_tables(archive / "t", [page_row(uri, "", 1)], [line_row(uri, 0) | typed])
    assert export(archive, "--to", "page", "alto", "hocr", "csv") == 0
    for read, name in ((read_page_xml, "page"), (read_alto, "alto")):
        (line,) = read((archive / f"out/{name}/c.jpg.xml").read_bytes()).lines
        assert (line.kind, line.region_kind) == ("MarginTextZone:note", "marginalia")
    assert b"hand {n:b;}" in (archive / "out/page/c.jpg.xml").read_bytes()
    assert b'data-kind="MarginTextZone:note"' in (archive / "out/hocr/c.jpg.html").read_bytes()
    assert b"MarginTextZone:note" in (archive / "out/lines.csv").read_bytes()


def test_pages_of_a_manifest_have_their_numbers_there(archive):
    uris = [str(archive / f"in/p{n}.jpg") for n in (10, 9)]
    mets = {"document": str(archive / "in/mets.xml")}
    rows = [page_row(uri, "", 1) | mets | {"place": n} for n, uri in enumerate(uris)]
    write_tables(archive / "t", rows, [line_row(uri, 0, Path(uri).name) for uri in uris])
    assert export(archive, "--to", "alto", "hocr", "csv") == 0
    for number, uri in enumerate(uris, 1):
        alto = etree.parse(archive / f"out/alto/{Path(uri).name}.xml")
        assert alto.find(".//{*}Page").get("PHYSICAL_IMG_NR") == str(number)
        hocr = (archive / f"out/hocr/{Path(uri).name}.html").read_text()
        assert f"ppageno {number - 1}" in hocr
    table = (archive / "out/lines.csv").read_text("utf-8-sig").splitlines()
    assert [row.split(",")[0] for row in table] == ["image", "p10.jpg", "p9.jpg"]
