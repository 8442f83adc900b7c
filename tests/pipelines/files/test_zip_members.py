"""Zip archives: exports of eScriptorium, LAREX and Transkribus are read without unpacking."""

import shutil
import struct
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.files.filesystem import BeamFiles, files_in, first_existing, read_bytes
from pipelines.files.zip_members import archive_fault, list_members
from pipelines.transcribe import main as transcribe
from pipelines.transcripts.tables import open_tables
from tests.fakes import write_fake_bundle
from tests.pipelines.drawn_archive import TEXTS, write_page, write_pair
from tests.pipelines.ingest_run import examples, ingest


def zipped(folder: Path, archive: Path, layout: dict[str, str]) -> Path:
    """Write an archive with files of a folder, by their names in it."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, source in layout.items():
            file.write(folder / source, name)
    return archive


# Where each tool puts image and description of a page, and what lies beside them.
EXPORTS = {
    "escriptorium": ({"a.jpg": "a.jpg", "a.xml": "a.xml"}, 1),
    "larex": ({"book/0001.jpg": "a.jpg", "book/0001.xml": "a.xml"}, 1),
    "transkribus": ({"12/My book/a.jpg": "a.jpg", "12/My book/page/a.xml": "a.xml"}, 1),
}


@pytest.mark.parametrize("tool", EXPORTS)
def test_an_export_is_read_without_unpacking(tmp_path, capsys, tool):
    layout, pages = EXPORTS[tool]
    write_page(tmp_path / "plain", "a")
    (tmp_path / "in").mkdir()
    archive = zipped(tmp_path / "plain", tmp_path / "in" / "Export.ZIP", layout)
    assert ingest([tmp_path / "in"], tmp_path / "dataset") == 0
    found = examples(tmp_path / "dataset")
    assert [example.text for example in found] == list(TEXTS)
    image = next(name for name in layout if name.endswith("jpg"))
    assert {example.page_uri for example in found} == {f"{archive}#/{image}"}
    assert f"pages: {pages} in = {pages} ok" in capsys.readouterr().out
    # The same bytes as of the files.
    assert ingest([tmp_path / "plain"], tmp_path / "unpacked") == 0
    assert [e.image for e in found] == [e.image for e in examples(tmp_path / "unpacked")]


def test_tables_and_pairs_in_an_archive(tmp_path):
    write_pair(tmp_path, "1", "acte")
    write_pair(tmp_path, "2", "le maire de Paris")
    (tmp_path / "labels.csv").write_text("image,text\nlines/1.png,le maire\n")
    zipped(tmp_path, tmp_path / "x.zip", {"labels.csv": "labels.csv", "lines/1.png": "2.png"})
    zipped(tmp_path, tmp_path / "y.zip", {"1.png": "1.png", "1.txt": "1.txt"})
    assert ingest([tmp_path / "x.zip", tmp_path / "y.zip"], tmp_path / "dataset") == 0
    assert sorted(e.text for e in examples(tmp_path / "dataset")) == ["acte", "le maire"]


def test_pages_in_an_archive_are_transcribed(tmp_path):
    write_fake_bundle(tmp_path / "m")
    write_page(tmp_path / "plain", "a")
    archive = zipped(
        tmp_path / "plain", tmp_path / "x.zip", {"a.jpg": "a.jpg", "page/a.xml": "a.xml"}
    )
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04 no archive")
    flags = ["--model", str(tmp_path / "m"), "--output", str(tmp_path / "out"), "--lines", "given"]
    inputs = ["--input", str(archive), str(tmp_path / "bad.zip"), "--max_failure_rate", "1"]
    assert transcribe([*inputs, *flags, "--runner", "DirectRunner"]) == 0
    tables = open_tables(str(tmp_path / "out"))
    assert tables.sql("SELECT page_uri, lines_ok FROM pages WHERE status = 'ok'").fetchall() == [
        (f"{archive}#/a.jpg", 3)
    ]
    ((uri, error),) = tables.sql("SELECT uri, error FROM failures").fetchall()
    assert uri.endswith("bad.zip") and "not a whole zip archive" in error and ";" in error


def test_members_are_opened_and_looked_for(tmp_path):
    write_pair(tmp_path, "1", "acte")
    archive = zipped(tmp_path, tmp_path / "x.zip", {"d/1.txt": "1.txt"})
    member = f"{archive}#/d/1.txt"
    assert files_in(str(archive)) == [member] and read_bytes(member) == b"acte\n"
    with BeamFiles().open(member) as file:
        assert file.read(2) == b"ac" and file.seek(0) == 0
    assert first_existing([f"{archive}#/1.txt", f"{tmp_path}/no.zip#/1.txt", member]) == member
    with pytest.raises(FileNotFoundError):
        read_bytes(f"{archive}#/gone.txt")


def test_another_archive_at_the_same_place_is_another_one(tmp_path):
    write_pair(tmp_path, "1", "acte")
    write_pair(tmp_path, "2", "acte de vente")
    archive = zipped(tmp_path, tmp_path / "x.zip", {"1.txt": "1.txt"})
    assert len(list_members(str(archive))) == 1
    zipped(tmp_path, archive, {"1.txt": "1.txt", "2.txt": "2.txt"})
    assert len(list_members(str(archive))) == 2


def bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file, file.open("a.txt", "w") as out:
        for _ in range(300):
            out.write(bytes(1 << 20))


def overlapping(path: Path) -> None:
    """Write an archive whose directory names the same 20 MB of zeros a hundred times."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a000.txt", bytes(20 << 20))
    data = path.read_bytes()
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry = data[start:end]
    entries = b"".join(entry.replace(b"a000.txt", b"a%03d.txt" % n) for n in range(100))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 100, 100, len(entries), start, 0)
    path.write_bytes(data[:start] + entries + tail)


