"""Some pages, documents and tables of lines, through the main of export."""

import csv
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pypdfium2 as pdfium
import pytest
from lxml import etree

from model.images.digest import exact_key
from pipelines.files.output import scratch_folder
from tests.pipelines.exported import (
    NOW,
    export,
    files,
    line_row,
    page_row,
    write_archive,
    write_tables,
)
from tests.pipelines.written_tables import write_run


@pytest.fixture
def archive(tmp_path):
    return write_archive(tmp_path)


@pytest.mark.parametrize(
    ("flags", "written"),
    [
        (["--page", "b/x.jpg"], ["b/x.jpg.txt"]),
        (["--page", "x.png", "c.jpg"], ["b/x.png.txt", "c.jpg.txt"]),
        (["--where", "page_uri LIKE '%scan%'"], ["scan.tif_0001.txt", "scan.tif_0002.txt"]),
        (["--collection", "all", "--page", "c.jpg"], ["c.jpg.txt"]),
        (["--page", "b/x.p", "c"], ["b/x.png.txt", "c.jpg.txt"]),
    ],
)
def test_some_pages_are_selected(archive, capsys, flags, written):
    assert export(archive, "--to", "txt", *flags) == 0
    assert files(archive / "out/text") == written
    assert f"pages: {len(written)} in = {len(written)} ok" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--page", "nowhere.jpg"], "--page nowhere.jpg: no page that was read has such a name"),
        (["--collection", "other"], "no transcribed page fits"),
        (["--where", "nothing > 1"], "--where nothing > 1: Binder Error"),
        (["--where", "1 = 1)) --"], "--where"),
        (["--changed_since", "never"], "--changed_since never: no such run"),
        (["--for", "ocrd", "--to", "alto"], "--for ocrd takes page, not alto"),
    ],
)
def test_a_selection_that_cannot_be_used_is_told(archive, capsys, flags, reason):
    to = [] if "--for" in flags else ["--to", "text"]
    assert export(archive, *to, *flags) == 2
    assert reason in capsys.readouterr().err


def test_an_export_is_kept_up_to_date(archive, capsys):
    assert export(archive, "--to", "text", "page") == 0
    uri = str(archive / "in/c.jpg")
    later = {"run_id": "r2", "started": NOW, "finished": NOW, "model_digest": "abc"}
    sha256 = exact_key((archive / "in/c.jpg").read_bytes())
    lines = [line_row(uri, 0, "corrected")]
    write_run(archive / "t", later, pages=[page_row(uri, sha256, 1)], lines=lines)
    gone = archive / "t/pages/collection=all/r1-00000.parquet"
    table = pq.read_table(gone)
    left = [row for row in table.to_pylist() if not row["page_uri"].endswith("b/x.png")]
    pq.write_table(pa.Table.from_pylist(left, schema=table.schema), gone)
    capsys.readouterr()
    before = (archive / "out/text/a/x.jpg.txt").stat().st_mtime_ns
    assert export(archive, "--to", "text", "page", "--changed_since", "last") == 0
    said = capsys.readouterr().out
    assert "files: 2 written" in said and "files: 2 removed, as their pages are gone" in said
    assert "pages: 5 in = 1 ok + 0 failed + 4 skipped" in said
    assert (archive / "out/text/c.jpg.txt").read_text() == "corrected\n"
    assert (archive / "out/text/a/x.jpg.txt").stat().st_mtime_ns == before
    assert not (archive / "out/text/b/x.png.txt").exists()
    assert export(archive, "--to", "text", "page", "--changed_since", "last") == 0
    assert "files: 0 written" in capsys.readouterr().out


def test_a_document_is_one_file(archive):
    flags = ["--per", "document", "--language", "fr"]
    assert export(archive, "--to", "pdf", "txt", "md", "tei", *flags) == 0
    out = archive / "out"
    assert files(out / "pdf") == ["a.pdf", "b.pdf", "in.pdf"]
    assert (out / "text/b.txt").read_text().count("\f") == 1
    pdf = pdfium.PdfDocument(out / "pdf/b.pdf")
    assert [pdf.get_page_label(i) for i in range(len(pdf))] == ["x.jpg", "x.png"]
    assert "line 0 of x.png" in pdf[1].get_textpage().get_text_range()
    root = etree.parse(out / "tei/b.xml").getroot()
    assert len(root.findall(".//{*}surface")) == 2
    assert "".join(root.find(".//{*}ab").itertext()).startswith("line 0 of x.jpg")


def test_tables_of_lines_open_in_spreadsheets(archive):
    uri = str(archive / "in/c.jpg")
    lines = [line_row(uri, 0, '- "Oui"'), line_row(uri, 1, "=1+1")]
    write_tables(archive / "t", [page_row(uri, "", 2)], lines)
    assert export(archive, "--to", "csv", "xlsx") == 0
    data = (archive / "out/lines.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfimage,document,page,")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert [row["text"] for row in rows] == ['\'- "Oui"', "'=1+1"]
    with zipfile.ZipFile(archive / "out/lines.xlsx") as archived:
        sheet = etree.fromstring(archived.read("xl/worksheets/sheet1.xml"))
    texts = ["".join(cell.itertext()) for cell in sheet.iter("{*}c")]
    assert '- "Oui"' in texts and "=1+1" in texts and "0.5" in texts


def test_a_killed_export_leaves_nothing_for_long(archive):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with scratch_folder(str(archive / "out")) as own:
        left = own.replace(f"-{os.getpid()}-", f"-{gone.pid}-")
        Path(left).mkdir()
    assert export(archive, "--to", "text") == 0
    assert list(archive.glob("out.*")) == []
