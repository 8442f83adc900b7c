"""Texts, names and identifiers that are made to harm come out harmless in every format."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile

import pytest
from lxml import etree

from model.images.digest import exact_key
from pipelines.exporting.config import DOCUMENT_FORMATS, EXTENSIONS, FORMATS
from pipelines.show import main as show
from tests.drawn import jpeg
from tests.pipelines.exported import GREY, IIIF, export, files, line_row, page_row, write_tables

TEXTS = (
    "<script>alert(1)</script>",
    "]]><x/>&lt;&#0;&bogus;",
    "bell\x07 escape\x1b[2J null\x00 end",
    "--> <!-- {{7*7}} ${x}",
    "\ufffe\uffff\U0001ffff",
    "=HYPERLINK(1)",
    "'\"><img src=x onerror=alert(1)>",
    "\u202egnp.exe\u2028\u2029",
    "(\\) Tj ET /Launch",
)
IDENTIFIER = "l\"'><script>&]]>"
NAME = "<script>'&]]>.jpg"
# What XML cannot hold.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@pytest.fixture
def hostile(tmp_path):
    image = tmp_path / "in" / NAME
    image.parent.mkdir()
    image.write_bytes(jpeg(GREY))
    uri = str(image)
    lines = [
        line_row(uri, number, text)
        | {
            "line_id": f"{IDENTIFIER}{number}",
            "region_id": IDENTIFIER,
            "line_type": text,
            "region_type": text,
            "custom": text,
        }
        for number, text in enumerate(TEXTS)
    ]
    page = page_row(uri, exact_key(jpeg(GREY)), len(lines)) | {"label": TEXTS[0], "document": uri}
    write_tables(tmp_path / "t", [page], lines)
    return tmp_path


def check_xml(data):
    tree = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    tags = {etree.QName(node).localname for node in tree.iter(etree.Element)}
    assert not tags & {"script", "x", "img"}
    return " ".join(tree.itertext()) + " ".join(
        v for n in tree.iter(etree.Element) for v in n.values()
    )


def texts_of(name, data):
    """Parse a file of a format, and return the text in it."""
    if name in ("page", "alto", "tei", "hocr"):
        return check_xml(data)
    if name == "iiif":
        return json.dumps(json.loads(data), ensure_ascii=False)
    if name == "csv":
        rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
        assert {len(row) for row in rows} == {len(rows[0])} and len(rows) == len(TEXTS) + 1
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
        return " ".join(cell for row in rows for cell in row)
    if name == "xlsx":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return check_xml(archive.read("xl/worksheets/sheet1.xml"))
    if name == "pdf":
        import pypdfium2

        document = pypdfium2.PdfDocument(data)
        text = document[0].get_textpage().get_text_range()
        document.close()
        assert b"/Launch" not in data and b"/JavaScript" not in data
        return text
    return data.decode("utf-8")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("per", ["page", "document"])
def test_hostile_texts_are_harmless_in_every_format(hostile, name, per):
    if per == "document" and name not in DOCUMENT_FORMATS:
        pytest.skip("such a format has no files of documents")
    assert export(hostile, "--to", name, "--per", per, *IIIF) == 0
    extension = EXTENSIONS.get(name, f".{name}")
    found = [one for one in files(hostile / "out") if one.endswith(extension)]
    assert found
    for path in found:
        text = texts_of(name, (hostile / "out" / path).read_bytes())
        assert not FORBIDDEN.search(text), path
        if name == "markdown":
            assert not re.search(r"(?<!\\)<(script|img)", text)
    if name != "iiif" and name != "pdf":
        assert "HYPERLINK(1)" in text.replace("\\", "")


@pytest.mark.parametrize("target", ["escriptorium", "transkribus", "ocrd"])
def test_hostile_texts_are_harmless_for_other_programs(hostile, target):
    assert export(hostile, "--for", target, *IIIF) == 0
    found = [one for one in files(hostile / "out") if one.endswith(".xml")]
    assert found
    for path in found:
        assert not FORBIDDEN.search(check_xml((hostile / "out" / path).read_bytes())), path


def test_hostile_texts_are_harmless_in_the_page_to_look_at(hostile):
    output = hostile / "worst.html"
    assert show(["--transcripts", str(hostile / "t"), "--worst", "3", "--output", str(output)]) == 0
    document = output.read_text("utf-8")
    assert "<script" not in document and "<img src=x" not in document
    assert "&lt;script&gt;" in document
