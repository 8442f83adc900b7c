"""The comparison of recognisers: commands, ratios and the table."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import recognise
from benchmarks.recognise import Contestant, command, main, run_once, speeds, table


def result(seconds: float, cpu_seconds: float, lines: int = 100) -> dict:
    return {
        "version": "1.2",
        "weights": "random",
        "lines": lines,
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
    }


def arguments(folder: Path, **values) -> Namespace:
    core = max(recognise.os.sched_getaffinity(0))
    return Namespace(**{"lines": folder, "rivals": folder, "core": core, "model": [], **values})


def test_ratio_is_the_median_over_the_rounds_by_cpu_time():
    rounds = {
        "ours": [result(9.0, 1.0), result(1.0, 2.0), result(1.0, 1.0)],
        "kraken": [result(1.0, 4.0), result(1.0, 4.0), result(1.0, 8.0)],
    }
    ours, kraken = speeds(rounds)
    assert ours.ratio == 4.0
    assert kraken.ratio == 1.0


def test_speed_is_the_median_between_slowest_and_fastest():
    (row,) = speeds({"ours": [result(1.0, 1.0), result(2.0, 1.0), result(4.0, 1.0)]})
    assert (row.slowest, row.lines_per_s, row.fastest) == (25.0, 50.0, 100.0)


def test_no_ratio_if_the_base_did_not_run():
    (row,) = speeds({"ours": [result(1.0, 1.0)]})
    assert row.ratio is None


def test_table_lists_who_ran_and_who_did_not():
    rows = speeds({"ours": [result(2.0, 1.0)], "kraken": [result(4.0, 2.0)]})
    head, ours, kraken, absent = table(rows, {"pylaia": "no environment"}).splitlines()
    assert head.split() == ["version", "lines/s", "from-to", "per", "CPU", "s", "x", "kraken",
                            "weights"]  # fmt: skip
    assert ours.split() == ["ours", "1.2", "50.0", "50.0-50.0", "100.0", "2.00", "random"]
    assert kraken.split()[-2:] == ["1.00", "random"]
    assert absent.split(maxsplit=1) == ["pylaia", "not run: no environment"]


def test_missing_environment_names_the_cure(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"run python3.10 -m benchmarks.rivals.install"):
        command(Contestant("kraken", "kraken"), arguments(tmp_path))


def test_model_is_passed_to_its_runner_only(tmp_path):
    args = arguments(tmp_path, model=["quire=a=b", "kraken=c"])
    line = command(Contestant("quire int8", "quire", ("--precision", "int8")), args)
    assert line[0] == sys.executable
    assert line[line.index("--model") + 1] == "a=b"
    assert line[-2:] == ["--precision", "int8"]
    assert "c" not in line


def test_quire_reads_every_line_in_its_own_process(tmp_path):
    for number in range(3):
        image = np.full((70, 200), 220, np.uint8)
        cv2.putText(image, "mai", (20, 50), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 30, 3)
        cv2.imwrite(str(tmp_path / f"{number}.png"), image)
    ran = run_once(Contestant("quire fp32", "quire"), arguments(tmp_path))
    assert ran["lines"] == 3
    assert ran["seconds"] > 0
    assert ran["precision"] == "fp32"


def test_last_line_is_json_even_if_no_contestant_runs(tmp_path, capsys):
    flags = ["--rounds", "1", "--only", "kraken"]
    assert main(["race", "--lines", str(tmp_path), "--rivals", str(tmp_path), *flags]) == 0
    printed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert printed["speeds"] == []
    assert set(printed["not_run"]) == {"kraken"}


def test_a_runner_that_fails_is_reported_with_its_last_line(tmp_path):
    python = tmp_path / "tesseract" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho noise >&2\necho no trained data >&2\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(OSError, match="^no trained data$"):
        run_once(Contestant("tesseract", "tesseract"), arguments(tmp_path))
