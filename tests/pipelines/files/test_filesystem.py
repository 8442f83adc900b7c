"""File names that look like globs or are not UTF-8."""

import os

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from pipelines.cli.options import LOCAL_RUNNER
from pipelines.files.filesystem import input_patterns
from pipelines.files.match import MatchFiles, match_files

AWKWARD = ["IMG [1].png", "a?.png", "b*.png", "é ü.png"]


@pytest.mark.parametrize("name", AWKWARD)
def test_a_name_that_looks_like_a_glob_is_a_name(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    (tmp_path / "IMG 1.png").write_bytes(b"x")
    assert match_files(f"{tmp_path}/{name}") == [f"{tmp_path}/{name}"]
    (pattern,) = input_patterns([f"{tmp_path}/{name}"])
    with beam.Pipeline(runner=LOCAL_RUNNER) as pipeline:
        assert_that((pipeline | MatchFiles((pattern,))).paths, equal_to([f"{tmp_path}/{name}"]))


def test_a_folder_that_looks_like_a_glob_is_a_folder(tmp_path):
    for folder in ("box [2]", "box 2"):
        (tmp_path / folder / "deep").mkdir(parents=True)
        (tmp_path / folder / "deep" / "a.png").write_bytes(b"x")
    assert match_files(f"{tmp_path}/box [2]") == [f"{tmp_path}/box [2]/deep/a.png"]
    assert match_files(f"{tmp_path}/box [2]/") == [f"{tmp_path}/box [2]/deep/a.png"]


def test_paths_are_normalised(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.png").write_bytes(b"x")
    for given in ("d", "./d/", "d/../d//a.png", "d//*.png"):
        assert match_files(f"{tmp_path}/./{given}") == [f"{tmp_path}/d/a.png"]


def test_a_glob_is_a_glob(tmp_path):
    for name in ("a1.png", "a2.png"):
        (tmp_path / name).write_bytes(b"x")
    assert match_files(f"{tmp_path}/a[2-9].png") == [f"{tmp_path}/a2.png"]


def test_a_glob_without_a_folder_matches_in_the_current_folder(tmp_path, monkeypatch):
    (tmp_path / "box1").mkdir()
    for name in ("a.png", "box1/b.png"):
        (tmp_path / name).write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    assert match_files("*.png") == ["./a.png"]
    assert match_files("box?/*.png") == ["./box1/b.png"]
    assert sorted(match_files("**")) == sorted(match_files(".")) == ["./a.png", "./box1/b.png"]


def test_a_name_that_is_not_utf8_does_not_affect_other_files(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    with open(os.fsencode(tmp_path) + b"/caf\xe9.png", "wb"):
        pass
    expected = [f"{tmp_path}/a.png", f"{tmp_path}/caf\\udce9.png"]
    assert sorted(match_files(str(tmp_path))) == expected
    with beam.Pipeline(runner=LOCAL_RUNNER) as pipeline:
        found = pipeline | MatchFiles(input_patterns([str(tmp_path)]))
        assert_that(found.paths | beam.Reshuffle(), equal_to(expected))
