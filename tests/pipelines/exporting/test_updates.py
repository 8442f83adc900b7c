"""An export that is kept up to date, through the main of export."""

import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pypdfium2 as pdfium
import pytest

from model.images.digest import exact_key
from pipelines.exporting import update
from tests.pipelines.exported import (
    IIIF,
    NOW,
    export,
    failures,
    files,
    line_row,
    page_row,
    write_archive,
)
from tests.pipelines.written_tables import write_run

DOCUMENTS = ["--per", "document", "--to"]
# What is written, and the paths that a new reading of b/x.jpg changes.
KINDS = {
    "pages": (["--to", "text", "page"], {"text/b/x.jpg.txt", "page/b/x.jpg.xml"}),
    "tables": (["--to", "csv", "xlsx"], {"lines.csv", "lines.xlsx"}),
    "documents": (
        [*DOCUMENTS, "pdf", "text", "markdown", "tei"],
        {"pdf/b.pdf", "text/b.txt", "markdown/b.md", "tei/b.xml"},
    ),
    "zip": (["--for", "escriptorium", "--zip"], {"alto.zip"}),
    "one zip": (["--for", "transkribus", "--zip"], {"transkribus.zip"}),
    "iiif": (
        ["--to", "iiif", *IIIF],
        {"iiif/b/x.jpg.json", "iiif/b/x.jpg.jpg", "iiif/b.manifest.json"},
    ),
    "ocrd": (
        ["--for", "ocrd"],
        {"mets.xml", "OCR-D-IMG/b_x.jpg.jpg", "OCR-D-OCR/b_x.jpg.xml"},
    ),
    "ocrd zip": (["--for", "ocrd", "--zip"], {"ocrd.zip"}),
}
UPDATE = ["--changed_since", "last"]


@pytest.fixture
def archive(tmp_path):
    return write_archive(tmp_path)


def read_again(archive, name="b/x.jpg", text="corrected", run="r2"):
    path = archive / "in" / name
    row = {"run_id": run, "started": NOW, "finished": NOW, "model_digest": "abc"}
    page = page_row(str(path), exact_key(path.read_bytes()), 1)
    write_run(archive / "t", row, pages=[page], lines=[line_row(str(path), 0, text)])


def lose(archive, name):
    for path in (archive / "t/pages").rglob("*.parquet"):
        table = pq.read_table(path)
        left = [row for row in table.to_pylist() if not row["page_uri"].endswith(name)]
        pq.write_table(pa.Table.from_pylist(left, schema=table.schema), path)


def state(archive):
    """Return what an export holds for people: each file, its content and when it was written."""
    out = archive / "out"
    own = (".quire", ".quire-files", "runs/", "failures/")
    paths = [path for path in files(out) if not path.startswith(own)]
    return {path: ((out / path).read_bytes(), (out / path).stat().st_mtime_ns) for path in paths}


def contents(archive):
    """Return the files of an export; of zip files, what is in them; of PDFs, their texts."""
    return {path: _content(archive / "out" / path) for path in state(archive)}


def _content(path):
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archived:
            return {name: archived.read(name) for name in archived.namelist()}
    if path.suffix == ".pdf":
        return [page.get_textpage().get_text_range() for page in pdfium.PdfDocument(path)]
    return path.read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_changed_is_written(archive, capsys, kind):
    flags, changing = KINDS[kind]
    assert export(archive, *flags) == 0
    before = state(archive)
    assert export(archive, *flags, *UPDATE) == 0
    assert state(archive) == before
    read_again(archive)
    assert export(archive, *flags, *UPDATE) == 0
    after = state(archive)
    assert {path for path in after if after[path] != before.get(path)} == changing
    assert after.keys() == before.keys()
    assert "pages: 6 in" in capsys.readouterr().out


