"""`python -m pipelines.export`, through its main."""

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pypdfium2 as pdfium
import pytest
from lxml import etree
from PIL import Image

from model.images.digest import digest_of_pixels, exact_key
from pipelines.export import main
from pipelines.exporting.config import EXTENSIONS
from pipelines.files.output import scratch_folder
from tests.drawn import jpeg, png
from tests.drawn_files import image_file
from tests.pipelines.formats.described import read_alto, read_page_xml
from tests.pipelines.written_tables import write_run

GREY = np.full((200, 300), 230, np.uint8)
NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)
IIIF = ["--iiif_base", "https://example.org/a"]


def line_row(uri, index, text="acte de mariage", x=20.25):
    left, y = x, 40.5 + 60 * index
    return {
        "page_uri": uri,
        "line_id": f"l{index}",
        "line_index": index,
        "region_id": "r1",
        "text": text,
        "confidence": 0.5,
        "characters": [{"text": c, "confidence": 0.5} for c in text],
        "baseline": [{"x": left, "y": y}, {"x": 280.0, "y": y}],
        "polygon": [
            {"x": x, "y": y}
            for x, y in ((left, y - 30), (280.0, y - 30), (280.0, y + 8), (left, y + 8))
        ],
    }


def page_row(uri, sha256, lines, status="ok"):
    size = (
        {"width_px": 300, "height_px": 200} if status == "ok" else {"width_px": 0, "height_px": 0}
    )
    counts = {"lines_source": "page", "lines_ok": lines, "lines_failed": 0}
    return {"page_uri": uri, "status": status, "sha256": sha256, **size, **counts}


def write_tables(folder, pages, lines):
    """Write the tables of a run, in reverse order."""
    run = {"run_id": "r1", "started": NOW, "finished": NOW, "model_digest": "abc"}
    write_run(folder, run, pages=pages[::-1], lines=lines[::-1])


