"""Web addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats.addresses import clean_address, is_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.org/a%20b.jpg", "https://example.org/a%20b.jpg"),
        ("\u00a0HTTP://Example.org:8080/a|b#xywh=1\t", "http://example.org:8080/a%7Cb"),
        ("https://bücher.example/x?n=ü", "https://xn--bcher-kva.example/x?n=%C3%BC"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
        ("https://e.org/100% a%2x%C3.jpg?n=5%", "https://e.org/100%25%20a%252x%C3.jpg?n=5%25"),
        ("https://example.org/iiif/a%2Fb/full/100,/0/default.jpg",) * 2,
    ],
)
def test_addresses_are_cleaned(text, expected):
    assert clean_address(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ftp://example.org/x",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)",
        "gs://bucket/x.jpg",
        "http://",
        "http:///x",
        "http://[::1",
        "http://example.org:port/x",
        "http://user:secret@example.org/x",
        "http://" + "a" * 64 + ".org/x",
        "https://example.org/" + "a" * 9000,
        "x.jpg",
    ],
)
def test_invalid_addresses_are_refused(text):
    with pytest.raises(ValueError, match="correct it|shorten it") as caught:
        clean_address(text)
    assert len(str(caught.value)) < 250


@given(st.text(max_size=40))
def test_any_path_becomes_ascii_and_cleaning_is_idempotent(path):
    cleaned = clean_address("https://example.org/" + path)
    assert is_address(cleaned) and cleaned.isascii() and cleaned.isprintable()
    assert " " not in cleaned and clean_address(cleaned) == cleaned


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_a_value_error(text):
    try:
        outcome = clean_address(text, "https://example.org/m")
    except ValueError as error:
        outcome = str(error)
    assert is_address(outcome) or (outcome.startswith("address") and ";" in outcome)