@pytest.mark.parametrize("kind", KINDS)
def test_an_update_ends_as_a_new_export_would(archive, kind):
    flags, _ = KINDS[kind]
    assert export(archive, *flags) == 0
    read_again(archive)
    lose(archive, "b/x.png")
    lose(archive, "scan.tif#page=2")
    assert export(archive, *flags, *UPDATE) == 0
    updated = contents(archive)
    assert export(archive, *flags, "--overwrite") == 0
    # The run, which files state, is the same.
    fresh = contents(archive)
    assert updated.keys() == fresh.keys()
    differing = {path for path in fresh if fresh[path] != updated[path]}
    assert differing == set()


def test_pages_that_come_and_other_names_are_noticed(archive):
    assert export(archive, "--for", "transkribus") == 0
    assert "b/page/x.jpg.xml" in files(archive / "out")
    lose(archive, "b/x.png")
    # Nothing else is called x there any more.
    assert export(archive, "--for", "transkribus", *UPDATE) == 0
    names = files(archive / "out")
    assert "b/page/x.xml" in names and "b/page/x.jpg.xml" not in names
    read_again(archive, "b/x.png", run="r3")
    assert export(archive, "--for", "transkribus", *UPDATE) == 0
    names = files(archive / "out")
    assert "b/page/x.jpg.xml" in names and "b/page/x.png.xml" in names
    assert "b/page/x.xml" not in names


def killed(*_):
    raise KeyboardInterrupt


def test_a_killed_update_leaves_the_old_export(archive, monkeypatch):
    flags = KINDS["documents"][0]
    assert export(archive, *flags) == 0
    before = state(archive)
    read_again(archive)
    with monkeypatch.context() as patched:
        patched.setattr(update, "write_durably", killed)
        assert export(archive, *flags, *UPDATE) == 130
    assert state(archive) == before
    assert export(archive, *flags, *UPDATE) == 0
    assert (archive / "out/text/b.txt").read_text().startswith("corrected\n")


def test_an_update_that_was_killed_while_it_appears_is_completed(archive, monkeypatch):
    assert export(archive, "--to", "text", "page") == 0
    read_again(archive)
    lose(archive, "b/x.png")
    moved = []

    def rename(old, new):
        if moved:
            raise KeyboardInterrupt
        moved.append(plain(old, new))

    plain = update.FileSystems.rename
    with monkeypatch.context() as patched:
        patched.setattr(update.FileSystems, "rename", rename)
        assert export(archive, "--to", "text", "page", *UPDATE) == 130
    assert export(archive, "--to", "text", "page", *UPDATE) == 0
    out = archive / "out"
    assert (out / "text/b/x.jpg.txt").read_text() == "corrected\n"
    assert "corrected" in (out / "page/b/x.jpg.xml").read_text()
    assert not [path for path in files(out) if "quire-update" in path or "x.png" in path]


def test_what_failed_is_tried_again(archive):
    flags = ["--to", "pdf", "csv", "--max_failure_rate", "1"]
    changed = archive / "in/c.jpg"
    data = changed.read_bytes()
    changed.write_bytes((archive / "in/b/x.jpg").read_bytes())
    assert export(archive, *flags) == 0
    assert [Path(row["uri"]).name for row in failures(archive)] == ["c.jpg"]
    changed.write_bytes(data)
    assert export(archive, *flags, *UPDATE) == 0
    assert failures(archive) == []
    assert "pdf/c.jpg.pdf" in files(archive / "out")


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--to", "text"], "another --to;"),
        (["--to", "text", "page", "--frame", "stored"], "another --frame;"),
        (["--to", "text", "page", "--page", "c.jpg"], "another --page, --collection or --where;"),
    ],
)
def test_an_update_has_the_flags_of_the_export(archive, capsys, flags, named):
    assert export(archive, "--to", "page", "text") == 0
    before = state(archive)
    assert export(archive, *flags, *UPDATE) == 2
    assert named in capsys.readouterr().err
    assert state(archive) == before


def test_pages_of_later_runs_are_written_again(archive, capsys):
    assert export(archive, "--to", "text", "csv") == 0
    read_again(archive)
    assert export(archive, "--to", "text", "csv", *UPDATE) == 0
    capsys.readouterr()
    assert export(archive, "--to", "text", "csv", "--changed_since", "r1") == 0
    assert "files: 2 written" in capsys.readouterr().out
