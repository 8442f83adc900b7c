"""Reading one image, and the warnings about its lines."""

from __future__ import annotations

import numpy as np
import pytest

from model.pictures.prediction import draw_prediction
from model.quality.line_image import LOW_CONTRAST, SEVERAL_LINES
from model.recogniser.prediction import FIND, UPSIDE_DOWN, WHOLE, looks_like_line, predict_image
from model.synthetic.pages import draw_line, draw_page
from model.synthetic.texts import compose_text
from schemas.records import Transcript


class FakeRecogniser:
    """Reads 'up' if most ink is below the middle, else 'down', with the given confidences."""

    judges_languages = False

    def __init__(self, up=0.9, down=0.4, error=""):
        self._confidence = {"up": up, "down": down}
        self._error = error
        self.read_count = 0

    def prepare(self, image):
        return image.strip

    def lines_at_once(self, width_px):
        return 4

    def run(self, prepared):
        return prepared

    def transcribe(self, image, logits):
        return self.read(image)

    def predict_cer(self, transcripts):
        return None

    def read(self, image):
        self.read_count += 1
        if self._error:
            raise ValueError(self._error)
        ink = (255 - image.strip.astype(float)).sum(axis=1)
        half = len(ink) // 2
        text = "up" if ink[half:].sum() > ink[:half].sum() else "down"
        return Transcript(image.page_uri, image.line, text, self._confidence[text])


def line_image(seed=1):
    rng = np.random.default_rng(seed)
    return draw_line(compose_text(rng), rng)


@pytest.fixture(scope="module")
def page_image():
    rng = np.random.default_rng(4)
    return draw_page([compose_text(rng, 24) for _ in range(5)], rng)[0]


def test_an_image_of_a_line_is_read_as_one_line():
    read = predict_image(line_image(), FakeRecogniser())
    (line,) = read.lines
    assert (read.source, read.text, line.transcript.confidence) == (WHOLE, "up", 0.9)
    assert line.warnings == () and line.quality.contrast > 0.5


def test_the_lines_of_a_page_are_found(page_image):
    read = predict_image(page_image, FakeRecogniser())
    assert read.source == FIND and len(read.lines) == 5
    assert all(len(line.transcript.line.baseline) > 1 for line in read.lines)
    assert read.text.count("\n") == 4


def test_the_argument_overrides_the_shape(page_image):
    assert len(predict_image(page_image, FakeRecogniser(), WHOLE).lines) == 1
    assert predict_image(line_image(), FakeRecogniser(), FIND).source == FIND
    with pytest.raises(ValueError, match="lines='given'; choose one of auto, whole, find"):
        predict_image(page_image, FakeRecogniser(), "given")


@pytest.mark.parametrize(
    ("shape", "is_line"),
    [((60, 900), True), ((90, 70), True), ((400, 1600), True), ((400, 1500), False)],
)
def test_lines_are_recognised_by_their_shape(shape, is_line):
    assert looks_like_line(np.zeros(shape, np.uint8)) == is_line


def test_a_blank_page_has_no_lines():
    read = predict_image(np.full((900, 700), 230, np.uint8), FakeRecogniser())
    assert read.lines == () and read.text == "" and LOW_CONTRAST in read.quality.warnings()


def test_a_line_that_is_upside_down_has_a_warning():
    recogniser = FakeRecogniser(up=0.9, down=0.4)
    assert predict_image(line_image(), recogniser).lines[0].warnings == ()
    # A line read with high confidence is not read again.
    assert recogniser.read_count == 1
    turned = np.ascontiguousarray(line_image()[::-1, ::-1])
    assert UPSIDE_DOWN in predict_image(turned, recogniser).lines[0].warnings
    # A small gain is not enough.
    warnings = predict_image(turned, FakeRecogniser(up=0.42, down=0.4)).lines[0].warnings
    assert UPSIDE_DOWN not in warnings


def test_an_image_of_several_lines_has_a_warning():
    image = np.vstack([line_image(1)[:, :300], line_image(2)[:, :300]])
    assert SEVERAL_LINES in predict_image(image, FakeRecogniser(), WHOLE).lines[0].warnings


def test_warnings_of_an_image_of_one_line_are_those_of_the_line():
    faint = (235 - (255 - line_image().astype(float)) * 0.05).astype(np.uint8)
    assert predict_image(faint, FakeRecogniser()).lines[0].warnings.count(LOW_CONTRAST) == 1


def test_a_line_that_cannot_be_read_has_an_error(page_image):
    read = predict_image(page_image, FakeRecogniser(error="logits are no numbers; train again"))
    assert {line.error for line in read.lines} == {"logits are no numbers; train again"}
    assert {line.transcript.text for line in read.lines} == {""}


def test_an_image_without_a_line_has_an_error():
    (line,) = predict_image(np.full((2000, 40), 255, np.uint8), FakeRecogniser(), WHOLE).lines
    assert "no text line" in line.error and line.quality is None


def test_the_text_is_drawn_below_its_line():
    grey = line_image()
    picture = draw_prediction(grey, predict_image(grey, FakeRecogniser()))
    assert picture.shape[0] > grey.shape[0] and picture.shape[2] == 3
    above, below = picture[: grey.shape[0], : grey.shape[1]], picture[grey.shape[0] :]
    assert (above == grey[..., None]).all()
    red = (below[..., 0] > 120) & (below[..., 1] < 80)
    assert red.any() and not red[-2:].any()


def test_a_picture_of_a_page_is_as_large_as_the_page(page_image):
    picture = draw_prediction(page_image, predict_image(page_image, FakeRecogniser()))
    assert picture.shape == (*page_image.shape, 3)
    assert (picture[..., 0] != picture[..., 1]).any()


def test_a_long_text_makes_the_picture_of_a_short_line_wider():
    grey = line_image()[:, :40]
    assert draw_prediction(grey, predict_image(grey, FakeRecogniser())).shape[1] > 40
