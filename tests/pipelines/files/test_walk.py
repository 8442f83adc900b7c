"""Folders with links, pipes and things that cannot be read."""

import os

import pytest

from pipelines.files.walk import walk
from schemas.records import Failure, Skipped


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("in/1.png", "in/a/2.png", "in/a/b/3.png", "out/deep/4.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "in"


def told(pattern):
    """Return the paths that were listed, and the kind and reason of all others by path."""
    records = list(walk(pattern))
    paths = sorted(one for one in records if isinstance(one, str))
    others = {
        one.uri: f"failed: {one.error}" if isinstance(one, Failure) else str(one.reason.value)
        for one in records
        if isinstance(one, (Failure, Skipped))
    }
    assert len(paths) + len(others) == len(records)
    return paths, others


PLAIN = ["in/1.png", "in/a/2.png", "in/a/b/3.png"]
READ = "linked folder that is read already"


@pytest.mark.parametrize(
    ("link", "target", "found", "others"),
    [
        ("in/box", "../out", ["in/box/deep/4.png"], {}),
        ("in/a/box", "{}/out", ["in/a/box/deep/4.png"], {}),
        ("in/x.png", "../out/deep/4.png", ["in/x.png"], {}),
        # Loops: what is above the link, what is above the input, the link itself.
        ("in/a/up", "..", [], {"in/a/up": READ}),
        ("in/up", "../..", [], {"in/up": READ}),
        ("in/self", "self", [], {"in/self": "failed: link to self leads nowhere (Too many"}),
        # A folder that has another path in the input.
        ("in/same", "a/b", [], {"in/same": READ}),
        # What is not there: a page, its description, maybe a folder.
        ("in/x.png", "gone.png", [], {"in/x.png": "failed: link to gone.png leads nowhere (No"}),
        ("in/x.xml", "gone.xml", [], {"in/x.xml": "failed: link to gone.xml leads nowhere"}),
        ("in/box", "/gone/box", [], {"in/box": "failed: link to /gone/box leads nowhere"}),
        # No pages, by their names; who reads the listing says so.
        ("in/notes.docx", "gone.docx", ["in/notes.docx"], {}),
        ("in/.#1.png", "user@host.1:2", ["in/.#1.png"], {}),
    ],
)
def test_each_link_is_followed_once_or_told(folder, link, target, found, others):
    os.symlink(target.format(folder.parent), link)
    for start in ("", f"{folder.parent}/"):
        paths, reasons = told(f"{start}in/**")
        assert paths == sorted(f"{start}{name}" for name in PLAIN + found)
        assert reasons.keys() == {f"{start}{name}" for name in others}
        for name, reason in others.items():
            assert reasons[f"{start}{name}"].startswith(reason)


@pytest.mark.parametrize("pattern", ["in/1.png/**", "gone/**", "gone/*.png", "gone.png"])
def test_nothing_is_in_what_is_no_folder(folder, pattern):
    assert told(pattern) == ([], {})


def test_two_links_to_one_folder_are_read_once(folder):
    for name in ("in/y", "in/a/x"):
        os.symlink(folder.parent / "out", name)
    paths, reasons = told("in/**")
    assert "in/a/x/deep/4.png" in paths and reasons == {"in/y": READ}


def test_pipes_are_told_and_not_opened(folder):
    os.mkfifo("in/pipe.tif")
    assert told("in/**") == (PLAIN, {"in/pipe.tif": "no regular file"})
    assert told("in/pipe.tif") == ([], {"in/pipe.tif": "no regular file"})


def test_a_folder_that_cannot_be_listed_fails(folder, monkeypatch):
    scandir = os.scandir

    def refuse(path):
        if path == "in/a":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    paths, reasons = told("in/**")
    assert paths == ["in/1.png"]
    assert reasons["in/a"].startswith("failed: folder cannot be listed (Permission denied); give")


def test_only_what_a_glob_may_match_is_told(folder):
    os.symlink("/gone/box", "in/box")
    os.symlink("gone.png", "in/x.png")
    os.mkfifo("in/a/pipe")
    assert told("in/?.png")[0] == ["in/1.png"] and list(told("in/?.png")[1]) == ["in/x.png"]
    assert told("in/*/2.png")[0] == ["in/a/2.png"] and list(told("in/*/2.png")[1]) == ["in/box"]
    assert told("in/a*/**/3.png") == (["in/a/b/3.png"], {})
