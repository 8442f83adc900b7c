"""Multi-page PDF and TIFF files, through the mains of ingest and transcribe."""

import hashlib
from datetime import datetime

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from pipelines.formats.page_text import Origin
from pipelines.formats.page_xml.write import write_description
from pipelines.pages.image import PageImage, open_described
from pipelines.transcribe import main as transcribe_main
from schemas.records import Line, Page
from tests.drawn import FONT, text_strip
from tests.drawn_files import encrypted_pdf, image_file
from tests.fakes import write_fake_bundle
from tests.pipelines.ingest_run import DIRECT, examples, ingest

TEXTS = ("acte de mariage", "fils de Jean", "le maire de Paris")


def draw_page(text: str) -> tuple[np.ndarray, Line]:
    """Draw a page of one line, in black and white, which a PDF stores without loss."""
    grey = np.full((200, 640), 255, np.uint8)
    cv2.putText(grey, text, (60, 100), FONT, 1.2, 0, 2)
    polygon = ((50, 55), (600, 55), (600, 125), (50, 125))
    return grey, Line("l1", 0, text, ((60, 100), (590, 100)), polygon, "r1")


PAGES, LINES = zip(*map(draw_page, TEXTS))


def write_scan(folder, name, kind, pages=PAGES):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(image_file(list(pages), kind, mode="1"))


def write_xml(folder, name, image, line):
    folder.mkdir(parents=True, exist_ok=True)
    page = Page(image, (line,), 640, 200)
    (folder / name).write_bytes(write_description(page, Origin("Quire", datetime(2026, 1, 1))))


def write_alto(folder, name, image):
    pages = "".join(
        f'<Page WIDTH="640" HEIGHT="200"><PrintSpace><TextBlock ID="b"><TextLine ID="l1" '
        f'BASELINE="60 100 590 100" HPOS="50" VPOS="55" WIDTH="550" HEIGHT="70">'
        f'<String CONTENT="{text}"/></TextLine></TextBlock></PrintSpace></Page>'
        for text in TEXTS
    )
    (folder / name).write_text(
        '<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Description>'
        f"<sourceImageInformation><fileName>{image}</fileName></sourceImageInformation>"
        f"</Description><Layout>{pages}</Layout></alto>"
    )


def transcribe(inputs, model, output, *flags):
    paths = ["--input", str(inputs), "--model", str(model), "--output", str(output)]
    return transcribe_main([*paths, *DIRECT, *flags])


def lines_by_page(dataset, parts=1):
    """Return text and image of each page's only line, by the last parts of the page's URI."""
    return {"/".join(e.page_uri.split("/")[-parts:]): (e.text, e.image) for e in examples(dataset)}


def rows(output, table, *columns):
    found = pq.read_table(output / table).to_pylist()
    return sorted(tuple(row[column] for column in columns) for row in found)


# All pages are in one split, where the same line may occur several times.
TRAIN_ONLY = ["--eval_fraction", "0", "--test_fraction", "0"]


def opened(uri: str) -> PageImage:
    return open_described(Page(uri))


def test_pages_of_a_file_have_the_same_lines_as_single_images(tmp_path):
    archive = tmp_path / "archive"
    conventions = [
        (name, kind, folder)
        for name, kind in (("scan.pdf", "PDF"), ("scan.tif", "TIFF"))
        for folder in ("numbered", "named", "folder", "alto", "exported")
    ]
    for name, kind, folder in conventions:
        write_scan(archive / kind / folder, name, kind)
        if folder == "alto":
            write_alto(archive / kind / folder, "scan.xml", name)
    for i, (page, line) in enumerate(zip(PAGES, LINES), 1):
        write_scan(archive / "single", f"p{i}.tif", "TIFF", [page])
        write_xml(archive / "single", f"p{i}.xml", f"p{i}.tif", line)
        for name, kind in (("scan.pdf", "PDF"), ("scan.tif", "TIFF")):
            folder = archive / kind
            write_xml(folder / "numbered", f"scan_{i:04}.xml", name, line)
            write_xml(folder / "exported", f"{name}_{i:04}.xml", name, line)
            write_xml(folder / "named", f"folio {i}.xml", f"{name}#page={i}", line)
            write_xml(folder / "folder" / "scan", f"{i:04}.xml", f"{i}.jpg", line)
    assert ingest([archive], tmp_path / "out", *TRAIN_ONLY) == 0
    found = lines_by_page(tmp_path / "out", parts=3)
    for name, kind, folder in conventions:
        for i in (1, 2, 3):
            single = found[f"archive/single/p{i}.tif"]
            page = found[f"{kind}/{folder}/{name}#page={i}"]
            assert page[0] == single[0]
            # The ALTO has a bounding box, not the polygon.
            assert page == single or folder == "alto"
    assert len(found) == 3 + 3 * len(conventions)


