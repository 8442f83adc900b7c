"""The code that all runners share, and the installation of the rivals."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.rivals import install, stopwatch
from benchmarks.rivals.stopwatch import Loaded, batches, race


@given(st.lists(st.text()), st.integers(1, 9))
def test_batches_hold_all_paths_in_order(paths, size):
    divided = batches(paths, size)
    assert [path for batch in divided for path in batch] == paths
    assert all(len(batch) == size for batch in divided[:-1])


def test_no_character_occurs_twice():
    assert len(set(stopwatch.CHARACTERS)) == len(stopwatch.CHARACTERS)
    assert "é" in stopwatch.CHARACTERS


@pytest.fixture
def images(tmp_path, monkeypatch):
    for number in range(7):
        (tmp_path / f"{number}.png").touch()
    monkeypatch.setattr(sys, "argv", ["runner", str(tmp_path), "--batch", "3"])


def test_only_the_result_is_printed_to_stdout(images, capsys):
    calls = []

    def load(options):
        print("output of a library")

        def read(paths):
            calls.append(len(paths))
            return ["ab"] * len(paths)

        return Loaded("1.2", "random", read)

    race(load)
    result = json.loads(capsys.readouterr().out)
    assert calls == [5, 7]
    assert (result["lines"], result["characters"], result["batch"]) == (7, 14, 3)


def test_a_recogniser_that_omits_lines_is_rejected(images):
    with pytest.raises(SystemExit, match="read 6 of 7 lines"):
        race(lambda options: Loaded("1", "random", lambda paths: [""] * min(6, len(paths))))


def test_every_rival_has_a_runner_and_pinned_versions():
    for name in install.NAMES:
        assert (install.HERE / f"run_{name}.py").is_file()
        lines = (install.HERE / f"{name}.txt").read_text().splitlines()
        pins = [line for line in lines if not line.startswith("#")]
        assert pins and all("==" in pin for pin in pins)


def test_a_rival_that_cannot_be_installed_is_reported(tmp_path, monkeypatch, capsys):
    def fail(command):
        raise install.subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(install, "run_isolated", fail)
    monkeypatch.setattr(install, "_PYTHON", sys.version_info[:2])
    assert install.main([str(tmp_path), "kraken"]) == 1
    assert "kraken: " in capsys.readouterr().err


def test_another_python_is_rejected(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(install, "_PYTHON", (2, 7))
    assert install.main([str(tmp_path)]) == 2
    assert "python3.10" in capsys.readouterr().err


def test_an_unknown_rival_is_rejected(tmp_path, capsys):
    with pytest.raises(SystemExit):
        install.main([str(tmp_path), "abbyy"])
    assert "no rival is called abbyy" in capsys.readouterr().err
