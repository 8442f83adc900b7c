"""A page in a report: limited pictures, lines that show each other, tinted letters."""

import base64
import re

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.report.html import page
from model.report.page_picture import MOST_BYTES, jpeg_address, page_jpeg
from model.report.page_view import PageView, ViewedLine, show_page, tinted, view_style
from schemas.records import Character

BASELINE = ((10, 50), (90, 52))
SQUARE = ((10, 30), (90, 30), (90, 60), (10, 60))


def noise(height_px, width_px):
    return np.random.default_rng(1).integers(0, 256, (height_px, width_px)).astype(np.uint8)


@pytest.mark.parametrize(
    ("height_px", "width_px"), [(2400, 1800), (40, 6000), (6000, 40), (1, 1), (1, 9000)]
)
def test_a_picture_stays_within_its_limit(height_px, width_px):
    data = page_jpeg(noise(height_px, width_px))
    assert len(data) <= MOST_BYTES and len(jpeg_address(data)) <= 300_100
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) is not None


def test_an_easy_picture_keeps_its_size():
    data = page_jpeg(np.full((900, 600), 230, np.uint8))
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE).shape == (900, 600)


@pytest.mark.parametrize(
    ("line", "shapes"),
    [
        (ViewedLine("a", BASELINE, SQUARE), ["polygon"]),
        (ViewedLine("a", BASELINE), ["polyline", "polyline"]),
    ],
    ids=["outline", "baseline"],
)
def test_a_line_has_a_place_that_its_text_is_tied_to(line, shapes):
    view = PageView("page1", 100, 80, [line], page_jpeg(noise(80, 100)))
    shown = show_page(view)
    assert re.findall(r"<(poly\w+) ", shown) == shapes
    assert re.findall(r'href="#([^"]+)"', shown) == ["page1-text1", "page1-place1"]
    assert set(re.findall(r' id="([^"]+)"', shown)) == {"page1-text1", "page1-place1"}
    assert ".view:has(.line1:is(" in view_style([view]) and ".line2" not in view_style([view])
    (address,) = re.findall(r'<image href="data:image/jpeg;base64,([^"]+)"', shown)
    assert base64.b64decode(address) == view.image


def test_a_line_without_a_place_has_only_its_text():
    shown = show_page(PageView("page1", 100, 80, [ViewedLine("a")], page_jpeg(noise(80, 100))))
    assert "<poly" not in shown and 'href="#' not in shown and ">a</p>" in shown


def test_a_page_without_image_or_lines_says_so():
    shown = show_page(PageView("page1", 0, 0, [], problem="a < b"))
    assert "a &lt; b" in shown and "no lines" in shown and "<svg" not in shown
    assert ":has(" not in view_style([])


@pytest.mark.parametrize(
    ("confidence", "level"),
    [(0.1, 1), (0.49, 1), (0.5, 2), (0.74, 2), (0.75, 3), (0.89, 3), (0.9, 0), (1.0, 0)],
)
def test_the_less_certain_a_letter_the_stronger_its_tint(confidence, level):
    html = tinted("n", [Character("n", confidence)])
    assert re.findall(r"level(\d)", html) == ([str(level)] if level else [])


def test_characters_that_are_not_those_of_the_text_tint_nothing():
    assert tinted("a<b", [Character("x", 0.1)]) == "a&lt;b"
    assert tinted("a<b", []) == "a&lt;b"


@given(st.text(), st.text())
def test_texts_are_escaped(text, other):
    characters = [Character(c, 0.2, ((other, 0.1),)) for c in text]
    document = page("", "", [], [], [("a", "", "", tinted(text, characters))])
    document.encode("utf-8")
    assert re.sub(r"<[^<>]*>", "", tinted(text, characters)).count("<") == 0