@pytest.fixture
def archive(tmp_path):
    """Write images of several formats, and the tables of their transcription."""
    root, images = tmp_path / "in", {}
    for name, data in {
        "a/x.jpg": jpeg(GREY),
        "b/x.jpg": jpeg(GREY),
        "b/x.png": png(GREY),
        "c.jpg": jpeg(np.dstack([GREY, GREY // 2, GREY // 3])),
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        images[str(path)] = exact_key(data)
    (root / "scan.tif").write_bytes(image_file([GREY // 2, GREY], "TIFF"))
    for number, grey in ((1, GREY // 2), (2, GREY)):
        images[f"{root}/scan.tif#page={number}"] = digest_of_pixels(grey)
    pages = [page_row(uri, sha256, 3) for uri, sha256 in images.items()]
    lines = [line_row(uri, i, f"line {i} of {Path(uri).name}") for uri in images for i in (0, 1, 2)]
    write_tables(tmp_path / "t", pages, lines)
    return tmp_path


def export(folder, *flags):
    return main(["--transcripts", str(folder / "t"), "--output", str(folder / "out"), *flags])


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def failures(folder):
    return pq.read_table(folder / "out" / "failures").to_pylist()


def test_every_format_mirrors_the_input(archive, capsys):
    assert export(archive, "--to", *EXTENSIONS, *IIIF) == 0
    said = capsys.readouterr().out
    assert "pages: 6 in = 6 ok + 0 failed + 0 skipped\nlines: 18 in = 18 ok" in said
    assert "files: 57 written" in said
    names = ("a/x.jpg", "b/x.jpg", "b/x.png", "c.jpg", "scan.tif_0001", "scan.tif_0002")
    for name, extension in EXTENSIONS.items():
        found = [path for path in files(archive / "out" / name) if path.endswith(extension)]
        if name != "iiif":
            assert found == [f"{name}{extension}" for name in names]
    assert failures(archive) == []
    (run,) = pq.read_table(archive / "out" / "runs").to_pylist()
    assert (run["command"], run["model_digest"], run["pages_ok"]) == ("export", "abc", 6)
    assert files(archive / "out") and not list(archive.glob("out.*"))


def test_the_formats_hold_the_lines_in_order(archive):
    assert export(archive, "--to", *EXTENSIONS, *IIIF) == 0
    out, expected = archive / "out", [f"line {i} of x.png" for i in range(3)]
    assert (out / "text/b/x.png.txt").read_text("utf-8").splitlines() == expected
    for read, name in ((read_page_xml, "page"), (read_alto, "alto")):
        page = read((out / name / "b/x.png.xml").read_bytes())
        assert [line.text for line in page.lines] == expected
        assert (page.uri, page.width_px, page.height_px) == ("x.png", 300, 200)
        assert page.lines[0].baseline == ((20, 40), (280, 40))
    hocr = etree.parse(out / "hocr/b/x.png.html")
    assert ["".join(line.itertext()) for line in hocr.xpath("//*[@class='ocr_line']")] == expected
    notes = json.loads((out / "iiif/b/x.png.json").read_text("utf-8"))
    assert [item["body"]["value"] for item in notes["items"]] == expected
    pdf = pdfium.PdfDocument(out / "pdf/b/x.png.pdf")
    found = pdf[0].get_textpage().get_text_range().splitlines()
    assert [line.rstrip() for line in found] == expected


def test_the_pdf_shows_the_page_that_was_read(archive):
    assert export(archive, "--to", "pdf") == 0
    for number, mean in ((1, 115), (2, 230)):
        page = pdfium.PdfDocument(archive / f"out/pdf/scan.tif_{number:04d}.pdf")[0]
        assert abs(page.render().to_numpy().mean() - mean) < 2
    page = pdfium.PdfDocument(archive / "out/pdf/c.jpg.pdf")[0]
    assert (archive / "in/c.jpg").read_bytes() in (archive / "out/pdf/c.jpg.pdf").read_bytes()
    assert page.get_size() == pytest.approx((72, 48), abs=0.1)


def test_a_missing_or_changed_image_fails_only_the_pdf(archive, capsys):
    (archive / "in/a/x.jpg").unlink()
    (archive / "in/b/x.jpg").write_bytes(jpeg(GREY // 2))
    (archive / "in/b/x.png").write_bytes(b"no image")
    assert export(archive, "--to", "pdf", "text") == 3
    captured = capsys.readouterr()
    assert "pages: 6 in = 3 ok + 3 failed + 0 skipped" in captured.out
    assert "files: 9 written" in captured.out and "--max_failure_rate" in captured.err
    found = {
        Path(row["uri"]).relative_to(archive / "in").as_posix(): row for row in failures(archive)
    }
    assert set(found) == {"a/x.jpg", "b/x.jpg", "b/x.png"}
    assert {row["stage"] for row in found.values()} == {"read"}
    assert "changed after it was transcribed" in found["b/x.jpg"]["error"]
    assert len(files(archive / "out/text")) == 6 and len(files(archive / "out/pdf")) == 3
    (run,) = pq.read_table(archive / "out/runs").to_pylist()
    assert (run["pages_failed"], run["lines_failed"]) == (3, 9)
    assert export(archive, "--to", "pdf", "--overwrite", "--max_failure_rate", "0.5") == 0


def test_pages_that_were_not_transcribed_are_skipped_and_empty_ones_are_written(tmp_path, capsys):
    pages = [page_row("d/a.jpg", "", 0), page_row("d/b.jpg", "", 0, "failed")]
    write_tables(tmp_path / "t", pages, [])
    assert export(tmp_path, "--to", "page", "alto", "hocr", "text", "iiif", *IIIF) == 0
    assert "pages: 2 in = 1 ok + 0 failed + 1 skipped" in capsys.readouterr().out
    assert read_page_xml((tmp_path / "out/page/a.jpg.xml").read_bytes()).lines == ()
    assert read_alto((tmp_path / "out/alto/a.jpg.xml").read_bytes()).lines == ()
    assert (tmp_path / "out/text/a.jpg.txt").read_bytes() == b""


def test_what_a_format_cannot_hold_is_a_failure_or_counted(tmp_path, capsys):
    pages = [page_row(f"d/{name}.jpg", "", 1) for name in "abc"]
    lines = [line_row("d/a.jpg", 0, x=float("nan")), line_row("d/b.jpg", 0, "a\0b")]
    write_tables(tmp_path / "t", pages, [*lines, line_row("d/c.jpg", 0)])
    assert export(tmp_path, "--to", "page", "text") == 3
    assert "1 characters that XML cannot hold are now U+FFFD" in capsys.readouterr().out
    assert {(row["uri"], row["stage"]) for row in failures(tmp_path)} == {("d/a.jpg", "write")}
    assert (tmp_path / "out/text/b.jpg.txt").read_text("utf-8") == "a\ufffdb\n"
    assert files(tmp_path / "out/page") == ["b.jpg.xml", "c.jpg.xml"]


def test_two_pages_of_one_file_name_never_overwrite_each_other(tmp_path):
    uris = ["../x.jpg", "./x.jpg", "d/y.jpg"]
    write_tables(
        tmp_path / "t",
        [page_row(uri, "", 1) for uri in uris],
        [line_row(uri, 0, uri) for uri in uris],
    )
    assert export(tmp_path, "--to", "text") == 3
    (row,) = failures(tmp_path)
    assert "another page has the file x.jpg.txt already" in row["error"]
    assert files(tmp_path / "out/text") == ["_/x.jpg.txt", "d/y.jpg.txt"]


def test_the_older_page_version(archive):
    assert export(archive, "--to", "page", "--page_version", "2013-07-15") == 0
    assert b"pagecontent/2013-07-15" in (archive / "out/page/c.jpg.xml").read_bytes()


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--transcripts", "nowhere", "--to", "page"], "nowhere: no such folder"),
        (["--transcripts", "in", "--to", "page"], "no table runs"),
        (["--transcripts", "t", "--to", "iiif"], "--iiif_base"),
        (["--transcripts", "t", "--to", "page", "--output", "in"], "in exists"),
    ],
)
def test_unusable_flags_are_one_line_and_status_2(archive, monkeypatch, capsys, flags, reason):
    monkeypatch.chdir(archive)
    assert main(["--output", "out", *flags]) == 2
    captured = capsys.readouterr()
    assert reason in captured.err and captured.err.count("\n") == 1
    assert not (archive / "out").exists()


def test_equal_tables_give_equal_files(archive):
    assert export(archive, "--to", *EXTENSIONS, *IIIF) == 0
    (archive / "out").rename(archive / "first")
    assert export(archive, "--to", *EXTENSIONS, *IIIF) == 0
    for name in ("page", "alto", "hocr", "text", "iiif"):
        for path in files(archive / "out" / name):
            first, second = archive / "first" / name / path, archive / "out" / name / path
            assert first.read_bytes() == second.read_bytes()


@pytest.fixture
def turned(tmp_path):
    """Write a turned photograph and the tables of its transcription."""
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    rgb = np.dstack([GREY, GREY // 2, GREY // 3])
    Image.fromarray(rgb.transpose(1, 0, 2)).save(file, "JPEG", exif=exif)
    path = tmp_path / "in/p.jpg"
    path.parent.mkdir()
    path.write_bytes(file.getvalue())
    page = page_row(str(path), exact_key(file.getvalue()), 1)
    write_tables(tmp_path / "t", [page], [line_row(str(path), 0)])
    return tmp_path


@pytest.mark.parametrize(("frame", "size"), [("shown", (300, 200)), ("stored", (200, 300))])
def test_points_of_a_turned_photograph_are_in_the_frame_asked_for(turned, capsys, frame, size):
    assert export(turned, "--to", "page", "alto", "hocr", "--frame", frame) == 0
    assert "1 pages are photographs turned by EXIF" in capsys.readouterr().out
    for read, name in ((read_page_xml, "page"), (read_alto, "alto")):
        page = read((turned / f"out/{name}/p.jpg.xml").read_bytes())
        assert (page.width_px, page.height_px) == size
        (line,) = page.lines
        assert line.baseline == (
            ((20, 40), (280, 40)) if frame == "shown" else ((40, 280), (40, 20))
        )


def test_a_turned_photograph_keeps_its_file_and_colours_in_a_pdf(turned):
    assert export(turned, "--to", "pdf", "--frame", "stored") == 0
    data = (turned / "out/pdf/p.jpg.pdf").read_bytes()
    assert (turned / "in/p.jpg").read_bytes() in data and b"/DeviceRGB" in data
    assert pdfium.PdfDocument(data)[0].get_size() == pytest.approx((72, 48), abs=0.1)


@pytest.mark.parametrize(
    ("flags", "written"),
    [
        (["--page", "b/x.jpg"], ["b/x.jpg.txt"]),
        (["--page", "x.png", "c.jpg"], ["b/x.png.txt", "c.jpg.txt"]),
        (["--where", "page_uri LIKE '%scan%'"], ["scan.tif_0001.txt", "scan.tif_0002.txt"]),
        (["--collection", "all", "--page", "c.jpg"], ["c.jpg.txt"]),
    ],
)
def test_some_pages_are_selected(archive, capsys, flags, written):
    assert export(archive, "--to", "txt", *flags) == 0
    assert files(archive / "out/text") == written
    assert f"pages: {len(written)} in = {len(written)} ok" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--page", "nowhere.jpg"], "no transcribed page fits"),
        (["--collection", "other"], "no transcribed page fits"),
        (["--where", "nothing > 1"], "--where nothing > 1: Binder Error"),
        (["--where", "1 = 1)) --"], "--where"),
        (["--changed_since", "never"], "--changed_since never: no such run"),
        (["--changed_since", "last", "--per", "document"], "leave one out"),
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


def test_a_workspace_of_ocrd_has_all_its_files(archive):
    assert export(archive, "--for", "ocrd") == 0
    out = archive / "out"
    mets = etree.parse(out / "mets.xml")
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


def test_a_killed_export_leaves_nothing_for_long(archive):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with scratch_folder(str(archive / "out")) as own:
        left = own.replace(f"-{os.getpid()}-", f"-{gone.pid}-")
        Path(left).mkdir()
    assert export(archive, "--to", "text") == 0
    assert list(archive.glob("out.*")) == []
