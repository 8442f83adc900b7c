"""A file of the tables that is gone: told by whoever reads them, and its pages are read again."""

from __future__ import annotations

import shutil

import pytest

from pipelines.compact import main as compact
from pipelines.forget import main as forget
from pipelines.query import main as query
from tests.pipelines import nights
from tests.pipelines.drawn_archive import write_page, write_thin_line
from tests.pipelines.nights import ask, draw_archive, last_run

LINES = "SELECT page_uri, line_id, text FROM lines ORDER BY ALL"
READ = "SELECT page_uri FROM pages WHERE status = 'ok' ORDER BY ALL"
FAILED = "SELECT uri, line_id FROM failures ORDER BY ALL"
GONE = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
}


def transcribe(folder, *flags):
    # Pages are named by their paths, which are those of the folder that was drawn.
    place = f"--input={(folder / 'in').resolve()}"
    return nights.transcribe(folder, "--max_failure_rate", "1", place, *flags)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Return an archive of two runs, the second of which read two pages, one with a thin line."""
    folder = draw_archive(tmp_path_factory.mktemp("drawn"))
    assert transcribe(folder) == 0
    write_page(folder / "in", "p4", ("un", "deux"))
    write_thin_line(folder / "in")
    assert transcribe(folder) == 0
    return folder


@pytest.fixture
def folder(drawn, tmp_path, capsys):
    for name in ("in", "m"):
        (tmp_path / name).symlink_to(drawn / name)
    shutil.copytree(drawn / "out", tmp_path / "out")
    capsys.readouterr()
    return tmp_path


def files(folder, table):
    return sorted(folder.glob(f"out/{table}/**/*.parquet"))


def told(folder, capsys, sql="SELECT count(*) FROM pages"):
    capsys.readouterr()
    assert query(["--transcripts", str(folder / "out"), sql]) == 0
    return capsys.readouterr().err


def test_nothing_is_told_of_a_whole_archive(folder, capsys):
    assert told(folder, capsys) == ""
    assert transcribe(folder) == 0
    assert "missing" not in capsys.readouterr().err


# Table, the file that goes, how, whether compact comes first, the pages that are read again, and
# what is told.
CASES = [
    ("lines", 0, "missing", True, 3, "so 3 pages lack lines or failures"),
    ("lines", 1, "empty", False, 2, "so 2 pages lack lines or failures"),
    ("failures", 1, "missing", False, 1, "so 1 page lacks lines or failures"),
    ("pages", 0, "empty", False, 3, "so 3 pages are unknown"),
    ("pages", 1, "missing", True, 2, "so 2 pages are unknown"),
]


@pytest.mark.parametrize(("table", "number", "kind", "is_compact", "page_count", "effect"), CASES)
def test_a_file_that_is_gone(folder, capsys, table, number, kind, is_compact, page_count, effect):
    lines, failed = ask(folder, LINES), ask(folder, FAILED)
    path = files(folder, table)[number]
    GONE[kind](path)
    said = told(folder, capsys)
    assert said.startswith(f"{path}: missing, {effect}; restore from a copy, or transcribe again")
    assert said.count("\n") == 1
    if is_compact:
        # What is missing is told, and told again: it is not forgotten.
        assert compact(["--transcripts", str(folder / "out")]) == 0
        assert capsys.readouterr().err == said == told(folder, capsys)
    assert transcribe(folder) == 0
    assert (
        f"{path}: missing, {effect}; those in the input are read again" in capsys.readouterr().err
    )
    assert last_run(folder)[1] == page_count
    assert ask(folder, LINES) == lines and ask(folder, FAILED) == failed
    assert told(folder, capsys) == ""
    assert compact(["--transcripts", str(folder / "out")]) == 0
    assert "missing" not in capsys.readouterr().err
    assert transcribe(folder) == 0
    assert last_run(folder)[1] == 0 and "missing" not in capsys.readouterr().err
    assert ask(folder, LINES) == lines and ask(folder, FAILED) == failed


@pytest.mark.parametrize("table", ["lines", "pages", "failures"])
def test_a_whole_table_that_is_gone(folder, capsys, table):
    lines = ask(folder, LINES)
    shutil.rmtree(folder / "out" / table)
    assert ": missing, so " in told(folder, capsys)
    assert transcribe(folder) == 0
    assert ask(folder, LINES) == lines
    assert told(folder, capsys) == ""


def test_only_a_dry_run_of_the_pages_that_are_read_again(folder, capsys):
    path = files(folder, "lines")[0]
    path.unlink()
    assert transcribe(folder, "--dry_run") == 0
    out, err = capsys.readouterr()
    assert f"{path}: missing" in err
    assert out.startswith("pages: 3 to read")


def test_an_image_elsewhere_does_not_get_a_reading_without_lines(folder, drawn, capsys):
    files(folder, "lines")[0].unlink()
    (folder / "more").mkdir()
    for end in ("jpg", "xml"):
        shutil.copy(drawn / "in" / f"p1.{end}", folder / "more")
    assert transcribe(folder, f"--input={folder}/more") == 0
    (count,) = ask(folder, "SELECT count(*) FROM lines WHERE page_uri LIKE '%/more/%'")
    assert count == (3,)
    # The others are still told of.
    assert "so 3 pages lack" in told(folder, capsys)


def test_a_page_that_is_forgotten_is_missed_no_more(folder, capsys):
    files(folder, "lines")[1].unlink()
    pages = [name for (name,) in ask(folder, READ)]
    out = ["--transcripts", str(folder / "out")]
    assert forget([*out, "--page", pages[-1]]) == 0
    assert "so 2 pages lack" in capsys.readouterr().err
    assert "so 1 page lacks" in told(folder, capsys)
    assert forget([*out, "--page", pages[-2]]) == 0
    assert "so 1 page lacks" in capsys.readouterr().err
    # No page lacks anything now, which compact says once.
    assert compact(out) == 0
    assert "older readings or blank pages are incomplete" in capsys.readouterr().err
    assert told(folder, capsys) == ""


def test_a_file_that_is_cut_is_told_before_anything_is_read(folder, capsys):
    path = files(folder, "lines")[0]
    path.write_bytes(path.read_bytes()[:-9])
    assert transcribe(folder) == 2
    cure = "restore it from a copy, or delete it and transcribe again, which reads its pages again"
    assert capsys.readouterr().err.endswith(
        f"{path}: Parquet file is damaged or truncated; {cure}\n"
    )
    assert query(["--transcripts", str(folder / "out"), "SELECT text FROM lines"]) == 2
    assert capsys.readouterr().err.endswith(f"{cure}\n")
    path.unlink()
    assert transcribe(folder) == 0
    assert last_run(folder)[1] == 3