def test_pairs_and_failures_of_multi_page_files(tmp_path, capsys):
    archive = tmp_path / "archive"
    write_scan(archive, "one.pdf", "PDF", [text_strip(TEXTS[0])])
    (archive / "one.txt").write_text(TEXTS[0])
    write_scan(archive, "two.tif", "TIFF", [text_strip(TEXTS[1])])
    (archive / "two.gt.txt").write_text(TEXTS[1])
    write_scan(archive, "many.pdf", "PDF")
    (archive / "many.txt").write_text("acte")
    write_scan(archive, "lone.pdf", "PDF")
    (archive / "locked.pdf").write_bytes(encrypted_pdf())
    write_scan(archive, "scan.tif", "TIFF")
    write_xml(archive, "scan_0002.xml", "scan.tif", LINES[1])
    write_xml(archive, "scan_0009.xml", "scan.tif", LINES[1])
    assert ingest([archive], tmp_path / "dry", "--dry_run") == 0
    printed = capsys.readouterr().out
    assert "page: 1 pages, 1 lines\npair: 2 pages, 2 lines\ncannot be read: 6" in printed
    assert ingest([archive], tmp_path / "out") == 3
    assert "pages: 9 in = 3 ok + 6 failed + 0 skipped" in capsys.readouterr().out
    assert set(lines_by_page(tmp_path / "out")) == {"one.pdf", "two.tif", "scan.tif#page=2"}
    failures = {
        uri.rsplit("/")[-1]: (stage, error)
        for uri, stage, error in rows(tmp_path / "out", "failures", "uri", "stage", "error")
    }
    assert {uri: stage for uri, (stage, _) in failures.items()} == {
        "many.txt": "pair",
        "lone.pdf": "pair",
        "locked.pdf": "read",
        "scan.tif#page=9": "pair",
        "scan.tif#page=1": "pair",
        "scan.tif#page=3": "pair",
    }
    assert "any of its 3 pages; add lone.xml" in failures["lone.pdf"][1]
    assert "encrypted; save it without a password" in failures["locked.pdf"][1]
    assert all(";" in error for _, error in failures.values())


def test_each_page_of_a_multi_page_file_is_transcribed(tmp_path, capsys):
    model = write_fake_bundle(tmp_path / "m")
    archive = tmp_path / "archive"
    write_scan(archive, "scan.pdf", "PDF")
    write_scan(archive, "scan2.tif", "TIFF")
    (archive / "locked.pdf").write_bytes(encrypted_pdf())
    assert transcribe(archive, model, tmp_path / "out", "--max_failure_rate", "1") == 0
    assert "pages: 7 in = 6 ok + 1 failed + 0 skipped" in capsys.readouterr().out
    pages = rows(tmp_path / "out", "pages", "page_uri", "status", "sha256", "lines_ok")
    names = [uri.rsplit("/")[-1] for uri, *_ in pages]
    expected = [f"{name}#page={i}" for name in ("scan.pdf", "scan2.tif") for i in (1, 2, 3)]
    assert names == ["locked.pdf", *expected]
    assert [lines for *_, lines in pages] == [0, 1, 1, 1, 1, 1, 1]
    # The PDF and the TIFF hold the same three images.
    assert len({sha256 for _, status, sha256, _ in pages if status == "ok"}) == 3


def test_given_lines_are_found_for_each_page(tmp_path):
    archive = tmp_path / "archive"
    write_scan(archive, "alto.pdf", "PDF")
    write_alto(archive, "alto.xml", "alto.pdf")
    write_scan(archive, "scan.tif", "TIFF")
    write_xml(archive, "scan-1.xml", "scan.tif", LINES[0])
    write_xml(archive / "page", "scan_0002.xml", "scan.tif", LINES[1])
    write_scan(archive, "two.pdf", "PDF", PAGES[:2])
    write_scan(archive, "two.tif", "TIFF", PAGES[:2])
    # As export names them: the file tells two of one name apart.
    write_xml(archive / "page", "two.pdf_0002.xml", "two.pdf", LINES[1])
    write_xml(archive / "page", "two.tif_0001.xml", "two.tif", LINES[0])
    write_scan(archive, "folder.pdf", "PDF")
    write_xml(archive / "folder", "003.xml", "x.jpg", LINES[2])
    model = write_fake_bundle(tmp_path / "m")
    flags = ["--lines", "given", "--max_failure_rate", "1"]
    assert transcribe(archive / "*.[pt]*", model, tmp_path / "out", *flags) == 0
    pages = rows(tmp_path / "out", "pages", "page_uri", "lines_source")
    assert [(uri.rsplit("/")[-1], source) for uri, source in pages] == [
        *((f"alto.pdf#page={i}", "alto") for i in (1, 2, 3)),
        ("folder.pdf#page=1", ""),
        ("folder.pdf#page=2", ""),
        ("folder.pdf#page=3", "page"),
        ("scan.tif#page=1", "page"),
        ("scan.tif#page=2", "page"),
        ("scan.tif#page=3", ""),
        ("two.pdf#page=1", ""),
        ("two.pdf#page=2", "page"),
        ("two.tif#page=1", "page"),
        ("two.tif#page=2", ""),
    ]
    errors = rows(tmp_path / "out", "failures", "error")
    assert len(errors) == 5
    assert all("no PAGE or ALTO file beside it" in error for (error,) in errors)


def test_a_multi_page_file_is_opened_only_by_page(tmp_path):
    write_scan(tmp_path, "scan.tif", "TIFF")
    with pytest.raises(ValueError, match="file has 3 pages; name one of them, as in .*#page=1"):
        opened(f"{tmp_path}/scan.tif")
    grey = opened(f"{tmp_path}/scan.tif#page=2").grey
    assert np.array_equal(grey, np.where(PAGES[1] > 127, 255, 0))


@pytest.mark.parametrize(("name", "kind"), [("scan.pdf", "PDF"), ("scan.tif", "TIFF")])
def test_the_pages_of_a_file_have_different_digests(tmp_path, name, kind):
    write_scan(tmp_path, name, kind)
    digests = [opened(f"{tmp_path}/{name}#page={n}").sha256 for n in (1, 2, 3)]
    assert len(set(digests)) == 3
    write_scan(tmp_path, name, kind, PAGES[:1])
    assert (
        opened(f"{tmp_path}/{name}").sha256
        == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
    )
