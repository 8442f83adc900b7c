"""Overview of the input without reading images."""

from itertools import permutations

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


def test_the_description_with_most_lines_is_kept_in_any_order():
    pages = [surveyed("b.xml", 9), surveyed("a.xml"), surveyed("c.xml")]
    for order in permutations(pages):
        assert second_descriptions(order) == [("a.png", "a.xml"), ("a.png", "c.xml")]


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
