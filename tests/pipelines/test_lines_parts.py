"""`python -m pipelines.lines --part K/N`: the parts of one output."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.files.lock import output_lock
from pipelines.lines import main
from tests.pipelines.drawn_archive import write_page

# Runs differ in it, and in the times that files state.
RUN = "run_id"
TIME = re.compile(r"[0-9-]{10}T[0-9:.+Z]+")


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    for number in range(6):
        write_page(folder / "in", f"p{number}", (f"acte {number}",))
    (folder / "in" / "bad.jpg").write_bytes(b"no image")
    return folder


def lines(archive, output: Path, *flags: str) -> int:
    places = [f"--input={archive / 'in'}", f"--output={output}"]
    return main([*places, "--runner=DirectRunner", "--jobs=1", "--max_failure_rate=1", *flags])


def content(output: Path) -> tuple:
    tables = [
        sorted(pq.read_table(output / table).drop([RUN]).to_pylist(), key=str)
        for table in ("pages", "failures")
    ]
    for row in tables[0]:
        row.pop("seconds", None)
    pages = {path.name: TIME.sub("", path.read_text()) for path in (output / "page").iterdir()}
    return tables, json.loads((output / "counts.json").read_text()), pages


def test_parts_give_what_one_process_gives(archive, tmp_path, capsys):
    assert lines(archive, tmp_path / "alone") == 0
    said = capsys.readouterr().out
    output = tmp_path / "out"
    for number in (3, 1):
        assert lines(archive, output, f"--part={number}/3") == 0
        assert f"part {number}/3 done: " in capsys.readouterr().out
        assert not output.exists()
    assert lines(archive, output, "--part=1/3") == 0
    assert capsys.readouterr().out.startswith("part 1/3 was done already: ")
    assert lines(archive, output, "--part=2/3") == 0
    assert capsys.readouterr().out == said.replace("alone", "out")
    assert content(output) == content(tmp_path / "alone")
    assert (output / ".quire").exists() and not (tmp_path / "out.parts").exists()
    (runs,) = pq.read_table(output / "runs").to_pylist()
    assert runs["pages_failed"] == 1


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--part=2/3"], "has 2 parts; give the same, or delete that folder to begin anew"),
        (["--part=2/2", "--show"], "began with --show off, and this part has --show on; give the"),
        (["--part=2/2", "--input=elsewhere"], "no such file or folder"),
        (["--part=3/2"], "there is no such part"),
    ],
)
def test_other_parts_are_refused(archive, tmp_path, capsys, flags, expected):
    output = tmp_path / "out"
    assert lines(archive, output, "--part=1/2") == 0
    capsys.readouterr()
    assert lines(archive, output, *flags) == 2
    error = capsys.readouterr().err
    assert expected in error and error.count("\n") == 1


def test_parts_and_a_run_alone_exclude_each_other(archive, tmp_path, capsys):
    output = tmp_path / "out"
    with output_lock(str(output)):
        assert lines(archive, output, "--part=1/2") == 4
    assert "another run" in capsys.readouterr().err
    assert lines(archive, output) == 0
    capsys.readouterr()
    assert lines(archive, output, "--part=1/2") == 2
    assert "exists; give --overwrite to replace it" in capsys.readouterr().err
    for number in (1, 2):
        assert lines(archive, output, f"--part={number}/2", "--overwrite") == 0
    assert len(list((output / "page").iterdir())) == 6
