"""Training data of the line finder as JSON lines."""

from __future__ import annotations

import pytest

from model.dataset.line_pages import page_from_json, page_to_json, read_line_pages
from schemas.records import Line, Page

PAGE = Page(
    "scans/élan 1.jpg",
    (Line("l1", 0, baseline=((1.5, 2), (3, 2)), polygon=((1, 1), (3, 1), (3, 3))),),
    90,
    70,
    document="scans",
)


def test_pages_are_read_back(tmp_path):
    path = tmp_path / "pages.jsonl"
    path.write_text(f"{page_to_json(PAGE)}\n{page_to_json(PAGE)}\n", "utf-8")
    assert read_line_pages((path, path)) == [PAGE] * 4


def test_lines_with_a_fault_are_left_out():
    faulty = Line("l2", 1, fault="baseline has letters")
    assert page_from_json(page_to_json(Page("a.jpg", (faulty,)))).lines == ()


@pytest.mark.parametrize("text", ["{", "{}", "[]", '{"image": 1, "lines": [{"id": 1}]}'])
def test_invalid_lines_are_refused_with_their_position(tmp_path, text):
    path = tmp_path / "pages.jsonl"
    path.write_text(f"{page_to_json(PAGE)}\n{text}\n", "utf-8")
    with pytest.raises(ValueError, match=r"pages.jsonl:2: no page of a line dataset"):
        read_line_pages((path,))
