"""A page has one name, by whichever path it is given."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from pipelines.pages.names import (
    KnownNames,
    PageNames,
    ancestors,
    choose_place,
    location,
    page_names,
    stands_for,
)
from schemas.records import PageSource


def known(*pages: str, root: str = "", root_name: str | None = None) -> KnownNames:
    """Return names as tables of some pages have them."""
    folders = {one for page in pages for one in ancestors(page.rpartition("/")[0])}
    return KnownNames(frozenset(folders), pages, root, root_name)


class Case(NamedTuple):
    """Folder as given, pages in the tables, what the runs recorded; and the name."""

    given: str
    pages: tuple[str, ...]
    facts: dict
    name: str
    reason: str


# The command runs in {here}, in which the folders scans, scans/1858 and a link to scans exist.
CASES = (
    Case("scans", (), {}, "scans", "as given"),
    Case("{here}/scans", (), {}, "{here}/scans", "as given"),
    Case(".", (), {}, ".", "as given"),
    Case("gs://b/scans", (), {}, "gs://b/scans", "as given"),
    Case("{here}/scans", ("scans/a.jpg",), {}, "scans", "tables of an older version"),
    Case("scans", ("{here}/scans/a.jpg",), {}, "{here}/scans", "likewise"),
    Case("scans", ("scans/a.jpg",), {}, "scans", "likewise"),
    Case("{here}", ("./a.jpg",), {}, ".", "likewise"),
    Case("{here}/scans", ("./scans/a.jpg",), {}, "./scans", "likewise"),
    Case("../{name}/scans", ("scans/a.jpg",), {}, "scans", "by the folder above"),
    Case("link", ("scans/a.jpg",), {}, "scans", "by a link"),
    Case("link", ("link/a.jpg", "scans/a.jpg"), {}, "link", "both have been given"),
    Case("{here}/scans/1858", ("scans/a.jpg",), {}, "scans/1858", "a folder further down"),
    Case("{here}/scans", ("scans/1858/a.jpg",), {}, "scans", "a folder further up"),
    Case("{here}/other", ("scans/a.jpg",), {}, "other", "beside the known one"),
    Case("/mnt/z", ("scans/a.jpg",), {}, "/mnt/z", "elsewhere"),
    Case("/data/scans", ("scans/a.jpg",), {"root": "/data"}, "scans", "run from elsewhere"),
    Case("scans", ("scans/a.jpg",), {"root": "/nowhere"}, "scans", "all was moved to here"),
    Case("scans", ("scans/a.jpg",), {"root": "{here}/there"}, "{here}/scans", "another scans"),
    Case("/mnt/a/x", ("x/a.jpg",), {"root": "/mnt/a", "root_name": ""}, "x", "below --root"),
    Case(
        "{here}/scans",
        ("old/scans/a.jpg",),
        {"root": "{here}", "root_name": "old"},
        "old/scans",
        "below --root, in tables that were begun without it",
    ),
    Case("gs://b/x/y", ("y/a.jpg",), {"root": "gs://b/x", "root_name": ""}, "y", "in a bucket"),
)


@pytest.fixture
def here(tmp_path, monkeypatch):
    for folder in ("scans/1858", "there/scans", "other"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "link").symlink_to("scans")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.given}: {case.reason}")
def test_a_folder_is_called_as_the_tables_call_it(here, case):
    def filled(text):
        return text and text.format(here=here, name=here.name)

    facts = {name: filled(value) for name, value in case.facts.items()}
    names = known(*map(filled, case.pages), **facts)
    assert choose_place(filled(case.given), names).name == filled(case.name)


def test_a_folder_of_two_names_has_the_other_as_alias(here):
    place = choose_place("scans", known("scans/a.jpg", f"{here}/scans/a.jpg"))
    assert (place.name, place.aliases) == ("scans", (f"{here}/scans",))
    names = PageNames((place,))
    assert list(names.paths(f"{here}/scans/a.jpg")) == ["scans/a.jpg"]


def test_pages_below_a_root_have_the_same_names_by_two_mounts(here):
    for mount in ("scans", "there/scans"):
        names = page_names([f"{mount}/1858", mount], mount, known(), False)
        assert names.name(f"{mount}/1858/a.jpg") == "1858/a.jpg"
        assert (names.root, names.root_name) == (str(here / mount), "")
    names = page_names(["there/scans"], "", known("1858/a.jpg", root=str(here / "there/scans"),
                                                  root_name=""), False)  # fmt: skip
    assert names.name("there/scans/1858/b.jpg") == "1858/b.jpg"


def test_an_input_outside_of_the_root_is_an_error(here):
    with pytest.raises(ValueError, match="other is not in --root scans; give a folder of it"):
        page_names(["scans/1858", "other"], "scans", known(), False)


def test_a_new_root_stands_for_the_folder_with_its_files(here):
    for name in ("1858/a.jpg", "1858/b.jpg", "c.jpg"):
        Path("there/scans", name).parent.mkdir(exist_ok=True)
        Path("there/scans", name).touch()
    pages = [f"/mnt/x/{name}" for name in ("1858/a.jpg", "1858/b.jpg", "c.jpg", "gone.jpg")]
    assert stands_for(pages, "there/scans") == "/mnt/x"
    assert stands_for(pages, "there/scans/1858") == "/mnt/x/1858"
    assert stands_for(["/mnt/y/q.jpg"], "there/scans") == ""
    names = page_names(["there/scans"], "there/scans", known(*pages), False)
    assert names.name("there/scans/c.jpg") == "/mnt/x/c.jpg" and names.root_name == "/mnt/x"
    names = page_names(["scans"], "scans", known("scans/a.jpg"), False)
    assert names.name("scans/a.jpg") == "scans/a.jpg" and names.root_name == "scans"


def test_files_of_lists_are_named_like_those_of_folders(here):
    names = page_names([], "", known("scans/a.jpg"), True)
    for path in ("scans/b.jpg", f"{here}/scans/b.jpg", "link/b.jpg"):
        assert names.name(path) == "scans/b.jpg"
    assert names.name("https://example.org/1") == "https://example.org/1"
    source = PageSource("link/x.pdf#page=2", ("link/x.pdf#page=2",), "link/x.pdf")
    named = names.renamed(source)
    assert (named.uri, named.document) == ("scans/x.pdf#page=2", "scans/x.pdf")
    assert named.location == "link/x.pdf#page=2"


def test_an_image_is_looked_for_below_the_root_if_it_left_its_address(here):
    Path("scans/a.jpg").touch()
    assert location("x/a.jpg", "/mnt/a.jpg", str(here / "scans"), "x") == f"{here}/scans/a.jpg"
    assert location("x/b.jpg", "/mnt/b.jpg", str(here / "scans"), "x") == "/mnt/b.jpg"
    assert location("x/a.jpg", "scans/a.jpg", "/mnt", "x") == "scans/a.jpg"
    assert location("a.jpg", "https://x.org/a.jpg", str(here / "scans"), "") == (
        "https://x.org/a.jpg"
    )
