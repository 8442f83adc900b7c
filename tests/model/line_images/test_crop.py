"""From page images to line images."""

import numpy as np
import pytest

from model.dataset.examples import ExampleRules, to_example
from model.line_images.crop import crop_lines, fit_to_image
from schemas.records import Failure, Line, LineImage, Page

BOX = ((50.0, 30.0), (250.0, 30.0), (250.0, 70.0), (50.0, 70.0))
GREY = np.full((100, 300), 230, np.uint8)


def test_coordinates_follow_a_rescaled_scan():
    page = Page("a.jpg", (Line("l", 0, polygon=BOX),), width_px=600, height_px=200)
    fitted = fit_to_image(page, GREY)
    assert fitted.lines[0].polygon == tuple((x / 2, y / 2) for x, y in BOX)
    assert (fitted.width_px, fitted.height_px) == (300, 100)


def test_an_image_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="300 x 100 px but .* 300 x 200"):
        fit_to_image(Page("a.jpg", (), 300, 200), GREY)


def test_every_line_gives_an_image_or_a_failure():
    lines = (Line("good", 0, "x", polygon=BOX), Line("bad", 1, "y", polygon=BOX[:2]))
    good, bad = crop_lines(Page("a.jpg", lines, 300, 100), GREY, 64)
    assert isinstance(good, LineImage) and good.strip.shape[0] == 64
    assert isinstance(bad, Failure) and (bad.uri, bad.stage, bad.line_id) == (
        "a.jpg",
        "crop",
        "bad",
    )


@pytest.mark.parametrize("text", [None, "", "  \n"])
def test_a_line_without_text_is_no_example(text):
    image = LineImage("a.jpg", Line("l", 0, text), np.full((64, 90), 255, np.uint8))
    failure = to_example(image, Page("a.jpg"), ExampleRules())
    assert isinstance(failure, Failure) and (failure.stage, failure.line_id) == ("text", "l")


def test_an_example_carries_its_page():
    image = LineImage("a.jpg", Line("l", 0, " re\u0301gistre "), np.full((64, 90), 255, np.uint8))
    page = Page("a.jpg", document="d", source="alto", split="eval")
    example = to_example(image, page, ExampleRules())
    assert (example.text, example.document, example.source, example.split) == (
        "r\u00e9gistre",
        "d",
        "alto",
        "eval",
    )
    assert (example.width_px, example.height_px) == (90, 64)


def test_a_text_too_long_for_its_line_is_rejected():
    image = LineImage("a.jpg", Line("l", 0, "a" * 17), np.full((64, 80), 255, np.uint8))
    failure = to_example(image, Page("a.jpg"), ExampleRules())
    assert isinstance(failure, Failure) and "17 characters on a line of 16" in failure.error


def test_a_character_outside_of_the_charset_is_rejected():
    image = LineImage("a.jpg", Line("l", 0, "été"), np.full((64, 80), 255, np.uint8))
    failure = to_example(image, Page("a.jpg"), ExampleRules(characters=frozenset("et")))
    assert isinstance(failure, Failure) and "'é', which --charset has not" in failure.error
    allowed = ExampleRules(characters=frozenset("été"))
    assert to_example(image, Page("a.jpg"), allowed).text == "été"
