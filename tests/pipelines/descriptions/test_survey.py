"""Overview of the input without reading images."""

from itertools import permutations

import pytest

from pipelines.descriptions.survey import (
    Surveyed,
    describe_survey,
    second_descriptions,
    survey_page,
)
from schemas.records import Line, Page


def surveyed(name: str, lines: int = 3) -> Surveyed:
    return Surveyed("a.png", name, "alto", "", lines)


def test_a_page_is_reduced_to_its_counts():
    page = Page("a.png", (Line("l", 0), Line("m", 1)), source="page", split="eval")
    assert survey_page(page, "a.xml") == Surveyed("a.png", "a.xml", "page", "eval", 2)


@pytest.mark.parametrize(
    ("kept", "others"),
    [
        # Of other names than the image: the most lines, then the first name.
        (("c.xml", 9), [("b.xml", 3), ("d.xml", 3)]),
        (("b.xml", 3), [("c.xml", 3), ("d.xml", 3)]),
        # The name of the image goes before the number of lines.
        (("page/a.xml", 3), [("a.other.xml", 9), ("b.xml", 4)]),
        (("a.png.xml", 3), [("b.xml", 9)]),
        # But one with lines goes before one without.
        (("b.xml", 1), [("a.xml", 0), ("c.xml", 0)]),
        # Among descriptions of its name the most lines, then the first name.
        (("page/a.xml", 9), [("alto/a.xml", 3)]),
        (("alto/a.xml", 3), [("page/a.xml", 3)]),
        # One in the folder of the image goes before them, if it has lines.
        (("a.xml", 3), [("page/a.xml", 9), ("alto/a.xml", 3)]),
        (("page/a.xml", 3), [("a.xml", 0)]),
    ],
)
def test_one_description_is_kept_in_any_order(kept, others):
    for order in permutations(surveyed(*one) for one in (kept, *others)):
        assert sorted(second_descriptions(order)) == sorted(("a.png", name) for name, _ in others)


@pytest.mark.parametrize(
    "name", ["s_0002.xml", "s.pdf_0002.xml", "s/page_0002.xml", "page/s.pdf/page_0002.xml"]
)
def test_a_description_with_the_number_of_its_page_has_its_name(name):
    pages = [
        Surveyed("s.pdf#page=2", one, "page", "", count) for one, count in ((name, 1), ("x.xml", 9))
    ]
    assert second_descriptions(pages) == [("s.pdf#page=2", "x.xml")]


def test_a_file_that_names_an_image_twice_is_one_description():
    assert second_descriptions([surveyed("labels.csv", 1), surveyed("labels.csv", 1)]) == []


def test_counts_are_listed_by_format():
    counts = {"pages page": 1, "lines page": 2, "pages alto": 3, "lines alto": 9, "failed": 4}
    assert describe_survey(counts).splitlines() == [
        "alto: 3 pages, 9 lines",
        "page: 1 pages, 2 lines",
        "cannot be read: 4",
        "left out: 0",
    ]
