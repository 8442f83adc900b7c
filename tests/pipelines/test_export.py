"""`python -m pipelines.export`, through its main."""

import json
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pypdfium2 as pdfium
import pytest
from lxml import etree

from model.images.digest import digest_of_pixels, exact_key
from pipelines.export import main
from pipelines.exporting.pipeline import EXTENSIONS
from schemas.records import SkipReason
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
    assert "files: 36 written" in said
    names = ("a/x.jpg", "b/x.jpg", "b/x.png", "c.jpg", "scan.tif/page_0001", "scan.tif/page_0002")
    for name, extension in EXTENSIONS.items():
        assert files(archive / "out" / name) == [f"{name}{extension}" for name in names]
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
        page = pdfium.PdfDocument(archive / f"out/pdf/scan.tif/page_{number:04d}.pdf")[0]
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


# What happens to the images, the flags, the exit status and the last line.
ENDS = (
    ({}, ["--to", "text"], 0, "complete"),
    ({"a/x.jpg": None}, ["--to", "text"], 0, "complete"),
    ({"a/x.jpg": None}, ["--to", "pdf"], 0, "complete, without 1 page that is gone"),
    (
        {"b/x.jpg": b"no image"},
        ["--to", "pdf", "--max_failure_rate", "1"],
        0,
        "complete, except 1 page that failed; {out}/failures lists each",
    ),
    (
        {"a/x.jpg": None, "b/x.jpg": b"no image"},
        ["--to", "pdf", "--max_failure_rate", "1"],
        0,
        "complete, without 1 page that is gone and except 1 page that failed; "
        "{out}/failures lists each",
    ),
)


@pytest.mark.parametrize(("images", "flags", "status", "last"), ENDS)
def test_an_export_says_what_it_lacks(archive, capsys, images, flags, status, last):
    for name, data in images.items():
        path = archive / "in" / name
        path.unlink() if data is None else path.write_bytes(data)
    assert export(archive, *flags) == status
    assert capsys.readouterr().out.splitlines()[-1] == last.format(out=archive / "out")


def test_an_export_leaves_out_pages_that_are_gone(archive, capsys):
    uri = f"{archive}/in/a/x.jpg"
    gone = {"page_uri": uri, "status": "skipped", "reason": SkipReason.GONE, "change": "gone"}
    write_run(archive / "t", {"run_id": "r2", "started": NOW, "finished": NOW}, pages=[gone])
    assert export(archive, "--to", "text") == 0
    said = capsys.readouterr().out
    assert "pages: 5 in = 5 ok" in said and "left out: 1 page that is gone" in said
    assert said.splitlines()[-1] == "complete, without 1 page that is gone"
    assert not (archive / "out/text/a/x.jpg.txt").exists()


def test_an_export_without_any_image_is_of_no_use(archive, capsys):
    (archive / "in").rename(archive / "moved")
    assert export(archive, "--to", "pdf") == 3
    assert "no page could be written, as their images do not exist" in capsys.readouterr().err
