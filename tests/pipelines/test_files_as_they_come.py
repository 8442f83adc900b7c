"""Folders as other programs and systems leave them, through ingest, transcribe and lines."""

import re
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.lines import main as lines
from pipelines.transcribe import main as transcribe
from tests.drawn import png
from tests.fakes import write_fake_bundle
from tests.pipelines.drawn_archive import TEXTS, write_page
from tests.pipelines.ingest_run import DIRECT, examples, ingest

METS = b'<mets xmlns="http://www.loc.gov/METS/"/>'
METADATA = b"<trpDocMetadata><docId>1</docId></trpDocMetadata>"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(write_fake_bundle(tmp_path_factory.mktemp("model") / "m"))


def move(folder, *names):
    """Move the image and the XML of a drawn page; the XML keeps what it names."""
    for old, new in zip(("p.jpg", "p.xml"), names):
        (folder / new).parent.mkdir(parents=True, exist_ok=True)
        (folder / old).rename(folder / new)


def rename(folder, markup, name):
    """Let an XML file name another image."""
    path = folder / markup
    path.write_text(re.sub('imageFilename="[^"]*"', f'imageFilename="{name}"', path.read_text()))


def beside_images(folder):
    move(folder, "images/a.jpg", "labels/b.xml")
    rename(folder, "labels/b.xml", "../images/a.jpg")


def from_workspace(folder):
    move(folder, "IMG/a.jpg", "SEG/b.xml")
    rename(folder, "SEG/b.xml", "IMG/a.jpg")
    (folder / "mets.xml").write_bytes(METS)


def encoded(folder):
    move(folder, "p 1 é.jpg", "x.xml")
    rename(folder, "x.xml", "p%201%20%C3%A9.jpg")


def other_ending(folder):
    move(folder, "p.JPG", "p.xml")
    rename(folder, "p.xml", "p.tif")


def loghi(folder):
    move(folder, "p.jpg", "page/p.xml")
    (folder / "page" / "p.png").write_bytes(png(np.zeros((370, 640), np.uint8)))


def transkribus(folder):
    move(folder, "p.jpg", "page/p.xml")
    (folder / "mets.xml").write_bytes(METS)
    (folder / "metadata.xml").write_bytes(METADATA)
    (folder / "readme.txt").write_text("exported on Monday")


def systems(folder):
    for name in ("._p.jpg", "._p.xml", ".DS_Store", "Thumbs.db", "__MACOSX/._p.jpg"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"\0\5\x16\7")
    thumbnail = folder / "@eaDir" / "p.jpg" / "SYNOPHOTO_THUMB_XL.jpg"
    thumbnail.parent.mkdir(parents=True)
    shutil.copy(folder / "p.jpg", thumbnail)


def versions(folder):
    for name in ("p.bin.png", "p.nrm.png"):
        (folder / name).write_bytes(png(np.full((370, 640), 255, np.uint8)))


@pytest.mark.parametrize(
    ("change", "is_named"),
    [
        (beside_images, ()),
        (from_workspace, ("mets.xml",)),
        (encoded, ()),
        (other_ending, ()),
        (loghi, ("mask", "p.png")),
        (transkribus, ("metadata.xml", "mets.xml", "readme.txt")),
        (systems, ("._p.jpg", ".DS_Store")),
    ],
)
def test_one_page_is_read_by_ingest_and_with_given_lines(tmp_path, model, capsys, change, is_named):
    archive = tmp_path / "archive"
    write_page(archive, "p")
    change(archive)
    assert ingest([archive], tmp_path / "dataset") == 0
    said = capsys.readouterr().out
    assert "1 ok + 0 failed" in said and all(name in said for name in is_named)
    assert [example.text for example in examples(tmp_path / "dataset")] == list(TEXTS)
    assert run(transcribe, archive, tmp_path / "out", "--model", model, "--lines", "given") == 0
    said = capsys.readouterr().out
    assert "1 ok + 0 failed" in said and all(name in said for name in is_named)
    (page,) = [page for page in rows(tmp_path / "out", "pages") if page["status"] == "ok"]
    assert (page["lines_source"], page["lines_ok"]) == ("page", 3)


def run(main, archive, output, *flags):
    return main(["--input", str(archive), "--output", str(output), *DIRECT, *flags])


def rows(output, table):
    return [
        row
        for p in output.glob(f"{table}/**/*.parquet")
        for row in pq.ParquetFile(p).read().to_pylist()
    ]


def test_versions_of_a_described_image_are_left_out(tmp_path, capsys):
    write_page(tmp_path / "archive", "p")
    versions(tmp_path / "archive")
    assert ingest([tmp_path / "archive"], tmp_path / "dataset") == 0
    assert "skipped: 2 other versions of described images" in capsys.readouterr().out


def test_a_page_described_twice_counts_once_also_in_the_dry_run(tmp_path, capsys):
    archive = tmp_path / "archive"
    write_page(archive, "p")
    other = (archive / "p.xml").read_text().replace("acte", "autre")
    (archive / "p.a.xml").write_text(other.replace("</TextRegion>", "<TextLine/></TextRegion>"))
    skipped = "skipped: 1 file whose page another file describes (p.a.xml)"
    assert ingest([archive], tmp_path / "dataset", "--dry_run") == 0
    said = capsys.readouterr().out
    assert "page: 1 pages, 3 lines" in said and "left out: 1" in said and skipped in said
    assert ingest([archive], tmp_path / "dataset") == 0
    assert skipped in capsys.readouterr().out
    assert [example.text for example in examples(tmp_path / "dataset")] == list(TEXTS)


