"""The failures that a command shows at its end."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.query import main as query
from pipelines.tables.rows import failure_row
from pipelines.tables.shown_failures import show_failures
from schemas.records import Failure
from schemas.tables import TABLES


@pytest.fixture
def shown(tmp_path):
    """Return a function that writes failures and returns the lines that are shown."""

    def show(*failures):
        folder = tmp_path / "out" / "failures"
        folder.mkdir(parents=True, exist_ok=True)
        rows = list(map(failure_row, failures))
        table = pa.Table.from_pylist(rows, schema=TABLES["failures"])
        pq.write_table(table, folder / "failures-00000-of-00001.parquet")
        return show_failures(str(tmp_path / "out")).splitlines()

    return show


def test_no_failure_is_no_line(shown, tmp_path):
    assert shown() == []
    assert show_failures(str(tmp_path / "nowhere")) == ""


def test_pages_come_before_lines_and_causes_are_counted(shown, tmp_path):
    lines = [Failure(f"d/p{n}.jpg", "crop", "line has no text", f"l{n}") for n in range(34)]
    pages = [Failure(f"d/q{n}.jpg", "read", f"d/q{n}.jpg: cut off at {n} bytes") for n in (1, 2)]
    head, first, second, last = shown(*lines, *pages)
    assert head == "failures, the worst first:"
    assert first == "  2 pages, read: cut off at 1 bytes (d/q1.jpg, ...)"
    assert second == "  34 lines, crop: line has no text (d/p0.jpg, line l0, ...)"
    command = f'python -m pipelines.query --transcripts {tmp_path}/out "SELECT * FROM failures"'
    assert last == f"all of them: {command}"


def test_a_file_beside_the_image_is_named_like_it_in_one_cause(shown):
    names = ("acte", "lettre à la mère", "a")
    failures = [Failure(f"d/{x}.jpg", "read", f"image has no {x}.txt") for x in names]
    _, cause, _ = shown(*failures)
    assert cause == "  3 pages, read: image has no acte.txt (d/acte.jpg, ...)"


def test_five_causes_are_shown(shown):
    letters = "abcdefg"
    failures = [Failure(f"{x}.jpg", "read", f"{x * 3} is bad") for i, x in enumerate(letters)]
    head, *causes, _ = shown(*failures, failures[3])
    assert head == "failures, the worst first, 5 of 7 causes:"
    assert len(causes) == 5 and causes[0] == "  2 pages, read: ddd is bad (d.jpg, ...)"


def test_long_errors_are_cut_and_broken_ones_joined(shown):
    _, cause, _ = shown(Failure("a.jpg", "read", "x\n" + "y" * 500))
    assert cause.startswith("  1 page, read: x yyy") and cause.endswith("yyy ... (a.jpg)")
    assert len(cause) < 220


@pytest.mark.parametrize("folder", ["out", "out/failures", "out/failures/"])
def test_the_query_for_all_works_on_the_folder(shown, tmp_path, capsys, folder):
    shown(Failure("a.jpg", "read", "bad"), Failure("b.jpg", "read", "bad"))
    where = f"{tmp_path}/{folder}"
    flags = ["--format", "csv"]
    assert query(["--transcripts", where, *flags, "SELECT uri, error FROM failures"]) == 0
    assert capsys.readouterr().out == "uri,error\na.jpg,bad\nb.jpg,bad\n"
    assert query(["--transcripts", where, *flags, "--recipe", "failures_by_cause"]) == 0
    assert "read,permanent,bad,2,2,a.jpg" in capsys.readouterr().out
    assert query(["--transcripts", where, "SELECT * FROM lines"]) == 2
    assert "lines does not exist" in capsys.readouterr().err
