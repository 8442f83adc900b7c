"""From page images to line images."""

import cv2
import numpy as np
import pytest
from PIL import Image

from model.dataset.examples import ExampleRules, to_example
from model.line_images.crop import crop_lines, fit_to_image, paper_outside
from schemas.records import Failure, Line, LineImage, Page
from tests.drawn import text_strip

BOX = ((50.0, 30.0), (250.0, 30.0), (250.0, 70.0), (50.0, 70.0))
GREY = np.full((100, 300), 230, np.uint8)


def test_coordinates_are_scaled_to_the_image():
    page = Page("a.jpg", (Line("l", 0, polygon=BOX),), width_px=600, height_px=200)
    fitted = fit_to_image(page, GREY)
    assert fitted.lines[0].polygon == tuple((x / 2, y / 2) for x, y in BOX)
    assert (fitted.width_px, fitted.height_px) == (300, 100)


def test_an_image_of_another_aspect_ratio_is_rejected():
    with pytest.raises(ValueError, match="300 x 100 px but .* 300 x 200"):
        fit_to_image(Page("a.jpg", (), 300, 200), GREY)


# How a viewer undoes each EXIF orientation that swaps width and height.
STORED = {
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("scale", [1, 2])
def test_points_on_stored_pixels_are_turned_with_the_image(orientation, scale):
    point = (40, 7)
    marked = np.zeros_like(GREY)
    marked[point[1], point[0]] = 255
    stored = np.asarray(Image.fromarray(marked).transpose(STORED[orientation]))
    y, x = np.unravel_index(stored.argmax(), stored.shape)
    height_px, width_px = stored.shape
    line = Line(
        "l", 0, baseline=((x * scale, y * scale), (1, 1)), polygon=((x * scale, y * scale),)
    )
    page = Page("a.jpg", (line,), width_px * scale, height_px * scale)
    fitted = fit_to_image(page, GREY, orientation)
    assert (fitted.width_px, fitted.height_px) == (300, 100)
    # Half a pixel of the image is lost where the description is of another size.
    assert np.abs(np.subtract(fitted.lines[0].baseline[0], point)).max() <= (scale - 1) / 2
    assert np.abs(np.subtract(fitted.lines[0].polygon[0], point)).max() <= (scale - 1) / 2


def test_points_on_the_upright_image_stay_where_they_are():
    page = Page("a.jpg", (Line("l", 0, polygon=BOX),), 300, 100)
    assert fit_to_image(page, GREY, orientation=6) == page


FLIPPED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
}


@pytest.mark.parametrize("orientation", FLIPPED)
@pytest.mark.parametrize("scale", [1, 2])
def test_lines_on_stored_pixels_of_the_same_size_are_turned_onto_the_writing(orientation, scale):
    page = np.full((400, 600), 230, np.uint8)
    # On one side of the page, so that a mirrored one differs.
    baselines = [((30.0, y), (270.0, y)) for y in (60.0, 130.0, 200.0)]
    for (_, y), _ in baselines:
        page[int(y) - 20 : int(y), 30:270:6] = 40

    def described(points):
        lines = [Line(f"l{n}", n, baseline=one) for n, one in enumerate(points)]
        return Page("a.jpg", tuple(lines), 600, 400)

    def stored(x, y):
        return (599 - x if orientation in (2, 3) else x, 399 - y if orientation in (3, 4) else y)

    upright = described(baselines)
    assert fit_to_image(upright, page, orientation) == upright
    scaled = described([tuple(stored(*point) for point in one) for one in baselines])
    scaled = fit_to_image(scaled, np.zeros((400 * scale, 600 * scale), np.uint8))
    fitted = fit_to_image(scaled, page, orientation)
    for line, baseline in zip(fitted.lines, baselines):
        assert np.abs(np.subtract(line.baseline, baseline)).max() <= 1
    # A page without writing, and a photograph that is upright as stored, tell nothing.
    assert fit_to_image(upright, np.full_like(page, 230), orientation) == upright
    assert fit_to_image(upright, page) == upright


@pytest.mark.parametrize("orientation", [1, 3])
def test_a_description_that_lies_on_its_side_names_the_exif_orientation(orientation):
    with pytest.raises(ValueError, match="100 x 300; draw them on the image as its EXIF"):
        fit_to_image(Page("a.jpg", (), 100, 300), GREY, orientation)


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
def test_a_line_without_text_is_rejected(text):
    image = LineImage("a.jpg", Line("l", 0, text), np.full((64, 90), 255, np.uint8))
    failure = to_example(image, Page("a.jpg"), ExampleRules())
    assert isinstance(failure, Failure) and (failure.stage, failure.line_id) == ("text", "l")


def test_an_example_has_the_properties_of_its_page():
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
    assert (
        isinstance(failure, Failure)
        and "'é', not in --charset; add the characters or correct the text" in failure.error
    )
    allowed = ExampleRules(characters=frozenset("été"))
    assert to_example(image, Page("a.jpg"), allowed).text == "été"


def cut_out(line: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut a line out along a wavy outline, black outside of it."""
    height, width = line.shape
    xs = np.arange(0, width, 8)
    tops = 6 + 4 * np.sin(xs / 20)
    edge = [*zip(xs, tops), *zip(xs[::-1], height - tops[::-1])]
    inside = np.zeros_like(line)
    cv2.fillPoly(inside, [np.array(edge).round().astype(np.int32)], 1)
    return np.where(inside > 0, line, 0).astype(np.uint8), inside > 0


def test_the_outside_becomes_paper_and_writing_is_kept():
    line = np.clip(text_strip("acte de mariage"), 20, 210)
    cut, inside = cut_out(line)
    filled = paper_outside(cut)
    well_inside = cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert np.array_equal(filled[well_inside], line[well_inside])
    assert (filled[~inside] == 210).all()


def test_black_ink_is_kept_if_it_does_not_touch_the_outside():
    line = np.full((60, 300), 200, np.uint8)
    line[:8] = line[28:32, 40:200] = 0
    line[50, 50] = 90
    filled = paper_outside(line)
    assert (filled[28:32, 40:200] == 0).all() and (filled[:8] == 200).all()


@pytest.mark.parametrize("level", [0, 255])
def test_a_black_and_white_image_is_unchanged(level):
    line = np.full((40, 90), level, np.uint8)
    line[:5] = 0
    assert np.array_equal(paper_outside(line), line)


def test_an_image_without_an_outside_changes_only_along_its_edge():
    line = np.clip(text_strip("acte"), 20, 210)
    assert np.array_equal(paper_outside(line)[1:-1, 1:-1], line[1:-1, 1:-1])


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (2, 2), (3, 400)])
def test_tiny_images_are_supported(shape):
    line = np.resize(np.array([0, 90, 200], np.uint8), shape)
    assert paper_outside(line).shape == shape
