"""The order of the ink and the order of reading."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont, features

from model.decoding.config import BeamConfig
from model.decoding.ctc import decode_greedy
from model.decoding.decoder import Decoder
from model.language.ngram_counts import count_ngrams
from model.line_images.preprocess import PreprocessConfig
from model.networks.presets import PRESETS
from model.text.bidi import direction_of, ink_order, logical_order, logical_text
from model.text.charset import Charset
from model.training.samples import SampleMaker
from tests.drawn import line_example

needs_bidi = pytest.mark.usefixtures("bidi")
HEBREW = "אבגדה"
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
ARABIC = "ابتثج"
MIXED = st.text(f"{HEBREW * 3}   12345.,-/()'\"", min_size=1, max_size=30)


@pytest.fixture
def bidi():
    pytest.importorskip("bidi")


@given(st.text("abé 12(),.-\u00ad\u200b", max_size=30))
def test_text_from_left_to_right_stays_as_it_is(text):
    assert ink_order(text) is text and logical_text(text) is text
    assert logical_order(text) is None and direction_of(text) == "ltr"


@needs_bidi
@pytest.mark.parametrize(
    ("text", "ink"),
    [
        ("אבג", "גבא"),
        ("אב 12 גד", "דג 12 בא"),
        ("אב 3.5, גד", "דג ,3.5 בא"),
        ("אב (גד)", "(דג) בא"),
        ("אב London גד", "דג London בא"),
        ("in London אב", "in London בא"),
        # Most letters are Hebrew.
        ("in אבגד", "דגבא in"),
        # Points stay with their letter.
        ("בָא", "אבָ"),
        # Between the digits, a hyphen is Hebrew's own, but not Arabic's.
        ("אב 1-2", "1-2 בא"),
        ("اب 1-2", "2-1 با"),
        ("اب ١٢٣", "١٢٣ با"),
        # Marks have no ink; the joiners of Persian shape it.
        ("\u200fאב\u200e ג\ufeff", "ג בא"),
        ("می\u200cخ", "خ\u200cیم"),
    ],
)
def test_the_order_of_the_ink_and_back(text, ink):
    assert [f"{ord(c):x}" for c in ink_order(text)] == [f"{ord(c):x}" for c in ink]
    plain = text.translate(dict.fromkeys(map(ord, "\u200e\u200f\ufeff")))
    assert logical_text(ink) == plain


@needs_bidi
def test_a_stated_direction_counts_more_than_the_letters():
    text = "London Paris אב"
    assert ink_order(text) == "London Paris בא"
    assert ink_order(text, "rtl") == "בא London Paris"
    assert logical_text("בא London Paris", "rtl") == text
    assert ink_order("12 34", "rtl") == "34 12" and logical_text("34 12", "rtl") == "12 34"


@needs_bidi
@given(MIXED)
def test_hebrew_with_numbers_is_read_as_it_was_stored(text):
    text = " ".join(text.split())
    assume(direction_of(text) == "rtl")
    ink = ink_order(text)
    assert sorted(map(ord, logical_text(ink))) == sorted(map(ord, text))
    assert logical_text(ink) == text


@needs_bidi
@given(st.text(f"{HEBREW}{ARABIC}ab 12.-(", min_size=1, max_size=20))
def test_what_is_read_is_an_order_of_the_ink(text):
    ink = ink_order(text.strip())
    order = logical_order(ink)
    if order is not None:
        assert sorted(place for place, _ in order) == list(range(len(ink)))


def _logits(ink: str, charset: Charset) -> np.ndarray:
    """Return logits of a network that is sure of each character, and of each a little less."""
    steps = [label for each in charset.encode(ink) for label in (each, 0)]
    logits = np.zeros((len(steps), charset.class_count), np.float32)
    logits[np.arange(len(steps)), steps] = np.linspace(7, 5, len(steps))
    return logits


@needs_bidi
@pytest.mark.parametrize("width", [0, 4])
def test_what_the_network_sees_becomes_text_in_logical_order(width):
    text = "אב (12) גד"
    charset = Charset(tuple(sorted(set(ink_order(text)))))
    logits = _logits(ink_order(text), charset)
    decoded = Decoder(charset, BeamConfig(width=width, length_bonus=0.0)).decode(logits)
    assert decoded.text == "".join(c.text for c in decoded.characters) == text
    # The network is surest of what lies left: the end of the text.
    confidences = [character.confidence for character in decoded.characters]
    assert confidences[-1] == max(confidences) and confidences[0] == min(confidences)
    assert decode_greedy(logits, charset)[0] == text


@needs_bidi
def test_labels_are_in_the_order_of_the_ink():
    line = replace(line_example("xxxxxxxxxx"), text="אב 12")
    maker = SampleMaker(Charset.of_texts(["אב 12"]), PreprocessConfig(), PRESETS["fast"])
    assert maker.charset.decode(maker.make(line, 0).labels) == "12 בא"
    stated = replace(line, text="12 12", direction="rtl")
    assert maker.charset.decode(maker.make(stated, 0).labels) == "12 12"
    assert maker.is_learnable(line)


@needs_bidi
def test_language_models_learn_the_order_of_the_ink():
    found = count_ngrams(["אב"], Charset(("א", "ב")), 2)
    # Line start to bet, bet to alef, alef to line end.
    assert [divmod(int(key), 3) for key in found.keys] == [(0, 2), (1, 0), (2, 1)]


@needs_bidi
@pytest.mark.skipif(not features.check("raqm"), reason="Pillow was built without this layout")
@pytest.mark.skipif(not Path(FONT).is_file(), reason="apt-get install fonts-dejavu-core")
@pytest.mark.parametrize("text", ["שלום עולם", "שנת 1858, ניסן", "אב (גד) ab"])
def test_a_drawn_line_shows_the_labels_from_left_to_right(text):
    # Pillow lays out text by FriBidi, which knows nothing of the code here.
    def drawn(shown: str) -> np.ndarray:
        picture = Image.new("L", (600, 64), 255)
        face = ImageFont.truetype(FONT, 32, layout_engine=ImageFont.Layout.RAQM)
        ImageDraw.Draw(picture).text((10, 10), shown, 0, font=face)
        return np.asarray(picture)

    left_to_right_override = "\u202d"
    assert np.array_equal(drawn(text), drawn(left_to_right_override + ink_order(text)))