def test_blank_pages_are_left_out_and_told(tmp_path, capsys):
    archive = tmp_path / "archive"
    for name, texts in {"p": TEXTS, "own": (), "foreign": (), "twice": ("reste",)}.items():
        write_page(archive, name, texts)
    (archive / "foreign.xml").rename(archive / "of_another_name.xml")
    # Of two descriptions of a page the one with lines counts, whatever its name.
    (archive / "twice.xml").rename(archive / "x.xml")
    (archive / "twice.xml").write_bytes((archive / "own.xml").read_bytes())
    rename(archive, "twice.xml", "twice.jpg")
    for flags in (["--dry_run"], []):
        assert ingest([archive], tmp_path / "dataset", *flags) == 0
        said = capsys.readouterr().out
        assert "skipped: 2 pages that have no lines (foreign.jpg, own.jpg)" in said
        assert "skipped: 1 file whose page another file describes (twice.xml)" in said
    assert "pages: 5 in = 2 ok + 0 failed + 3 skipped" in said
    assert len(examples(tmp_path / "dataset")) == 4


@pytest.mark.parametrize("is_parquet", [False, True])
def test_a_table_about_something_else_is_left_out_unless_it_is_named(tmp_path, capsys, is_parquet):
    archive = tmp_path / "archive"
    write_page(archive, "p")
    table = archive / ("people.parquet" if is_parquet else "people.csv")
    if is_parquet:
        pq.write_table(pa.table({"name": ["Anna"], "born": [1858]}), table)
    else:
        table.write_text("name;born\nAnna;1858\n")
    left_out = "1 table without columns of images and texts, which --image_column and --text_column"
    for flags in (["--dry_run"], []):
        assert ingest([archive], tmp_path / "dataset", *flags) == 0
        assert f"{left_out} name ({table.name})" in capsys.readouterr().out
    for inputs, flags in (
        ([archive, table], []),
        ([archive, archive / f"*{table.suffix}"], []),
        ([archive], ["--text_column", "born"]),
    ):
        assert ingest(inputs, tmp_path / "dataset", "--overwrite", *flags) == 3
        assert "1 ok + 1 failed + 0 skipped" in capsys.readouterr().out
        (failure,) = rows(tmp_path / "dataset", "failures")
        assert "columns are name" in failure["error"]


NO_POINTS = '<TextLine id="l1"><TextEquiv><Unicode>acte</Unicode></TextEquiv></TextLine>'
REGION_TEXT = "<TextEquiv><Unicode>acte</Unicode></TextEquiv>"


@pytest.mark.parametrize(
    ("inside", "account", "error"),
    [
        (NO_POINTS * 2, "lines: 2 in = 0 ok + 2 failed", "line has no coordinates; draw"),
        (REGION_TEXT, "pages: 1 in = 0 ok + 1 failed", "texts are those of whole regions; divide"),
    ],
)
def test_a_page_with_text_but_no_line_to_cut_out_is_not_blank(
    tmp_path, capsys, inside, account, error
):
    write_page(tmp_path / "in", "p", ())
    markup = tmp_path / "in" / "p.xml"
    page = f'<Page \\1><TextRegion id="r">{inside}</TextRegion></Page>'
    markup.write_text(re.sub("<Page (.*)/>", page, markup.read_text()))
    assert ingest([tmp_path / "in"], tmp_path / "dataset") == 3
    assert account in capsys.readouterr().out
    assert all(error in row["error"] for row in rows(tmp_path / "dataset", "failures"))


def test_an_image_that_may_be_two_fails_with_both_names(tmp_path):
    archive = tmp_path / "archive"
    write_page(archive, "p")
    shutil.copy(archive / "p.jpg", archive / "p.png")
    rename(archive, "p.xml", "p.tif")
    assert ingest([archive], tmp_path / "dataset") == 3
    (failure,) = rows(tmp_path / "dataset", "failures")
    assert "p.jpg or " in failure["error"] and "p.png; take one" in failure["error"]


def test_a_page_whose_strips_are_all_empty_fails(tmp_path, model):
    archive = tmp_path / "archive"
    write_page(archive, "p")
    (archive / "p.jpg").unlink()
    (archive / "p.png").write_bytes(png(np.full((370, 640), 255, np.uint8)))
    assert ingest([archive], tmp_path / "dataset") == 3
    assert run(transcribe, archive, tmp_path / "out", "--model", model) == 3
    for output in ("dataset", "out"):
        (failure,) = rows(tmp_path / output, "failures")
        assert "all 3 lines are empty where they are described; pair" in failure["error"]


@pytest.mark.parametrize("verb", ["transcribe", "lines"])
def test_a_folder_without_any_page_is_not_complete(tmp_path, model, capsys, verb):
    (tmp_path / "in").mkdir()
    for name in ("export.7z", "photo.heiq", "._a.png"):
        (tmp_path / "in" / name).write_bytes(b"x")
    main, flags = (transcribe, ["--model", model]) if verb == "transcribe" else (lines, [])
    for _ in range(2):
        assert run(main, tmp_path / "in", tmp_path / "out", *flags) == 2
        said = capsys.readouterr()
        assert "complete" not in said.out
        assert "nothing could be read" in said.err
        assert all(name in said.err for name in ("export.7z", "photo.heiq", "._a.png"))


@pytest.mark.parametrize("ending", ["jfif", "jpe", "JPE", "j2k", "jpx", "gif"])
def test_other_endings_of_images_are_pages(tmp_path, model, ending):
    write_page(tmp_path / "in", "p")
    (tmp_path / "in" / "p.jpg").rename(tmp_path / "in" / f"p.{ending}")
    assert ingest([tmp_path / "in"], tmp_path / "dataset") == 0
    assert run(transcribe, tmp_path / "in", tmp_path / "out", "--model", model) == 0
    assert [
        page["lines_source"] for page in rows(tmp_path / "out", "pages") if page["status"] == "ok"
    ] == ["page"]
