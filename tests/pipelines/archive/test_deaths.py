"""Pages that killed the process that read them are not tried for ever."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.archive.deaths import Deaths, being_read, deadly_error


@pytest.fixture
def archive(tmp_path):
    (tmp_path / "a.png").write_bytes(b"1")
    (tmp_path / "b.png").write_bytes(b"2")
    return tmp_path


def run(folder, forgets=False):
    deaths = Deaths(f"{folder}/.unfinished")
    deaths.begin(forgets)
    return deaths


DYING = """
import os, sys
from pipelines.archive.deaths import being_read
with being_read(sys.argv[1], sys.argv[2]):
    os._exit(1)
"""


def die(deaths, uri):
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", DYING, deaths.notes, uri], cwd=root, check=False)


def test_a_page_that_killed_two_processes_is_named_until_it_changes(archive):
    uri = f"{archive}/a.png#page=2"
    for _ in range(2):
        deaths = run(archive)
        assert deaths.deadly() == ()
        die(deaths, uri)
    for _ in range(2):
        deaths = run(archive)
        assert deaths.deadly() == (uri,)
        assert "--redo" in deadly_error(uri, deaths.deadly())
        assert not deadly_error(f"{archive}/b.png", deaths.deadly())
    (archive / "a.png").write_bytes(b"another")
    assert run(archive).deadly() == ()


def test_a_change_between_two_deaths_counts_anew(archive):
    uri = f"{archive}/a.png"
    die(run(archive), uri)
    run(archive)
    (archive / "a.png").write_bytes(b"another")
    die(run(archive), uri)
    assert run(archive).deadly() == ()


def test_all_are_tried_again_if_that_is_asked_for(archive):
    uri = f"{archive}/a.png"
    for _ in range(2):
        die(run(archive), uri)
    assert run(archive).deadly() == (uri,)
    assert run(archive, forgets=True).deadly() == () == run(archive).deadly()


def test_a_page_that_was_read_leaves_nothing(archive):
    deaths = run(archive)
    with being_read(deaths.notes, f"{archive}/a.png"):
        assert len(os.listdir(deaths.notes)) == 1
    with pytest.raises(ValueError, match="no"), being_read(deaths.notes, "b\ud800.png"):
        raise ValueError("no")
    assert os.listdir(deaths.notes) == []


def test_of_a_worker_that_died_only_its_own_page_is_to_blame(archive):
    deaths = run(archive)
    die(deaths, f"{archive}/a.png")
    with being_read(deaths.notes, f"{archive}/b.png"):
        deaths.end(has_worker_died=True)
        left = [Path(deaths.notes, name).read_text() for name in os.listdir(deaths.notes)]
        assert left == [f"{archive}/a.png"]
        deaths.end(has_worker_died=False)
        assert os.listdir(deaths.notes) == []


def test_a_part_judges_its_own_pages_and_a_whole_run_those_of_all_parts(archive):
    unfinished = f"{archive}/.unfinished"
    first, second = Deaths(unfinished, "1"), Deaths(unfinished, "2")
    first.begin(forgets=False)
    second.begin(forgets=False)
    with being_read(second.notes, f"{archive}/b.png"):
        for _ in range(2):
            die(first, f"{archive}/a.png")
            first.begin(forgets=False)
        # What another part reads at the moment has killed nobody.
        assert first.deadly() == second.deadly() == (f"{archive}/a.png",)
    for _ in range(2):
        die(second, f"{archive}/b.png")
        run(archive)
        second.begin(forgets=False)
    assert run(archive).deadly() == (f"{archive}/a.png", f"{archive}/b.png")
    assert sorted(os.listdir(unfinished)) == ["deaths.json", "reading"]


def test_a_note_of_another_machine_blames_nobody(archive):
    deaths = run(archive)
    Path(deaths.notes, f"elsewhere-{2**22 + 1}-ab").write_text(f"{archive}/a.png")
    deaths.end(has_worker_died=True)
    assert os.listdir(deaths.notes) == []


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": 1}', b"[" * 99_999, b"\xff", b"{"])
def test_a_damaged_count_is_none(archive, content):
    deaths = run(archive)
    (archive / ".unfinished" / "deaths.json").write_bytes(content)
    assert deaths.deadly() == ()
    die(deaths, f"{archive}/a.png")
    assert run(archive).deadly() == ()


def test_in_a_bucket_there_are_no_notes():
    deaths = Deaths("gs://bucket/out/.unfinished")
    deaths.begin(forgets=False)
    with being_read(deaths.notes, "gs://bucket/a.png"):
        assert deaths.deadly() == ()
