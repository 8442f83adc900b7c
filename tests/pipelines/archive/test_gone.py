"""Which pages are gone, and which cannot be looked for."""

from __future__ import annotations

import zipfile

import pytest

from pipelines.archive.gone import Listing, is_missing, is_missing_elsewhere
from pipelines.pages.names import PageNames, Place

MISSING = {
    "a.jpg": False,
    "b.jpg": True,
    "none/b.jpg": True,
    "a.jpg/b.jpg": True,
    # Another error: whether the file exists is not known.
    f"{'x' * 300}.jpg": False,
    "a.pdf#page=3": True,
    "x.zip#/in/p.jpg": False,
    "x.zip#/in/q.jpg": True,
    "y.zip#/in/p.jpg": True,
    "damaged.zip#/in/p.jpg": False,
}


@pytest.mark.parametrize(("name", "is_gone"), MISSING.items(), ids=lambda value: str(value)[:20])
def test_a_file_is_missing_only_if_that_is_certain(tmp_path, name, is_gone):
    (tmp_path / "a.jpg").touch()
    (tmp_path / "damaged.zip").write_bytes(b"PK")
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("in/p.jpg", b"")
    assert is_missing(f"{tmp_path}/{name}") == is_gone
    names = PageNames(root=str(tmp_path))
    assert is_missing_elsewhere(name, names) == is_gone
    assert is_missing_elsewhere(f"scans/{name}", PageNames((), None, str(tmp_path), "scans")) == (
        is_gone
    )


# Pattern of the input, and files that it lists or not.
COVERED = (
    ("scans/**", "scans/a.jpg", True),
    ("scans/**", "scans/x/y/a.jpg", True),
    ("scans/**", "scans2/a.jpg", False),
    ("scans/*.jpg", "scans/a.jpg", True),
    ("scans/*.jpg", "scans/x/a.jpg", False),
    ("scans/*.jpg", "scans/a.png", False),
    ("scans/a.jpg", "scans/b.jpg", False),
)


@pytest.mark.parametrize(("pattern", "path", "is_covered"), COVERED)
def test_an_input_covers_what_it_would_list(pattern, path, is_covered):
    names = PageNames((Place("scans", "scans"),))
    assert Listing(names, (pattern,)).covers(path) == is_covered
