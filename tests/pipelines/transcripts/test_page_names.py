"""A page by the name that a user types."""

from __future__ import annotations

import pytest

from pipelines.cli.options import UsageError
from pipelines.transcripts.page_names import find_page

URIS = [
    "in/a/europe-centrale_0005.jpg",
    "in/a/europe-centrale_0006.jpg",
    "in/b/europe-centrale_0006.jpg",
    "in/b/B.12.japon_0001.JPG",
    "in/scan.pdf#page=1",
    "in/scan.pdf#page=2",
    "in/scan.pdf#page=12",
    "https://example.org/iiif/p7",
]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("in/a/europe-centrale_0005.jpg", 0),
        ("europe-centrale_0005.jpg", 0),
        ("europe-centrale_0005", 0),
        ("europe-centrale_0005.xml", 0),
        ("Europe-Centrale_0005.JPG", 0),
        ("0005.jpg", 0),
        ("_0005", 0),
        ("0005", 0),
        ("a/europe-centrale_0006", 1),
        ("b/europe-centrale_0006.jpg", 2),
        ("B.12.japon_0001", 3),
        ("japon", 3),
        ("scan.pdf#page=2", 5),
        ("scan#page=2", 5),
        ("#page=12", 6),
        ("p7", 7),
    ],
)
def test_the_end_of_a_name_or_a_part_is_enough(name, expected):
    assert find_page(URIS, name, "--page") == URIS[expected]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "europe-centrale_0006",
            "2 pages have such a name: in/a/.*0006.jpg, in/b/.*6.jpg; give",
        ),
        ("scan.pdf", "3 pages have such a name: in/scan.pdf#page=1, "),
        ("centrale", "3 pages have such a name"),
        ("europe-centrale_00O5", "did you mean in/a/europe-centrale_0005.jpg"),
        ("nothing-like-it", "no page that was read has such a name; see the table pages"),
    ],
)
def test_what_is_not_one_page_is_an_error_that_helps(name, message):
    with pytest.raises(UsageError, match=f"--page {name}: .*{message}"):
        find_page(URIS, name, "--page")


def test_of_many_only_some_are_listed():
    with pytest.raises(UsageError, match="p09.jpg and 30 more; give"):
        find_page([f"p{n:02}.jpg" for n in range(40)], "p", "--page")
