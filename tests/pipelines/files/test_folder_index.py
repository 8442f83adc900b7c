"""Files of a folder by name, whatever their ending, case and Unicode form."""

import unicodedata
from collections import Counter

import pytest

from pipelines.files.filesystem import BeamFiles, input_roots
from pipelines.files.folder_index import FolderIndex
from tests.pipelines.counted_files import CountedFiles

NAMES = ["p.JPG", "P.tif", "p.xml", "q.png", "état.png", "s/p.jpg"]


@pytest.fixture(params=["local", "store"])
def folder(request, tmp_path):
    if request.param == "store":
        CountedFiles.begin({f"counted://b/d/{name}": b"" for name in NAMES})
        return "counted://b/d"
    (tmp_path / "s").mkdir()
    for name in NAMES:
        (tmp_path / name).touch()
    return str(tmp_path)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("p.png", ["P.tif", "p.JPG", "p.xml"]),
        ("Q.jp2", ["q.png"]),
        (unicodedata.normalize("NFD", "ÉTAT.jpg"), ["état.png"]),
        ("x.png", []),
    ],
)
def test_files_alike_are_found(folder, name, found):
    assert FolderIndex().alike(folder, name) == [f"{folder}/{one}" for one in found]


def test_a_folder_that_is_not_there_or_too_large_has_none(folder):
    assert FolderIndex().alike(f"{folder}/gone", "p.png") == []
    assert FolderIndex(most_listed=3).alike(folder, "p.png") == []


def test_a_folder_is_listed_once_while_it_is_kept():
    CountedFiles.begin({f"counted://b/{d}/{n}.png": b"" for d in "de" for n in range(9)})
    index, small = FolderIndex(), FolderIndex(most_kept=9)
    for n in range(9):
        for one in "de":
            assert index.alike(f"counted://b/{one}", f"{n}.jpg") == [f"counted://b/{one}/{n}.png"]
    assert Counter(verb for verb, _ in CountedFiles.requests) == {"list": 2}
    for one in "ded":
        assert small.alike(f"counted://b/{one}", "1.jpg")
    assert Counter(verb for verb, _ in CountedFiles.requests) == {"list": 5}


def test_the_input_lies_in_the_folders_that_were_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("in/a/x.xml", "in/b [1]/y.xml", "z.xml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "list.txt").write_text("in/a\nz.xml\n")
    assert input_roots(["in"]) == input_roots(["./in/"]) == ("in",)
    assert input_roots(["in/*/x.xml", "in/a/x.xml"]) == ("in", "in/a")
    assert input_roots(["in/b [1]"]) == ("in/b [1]",)
    assert input_roots(["z.xml", "*.xml"]) == ("",)
    assert input_roots(["@list.txt"]) == ("in/a", "")


@pytest.mark.parametrize(
    ("root", "path", "expected"),
    [
        ("in", "in/a.png", True),
        ("in", "in", True),
        ("in", "inside/a.png", False),
        ("", "a.png", True),
        (".", "./d/a.png", True),
        ("", "../a.png", False),
        ("", "/etc/a.png", False),
        ("", "gs://b/a.png", False),
        ("gs://b/in", "gs://b/in/a.png", True),
        ("/", "/etc/a.png", True),
    ],
)
def test_a_path_is_inside_of_the_input(root, path, expected):
    assert BeamFiles((root,)).is_inside(path) is expected
