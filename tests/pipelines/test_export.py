"""`python -m pipelines.export`, through its main."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pypdfium2 as pdfium
import pytest
from lxml import etree

from pipelines.export import main
from pipelines.exporting.config import EXTENSIONS
from tests.drawn import jpeg
from tests.pipelines.exported import (
    GREY,
    IIIF,
    export,
    failures,
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


def test_a_changed_image_fails_only_the_pdf_and_a_missing_one_is_told_apart(archive, capsys):
    (archive / "in/a/x.jpg").unlink()
    (archive / "in/b/x.jpg").write_bytes(jpeg(GREY // 2))
    (archive / "in/b/x.png").write_bytes(b"no image")
    assert export(archive, "--to", "pdf", "text") == 3
    captured = capsys.readouterr()
    assert "pages: 6 in = 3 ok + 2 failed + 1 skipped" in captured.out
    assert f"skipped: 1 page whose image is gone ({archive}/in/a/x.jpg)" in captured.out
    assert "files: 9 written" in captured.out and "--max_failure_rate" in captured.err
    assert "failures, the worst first:\n  " in captured.out
    assert f'--transcripts {archive / "out"} "SELECT * FROM failures"' in captured.out
    found = {
        Path(row["uri"]).relative_to(archive / "in").as_posix(): row for row in failures(archive)
    }
    assert set(found) == {"b/x.jpg", "b/x.png"}
    assert {row["stage"] for row in found.values()} == {"read"}
    assert "changed after it was transcribed" in found["b/x.jpg"]["error"]
    assert len(files(archive / "out/text")) == 6 and len(files(archive / "out/pdf")) == 3
    (run,) = pq.read_table(archive / "out/runs").to_pylist()
    assert (run["pages_failed"], run["lines_failed"]) == (2, 6)
    assert export(archive, "--to", "pdf", "--overwrite", "--max_failure_rate", "0.5") == 0


def test_pages_that_were_not_transcribed_are_skipped_and_empty_ones_are_written(tmp_path, capsys):
    pages = [page_row("d/a.jpg", "", 0), page_row("d/b.jpg", "", 0, "failed")]
    write_tables(tmp_path / "t", pages, [])
    assert export(tmp_path, "--to", "page", "alto", "hocr", "text", "iiif", *IIIF) == 0
    said = capsys.readouterr().out
    assert "pages: 2 in = 1 ok + 0 failed + 1 skipped" in said
    assert "skipped: 1 page that transcribe could not read (b.jpg)" in said
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
