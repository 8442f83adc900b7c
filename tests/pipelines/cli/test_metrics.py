"""--metrics_file: what became of a run, for a monitoring."""

from __future__ import annotations

import json
import re
import sys

import pytest

from pipelines.cli.metrics import open_metrics
from pipelines.export import main as export
from pipelines.transcribe import main as transcribe
from tests.drawn import png, text_strip
from tests.pipelines.exported import write_archive

SAMPLE = re.compile(r'([a-z_]+)\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\} (-?[0-9.e+]+)')


def parsed(text: str) -> dict[tuple[str, str], float]:
    """Parse OpenMetrics: each metric is described before its samples, and the text has an end."""
    *lines, last, nothing = text.split("\n")
    assert last == "# EOF" and not nothing
    found, described = {}, set()
    for line in lines:
        if line.startswith("#"):
            described.add(line.split()[2])
            continue
        sample = SAMPLE.fullmatch(line)
        assert sample, line
        name, labels, value = sample.groups()
        assert name in described
        key = name, ",".join(re.findall(r'(?:outcome|stage)="([^"]*)"', labels))
        assert key not in found
        found[key] = float(value)
    return found


def test_a_run_leaves_its_account(tmp_path, capsys):
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "a.png").write_bytes(png(text_strip("acte de mariage")))
    (tmp_path / "scans" / "b.png").write_bytes(b"no image")
    file = tmp_path / "quire.prom"
    flags = [
        "--input",
        str(tmp_path / "scans"),
        "--output",
        str(tmp_path / "all letters"),
        "--lines",
        "whole",
    ]
    flags += ["--quality", "fast", "--metrics_file", str(file)]
    assert transcribe([*flags, "--max_failure_rate", "1", "--runner", "DirectRunner"]) == 0
    assert 'output="' + str(tmp_path / "all letters") in file.read_text()
    first = parsed(file.read_text())
    expected = {("quire_run_pages", "ok"): 1, ("quire_run_pages", "failed"): 1}
    expected |= {("quire_run_lines", "ok"): 1, ("quire_run_failures", "read"): 1}
    expected |= {("quire_run_pages_known", ""): 1, ("quire_run_exit_status", ""): 0}
    assert {key: first[key] for key in expected} == expected
    success = "quire_run_last_success_timestamp_seconds", ""
    assert first[success] == first["quire_run_end_timestamp_seconds", ""]
    # Of the next run, which fails, it is known when the last one succeeded.
    assert transcribe([*flags, "--runner", "DirectRunner"]) == 3
    second = parsed(file.read_text())
    assert second["quire_run_exit_status", ""] == 3
    assert second[success] == first[success] < second["quire_run_end_timestamp_seconds", ""]
    assert [path.name for path in tmp_path.glob("*.part")] == []


def test_an_account_in_json_is_one_line(tmp_path):
    archive, file = write_archive(tmp_path), tmp_path / "run.json"
    flags = _flags(archive, file)
    assert export(flags) == 0
    facts = json.loads(file.read_text())
    assert file.read_text().count("\n") == 1
    assert facts["command"] == "export" and facts["exit_status"] == 0
    assert facts["account"]["pages_ok"] > 0 and facts["failures"] == {}
    # A run that does nothing has no account of the one before.
    assert export(flags) == 2
    assert "account" not in json.loads(file.read_text())
    assert json.loads(file.read_text())["last_success_timestamp_seconds"] > 0


def _flags(archive, file):
    paths = ["--transcripts", str(archive / "t"), "--output", str(archive / "out")]
    return [*paths, "--to", "text", "--metrics_file", str(file)]


def test_a_crash_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pipelines.exporting.pipeline", None)
    file = tmp_path / "run.json"
    with pytest.raises(ImportError):
        export(_flags(write_archive(tmp_path), file))
    assert json.loads(file.read_text())["exit_status"] == 1


def test_a_file_that_cannot_be_written_is_told(tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        export(_flags(write_archive(tmp_path), tmp_path / "none" / "x.prom"))
    assert "no such folder; make it" in capsys.readouterr().err
    (tmp_path / "folder").mkdir()
    assert export(_flags(tmp_path, tmp_path / "folder")) == 0
    assert "--metrics_file: Is a directory, so it was not written" in capsys.readouterr().err


def test_names_are_escaped():
    text = open_metrics({"command": "lines", "output": 'a"b\\c\nd', "exit_status": 0})
    assert parsed(text) == {("quire_run_exit_status", ""): 0}
    assert 'output="a\\"b\\\\c\\nd"' in text
