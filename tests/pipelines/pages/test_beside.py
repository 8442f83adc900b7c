"""Files beside a page, found in listings of their folders."""

from collections import Counter

import pytest
from apache_beam.io.filesystem import BeamIOError
from hypothesis import given
from hypothesis import strategies as st

from pipelines.descriptions.pairing import markup_candidates
from pipelines.files.filesystem import first_existing
from pipelines.pages import beside
from pipelines.pages.beside import FolderNames, first_markup
from pipelines.pages.listing import file_source
from pipelines.pages.records import PageLines
from pipelines.transcription.read_pages import PageReading, read_page
from tests.pipelines.counted_files import CountedFiles
from tests.pipelines.drawn_archive import write_page

PLACES = ("", "page/", "PAGE/", "alto/", "x/")
NAMES = [f"counted://b/{d}{p}{n}" for d in ("", "d/") for p in PLACES for n in ("x.xml", "y.XML")]


def request_counts() -> Counter:
    return Counter(verb for verb, _ in CountedFiles.requests)


@pytest.fixture(autouse=True)
def _fresh():
    beside._shared_names.cache_clear()


@given(st.sets(st.sampled_from(NAMES)), st.sampled_from([0, 3, 99]), st.sampled_from([1, 999]))
def test_listings_find_the_same_files_as_single_requests(files, most_listed, most_kept):
    CountedFiles.begin(dict.fromkeys(files, b""))
    names = FolderNames(most_listed, most_kept)
    for folder in ("counted://b", "counted://b/d"):
        for image in ("x.jpg", "y.png", "z.jpg", "x.pdf#page=1"):
            uris = markup_candidates(f"{folder}/{image}")
            assert names.first_existing(uris) == first_existing(uris)


def test_a_folder_is_listed_once_for_all_its_pages():
    pages = [f"counted://b/d/{number}.jpg" for number in range(1000)]
    CountedFiles.begin(dict.fromkeys(pages, b""))
    assert first_existing(markup_candidates(pages[0])) is None
    assert request_counts() == {"exists": 13}
    CountedFiles.requests.clear()
    for page in pages:
        assert first_markup(markup_candidates(page), page) is None
    assert request_counts() == {"list": 7}


def test_a_file_in_the_folder_of_its_page_needs_one_listing():
    CountedFiles.begin(
        {f"counted://b/d/{n}.{end}": b"" for n in range(9) for end in ("jpg", "xml")}
    )
    for n in range(9):
        page = f"counted://b/d/{n}.jpg"
        assert first_markup(markup_candidates(page), page) == f"counted://b/d/{n}.xml"
    assert request_counts() == {"list": 1}


def test_files_in_a_folder_that_is_too_large_are_looked_up_one_by_one():
    CountedFiles.begin({f"counted://b/{n}.jpg": b"" for n in range(5000)})
    names = FolderNames(most_listed=1500)
    for n in range(3):
        assert names.first_existing([f"counted://b/{n}.xml"]) is None
    assert request_counts() == {"list": 2, "exists": 3}


def test_the_least_recently_used_folders_are_dropped():
    files = {f"counted://b/{d}/{n}.xml": b"" for d in range(9) for n in range(100)}
    CountedFiles.begin(files)
    names = FolderNames(most_kept=500)
    for d in (0, 1, 2, 1, 2, 0):
        assert names.first_existing([f"counted://b/{d}/7.xml"])
    assert request_counts() == {"list": 4}


def test_files_are_looked_up_one_by_one_if_listing_is_refused(monkeypatch):
    def refuse(self, prefix):
        raise BeamIOError("no listing", {prefix: PermissionError()})

    CountedFiles.begin({"counted://b/x.xml": b""})
    monkeypatch.setattr(CountedFiles, "_list", refuse)
    assert FolderNames().first_existing(["counted://b/y.xml", "counted://b/x.xml"])
    assert request_counts() == {"exists": 2}


def test_a_page_in_an_object_store_has_the_lines_beside_it(tmp_path):
    write_page(tmp_path, "p")
    names = ("p.jpg", "p.xml")
    CountedFiles.begin({f"counted://b/{name}": (tmp_path / name).read_bytes() for name in names})
    read = read_page(file_source("counted://b/p.jpg"), PageReading("given", 64))
    assert isinstance(read, PageLines) and len(read.images) == 3
    assert request_counts() == {"open": 2, "list": 1}
    # On a disk nothing is listed.
    assert first_markup([str(tmp_path / "p.xml")], "p.jpg") == str(tmp_path / "p.xml")