def outside(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("../../etc/a.txt", b"x")


def encrypted(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.txt", b"x")
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)


def in_another(path: Path) -> None:
    inner = path.with_name("inner")
    outside(inner)
    with zipfile.ZipFile(path, "w") as file:
        file.write(inner, "x.zip")


def cut_off(path: Path) -> None:
    bomb(path)
    path.write_bytes(path.read_bytes()[:-100])


BAD = {
    bomb: "more than 100 times its size; unpack it",
    overlapping: "more than 100 times its size; unpack it",
    outside: "leads out of it; unpack it",
    encrypted: "encrypted; unpack it",
    in_another: "archive in an archive; unpack",
    cut_off: "not a whole zip archive",
    lambda path: path.write_bytes(b"text"): "not a whole zip archive",
    lambda path: zipfile.ZipFile(path, "w").close(): "no file in it; remove it",
}


@pytest.mark.parametrize(("write", "cure"), BAD.items())
def test_an_archive_that_is_not_read_is_a_failure(tmp_path, write, cure):
    (tmp_path / "in").mkdir()
    write(tmp_path / "in" / "bad.zip")
    (tmp_path / "in" / "inner").unlink(missing_ok=True)
    write_pair(tmp_path / "in", "good", "acte")
    assert ingest([tmp_path / "in"], tmp_path / "out", "--max_failure_rate", "1") == 0
    (failure,) = pq.read_table(tmp_path / "out" / "failures").to_pylist()
    assert cure in failure["error"] and "bad.zip" in failure["uri"]
    assert [e.text for e in examples(tmp_path / "out")] == ["acte"]


def test_a_damaged_member_fails_alone(tmp_path):
    write_page(tmp_path / "plain", "a")
    write_page(tmp_path / "plain", "b")
    names = ("a.jpg", "a.xml", "b.jpg", "b.xml")
    archive = zipped(tmp_path / "plain", tmp_path / "x.zip", dict(zip(names, names)))
    data = bytearray(archive.read_bytes())
    data[2000:2010] = bytes(10)
    archive.write_bytes(data)
    shutil.rmtree(tmp_path / "plain")
    assert archive_fault(str(archive)) == ""
    flags = ["--max_failure_rate", "1", "--eval_fraction", "0", "--test_fraction", "0"]
    assert ingest([archive], tmp_path / "out", *flags) == 0
    (failure,) = pq.read_table(tmp_path / "out" / "failures").to_pylist()
    assert failure["uri"].endswith("x.zip#/a.jpg") and "damaged" in failure["error"]
    assert {e.page_uri for e in examples(tmp_path / "out")} == {f"{archive}#/b.jpg"}
