from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.synthetic.pages import HandwritingConfig, choose_hand, draw_line, draw_page
from model.synthetic.texts import compose_text

SEEDS = st.integers(0, 2**32 - 1)
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=25)


@given(SEEDS, st.integers(1, 60), st.integers(12, 40))
def test_text_length_is_within_its_limits(seed, shortest, room):
    text = compose_text(np.random.default_rng(seed), shortest, shortest + room)
    assert shortest <= len(text) <= shortest + room
    assert text.isascii()
    assert text == " ".join(text.split())


def test_texts_use_every_letter_and_digit():
    rng = np.random.default_rng(0)
    seen = set("".join(compose_text(rng) for _ in range(500)))
    letters = "abcdefghijklmnopqrstuvwxyz"
    assert seen == set(letters + letters.upper() + "0123456789 ,.-")


def test_text_limits_too_close_are_rejected():
    with pytest.raises(ValueError, match="set longest_chars to 32"):
        compose_text(np.random.default_rng(0), 20, 25)


@settings(deadline=None, max_examples=30)
@given(PRINTABLE, SEEDS)
def test_any_ascii_text_can_be_drawn(text, seed):
    line = draw_line(text, np.random.default_rng(seed))
    assert line.dtype == np.uint8
    assert line.shape[0] == HandwritingConfig().strip_height_px
    assert np.median(line) > 150


def test_every_character_leaves_ink():
    for code in range(33, 127):
        line = draw_line(chr(code), np.random.default_rng(code))
        assert line.min() < 0.8 * np.median(line), chr(code)


def test_characters_that_the_font_lacks_are_named():
    with pytest.raises(ValueError, match=r"the font has no \['é'\]; use printable ASCII"):
        draw_line("née", np.random.default_rng(0))


def test_the_same_seed_draws_the_same_page():
    first, same, other = (
        draw_page(["Anna Keller", "of Chur"], np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first[0], same[0])
    assert first[1] == same[1]
    assert first[1] != other[1]


def test_one_hand_writes_the_same_text_differently():
    rng = np.random.default_rng(5)
    hand = choose_hand(rng)
    first, second = (draw_line("Zumstein", rng, hand) for _ in range(2))
    assert first.shape != second.shape or (first != second).any()


@settings(deadline=None, max_examples=10)
@given(SEEDS, st.integers(1, 6))
def test_page_describes_its_lines(seed, count):
    rng = np.random.default_rng(seed)
    texts = [compose_text(rng) for _ in range(count)]
    image, page = draw_page(texts, rng, uri="page.png")
    assert (page.uri, page.height_px, page.width_px) == ("page.png", *image.shape)
    assert [line.text for line in page.lines] == texts
    assert [line.index for line in page.lines] == list(range(count))
    for line in page.lines:
        for x, y in line.baseline + line.polygon:
            assert 0 <= x < page.width_px
            assert 0 <= y < page.height_px


def test_letters_stand_on_the_baseline():
    above, below = [], []
    for seed in range(16):
        rng = np.random.default_rng(seed)
        image, page = draw_page(["manner reason severn uncommon", "sixteen oxen sum"], rng)
        darkness = np.median(image) - image.astype(float)
        for line in page.lines:
            xs, ys = np.array(line.baseline).T
            columns = np.arange(int(xs[0]), int(xs[-1]))
            rows = np.interp(columns, xs, ys).round().astype(int)
            above += [darkness[rows - d, columns].mean() for d in range(1, 12)]
            below += [darkness[rows + d, columns].mean() for d in range(4, 12)]
    assert np.mean(above) > 5 * np.mean(below)


def test_ink_stays_inside_the_polygons_columns():
    image, page = draw_page(["Anna Keller, weaver"], np.random.default_rng(8))
    xs = np.array(page.lines[0].baseline)[:, 0]
    ink = np.flatnonzero((image < 0.7 * np.median(image)).any(axis=0))
    assert xs[0] - 6 <= ink[0] <= ink[-1] <= xs[-1] + 6


def test_a_page_may_be_empty():
    image, page = draw_page([], np.random.default_rng(0))
    assert page.lines == ()
    assert image.shape == (page.height_px, page.width_px)
