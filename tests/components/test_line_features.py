"""Length and script of a line."""

import pytest

from components.line_features import describe_line, length_band, script_of_text
from schemas import tf_example
from schemas.features import decode_line, encode_line
from tests.drawn import line_example


@pytest.mark.parametrize(
    ("length", "band"),
    [(0, "1-20"), (20, "1-20"), (21, "21-40"), (40, "21-40"), (60, "41-60"), (61, "61+")],
)
def test_a_length_falls_into_one_band(length, band):
    assert length_band("x" * length) == band


@pytest.mark.parametrize(
    ("text", "script"),
    [("réunion du 12", "Latin"), ("Москва, Paris", "Cyrillic"), ("12, 14", "none"), ("", "none")],
)
def test_the_script_is_that_of_most_letters(text, script):
    assert script_of_text(text) == script


def test_a_line_keeps_its_other_features():
    line = line_example("réunion")
    described = describe_line(encode_line(line))
    assert decode_line(described) == line
    values = tf_example.decode(described)
    assert (values["line_length"], values["script"]) == (b"1-20", b"Latin")


def test_a_missing_text_is_left_to_the_schema():
    record = tf_example.encode({"width_px": 3})
    values = tf_example.decode(describe_line(record))
    assert values == {"line_length": b"1-20", "script": b"none", "width_px": 3}
