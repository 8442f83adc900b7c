"""Perceptual fingerprints: near-duplicates are found, other lines are not."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.dataset.fingerprint import are_near_duplicates, perceptual_bands, perceptual_key
from model.images.background import even_background
from model.images.decode import decode_image
from model.images.digest import exact_key
from model.line_images.rectify import stretch_contrast
from model.synthetic.pages import choose_hand, draw_line
from model.synthetic.texts import compose_text
from tests.drawn import png

SEEDS = st.integers(0, 10_000)
DIGITS = ("1", "2", "12", "13", "21", "46", "48", "143")


def drawn(text, seed, hand_seed=0):
    hand = choose_hand(np.random.default_rng([7, hand_seed]))
    return stretch_contrast(even_background(draw_line(text, np.random.default_rng(seed), hand)))


def some_line(seed):
    return drawn(compose_text(np.random.default_rng(seed)), seed, seed)


def jpeg(strip, quality=60):
    return cv2.imdecode(cv2.imencode(".jpg", strip, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 0)


def wider(strip, share):
    size = round(strip.shape[1] * (1 + share)), strip.shape[0]
    return cv2.resize(strip, size, interpolation=cv2.INTER_AREA)


def moved(strip, right_px, down_px):
    move = np.float32([[1, 0, right_px], [0, 1, down_px]])
    return cv2.warpAffine(strip, move, strip.shape[::-1], borderValue=255)


def paired(a, b):
    return bool(set(perceptual_bands(a)) & set(perceptual_bands(b))) and near(a, b)


def near(a, b):
    return are_near_duplicates(perceptual_key(a), perceptual_key(b))


CHANGES = {
    "JPEG at 60": jpeg,
    "2 % wider": lambda s: wider(s, 0.02),
    "2 % narrower": lambda s: wider(s, -0.02),
    "moved by 1 px": lambda s: moved(s, 1, -1),
    "moved by 2 px": lambda s: moved(s, -2, 2),
    "narrower, moved and JPEG": lambda s: jpeg(moved(wider(s, -0.02), 1, 1)),
    "twice the resolution": lambda s: cv2.resize(s, None, fx=2, fy=2),
}


@settings(max_examples=25)
@given(SEEDS, st.sampled_from(sorted(CHANGES)))
def test_a_changed_line_is_a_near_duplicate(seed, change):
    strip = some_line(seed)
    assert near(strip, CHANGES[change](strip))


@pytest.mark.parametrize("change", CHANGES)
def test_nearly_all_changed_lines_are_found(change):
    lines = [some_line(seed) for seed in range(40)]
    assert sum(paired(line, CHANGES[change](line)) for line in lines) >= 36


def test_lines_of_one_hand_are_distinguished():
    lines = [drawn(compose_text(np.random.default_rng(seed)), seed) for seed in range(60)]
    keys = [perceptual_key(line) for line in lines]
    found = [(i, j) for i in range(60) for j in range(i) if are_near_duplicates(keys[i], keys[j])]
    assert found == []


def test_page_numbers_of_one_hand_are_distinguished():
    strips = [drawn(text, [seed, 1]) for text in DIGITS for seed in range(4)]
    keys = [perceptual_key(strip) for strip in strips]
    count = len(keys)
    found = [
        (i, j) for i in range(count) for j in range(i) if are_near_duplicates(keys[i], keys[j])
    ]
    assert found == []


def test_a_text_written_twice_is_no_near_duplicate():
    assert not near(drawn("Anna Keller, born in May", 1), drawn("Anna Keller, born in May", 2))


@given(SEEDS, SEEDS)
@settings(max_examples=25)
def test_near_duplicates_are_symmetric_and_reflexive(seed, other_seed):
    a, b = some_line(seed), some_line(other_seed)
    assert near(a, b) == near(b, a)
    assert near(a, a)


@given(st.integers(1, 3), st.integers(1, 80), st.randoms(use_true_random=False))
def test_fingerprints_have_a_fixed_size_or_are_empty(height, width, random):
    values = random.choices(range(256), k=height * width)
    strip = np.array(values, np.uint8).reshape(height, width)
    assert len(perceptual_key(strip)) in (0, 514)
    assert len(perceptual_bands(strip)) in (0, 8)


def test_a_blank_strip_has_no_fingerprint():
    blank = np.full((64, 300), 255, np.uint8)
    assert perceptual_key(blank) == b""
    assert perceptual_bands(blank) == ()
    assert not near(blank, blank)


def test_each_key_names_its_band():
    bands = perceptual_bands(some_line(3))
    assert [band.split(":")[0] for band in bands] == [str(i) for i in range(8)]


def test_an_invalid_key_is_refused():
    with pytest.raises(ValueError, match="key of 3 bytes is not from perceptual_key"):
        are_near_duplicates(b"abc", perceptual_key(some_line(1)))


def test_the_same_pixels_in_other_files_are_found():
    strip = some_line(1)
    packed = cv2.imencode(".png", strip, [cv2.IMWRITE_PNG_COMPRESSION, 0])[1].tobytes()
    assert exact_key(packed) != exact_key(png(strip))
    assert paired(decode_image(packed), decode_image(png(strip)))
