"""`python -m pipelines.show --worst` and `--sample`: pages as one HTML file."""

import base64
import re

import cv2
import numpy as np
import pytest

from pipelines.show import main as show
from tests.drawn import jpeg
from tests.pipelines.written_tables import page, write_run

TEXT = "acte <b>"


def characters(text, confidence):
    other = [{"text": "é", "confidence": 0.2}]
    return [{"text": c, "confidence": confidence, "alternatives": other} for c in text]


def line(uri, number=0):
    ring = [{"x": x, "y": y} for x, y in ((20, 20), (280, 20), (280, 60), (20, 60))]
    return {
        "page_uri": uri,
        "line_id": f"l{number}",
        "line_index": number,
        "text": TEXT,
        "characters": characters(TEXT, 0.6),
        "baseline": ring[2:],
        "polygon": ring,
    }


@pytest.fixture
def archive(tmp_path):
    """Four pages that were read, of which one has no lines, and one that failed."""
    grey = np.random.default_rng(2).integers(0, 256, (3000, 2400)).astype(np.uint8)
    uris = [f"{tmp_path}/scans/{name}.jpg" for name in "abcd"]
    (tmp_path / "scans").mkdir()
    for uri in uris:
        with open(uri, "wb") as file:
            file.write(jpeg(grey))
    rows = [
        page(uri, cer_estimate=cer, confidence=0.9, lines_ok=1, width_px=2400, height_px=3000)
        for uri, cer in zip(uris, (0.1, 0.4, 0.2, 0.3))
    ]
    failed = {"page_uri": f"{tmp_path}/scans/broken.jpg", "status": "failed"}
    lines = [line(uri) for uri in uris[:3]]
    write_run(tmp_path / "out", {"run_id": "r1"}, pages=[*rows, failed], lines=lines)
    return tmp_path


def shown(archive, *flags):
    output = archive / "deep" / "pages.html"
    assert show(["--transcripts", f"{archive}/out", "--output", str(output), *flags]) == 0
    return output.read_text("utf-8")


def headings(document):
    return re.findall(r"<h2>([a-z]+\.jpg)</h2>", document)


def test_the_worst_pages_come_first(archive, capsys):
    document = shown(archive, "--worst", "3")
    assert headings(document) == ["b.jpg", "d.jpg", "c.jpg"]
    assert "estimated CER 40.0 %, confidence 90 %" in document
    assert capsys.readouterr().out == f"{archive}/deep/pages.html shows 3 pages\n"


@pytest.mark.parametrize(("flags", "expected"), [(["--page", "c"], "c.jpg"), ([], "a.jpg")])
def test_one_page_can_be_shown_so_too(archive, flags, expected):
    assert headings(shown(archive, *flags)) == [expected]


def test_a_sample_is_the_same_each_time_and_has_no_page_twice(archive):
    first, again, all_pages = (headings(shown(archive, "--sample", n)) for n in ("2", "2", "20"))
    assert first == again == all_pages[:2]
    assert sorted(all_pages) == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]


def test_the_file_needs_no_other_and_its_pictures_are_small(archive):
    document = shown(archive, "--worst", "20")
    addresses = re.findall(r'(?:src|href)="([^"]*)"', document)
    pictures = [a for a in addresses if a.startswith("data:image/jpeg;base64,")]
    assert len(pictures) == 4 and all(a.startswith("#") for a in set(addresses) - {*pictures})
    assert all(len(a) <= 300_100 for a in pictures)
    assert "<script" not in document and "default-src 'none'" in document
    data = np.frombuffer(base64.b64decode(pictures[0].partition(",")[2]), np.uint8)
    assert cv2.imdecode(data, cv2.IMREAD_GRAYSCALE).shape[0] > 300


def test_a_line_and_its_text_show_each_other(archive):
    document = shown(archive, "--worst", "1")
    assert '<polygon points="20,20 280,20 280,60 20,60">' in document
    assert 'viewBox="0 0 2400 3000"' in document
    assert len(re.findall(r'class="line1"', document)) == 2
    assert document.count('title="a 60 %, é 20 %"') == 1 and "<b>" not in document.split("<main")[1]


def test_a_line_without_a_place_is_the_whole_image(archive):
    uri = f"{archive}/scans/e.jpg"
    grey = np.full((60, 300), 200, np.uint8)
    (archive / "scans" / "e.jpg").write_bytes(jpeg(grey))
    whole = line(uri) | {"baseline": [], "polygon": []}
    size = {"width_px": 300, "height_px": 60, "cer_estimate": 0.9, "confidence": 0.1}
    write_run(archive / "out", {"run_id": "r2"}, pages=[page(uri, **size)], lines=[whole])
    assert '<polygon points="0,0 300,0 300,60 0,60">' in shown(archive, "--worst", "1")


def test_a_page_without_lines_is_shown(archive):
    assert "no lines" in shown(archive, "--worst", "2")


def test_an_image_that_is_missing_or_changed_is_told(archive, capsys):
    (archive / "scans" / "b.jpg").unlink()
    (archive / "scans" / "c.jpg").write_bytes(jpeg(np.full((60, 50), 200, np.uint8)))
    document = shown(archive, "--worst", "4")
    assert "image cannot be opened" in document and document.count("<svg") == 3
    out = capsys.readouterr().out
    assert "b.jpg: image cannot be opened" in out
    assert "c.jpg: image is 50 x 60 px, but was 2400 x 3000 px" in out


def test_where_no_image_can_be_opened_the_texts_are_shown_and_the_status_is_3(archive):
    for path in (archive / "scans").iterdir():
        path.unlink()
    output = archive / "pages.html"
    assert show(["--transcripts", f"{archive}/out", "--worst", "9", "--output", str(output)]) == 3
    assert "acte" in re.sub("<[^>]*>", "", output.read_text("utf-8"))


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--worst", "3", "--output", "a.png"], "a.png does not end in .html"),
        (["--output", "a.gif"], "a.gif does not end in .png or .html"),
        (["--page", "z", "--output", "a.html"], "--page z: no page that was read has such a name"),
        (["--worst", "0", "--output", "a.html"], "'0' is not a number of pages between 1 and 500"),
        (["--sample", "x", "--output", "a.html"], "'x' is not a number of pages"),
        (["--sample", "2", "--worst", "2", "--output", "a.html"], "not allowed with"),
    ],
)
def test_unusable_flags_are_one_line(archive, capsys, flags, reason):
    try:
        status = show(["--transcripts", f"{archive}/out", *flags])
    except SystemExit as exit_:
        status = exit_.code
    error = capsys.readouterr().err
    assert status == 2 and reason in error and error.count("\n") == 1


def test_an_archive_without_a_page_that_was_read(tmp_path, capsys):
    write_run(tmp_path / "out", {"run_id": "r1"}, pages=[{"page_uri": "a", "status": "failed"}])
    flags = ["--transcripts", f"{tmp_path}/out", "--worst", "3", "--output", f"{tmp_path}/a.html"]
    assert show(flags) == 2
    assert "no page that was read" in capsys.readouterr().err
