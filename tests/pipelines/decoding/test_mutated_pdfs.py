"""Whatever is wrong with a PDF: a page, or one line that says what is wrong, in time.

    MUTATIONS=20000 python -m pytest tests/pipelines/decoding/test_mutated_pdfs.py

looks for a long time.
"""

from __future__ import annotations

import os
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.decoding import pool
from pipelines.decoding.deadline import TimeLimitError, deadline_in
from pipelines.decoding.images import SharedFile, count_pages, decode
from tests.drawn_files import pdf, pdf_page, pdf_stream

pytestmark = pytest.mark.skipif(not pool.is_possible(), reason="decoders need Linux")

EXAMPLES = int(os.environ.get("MUTATIONS", "40"))
LIMIT_S = 60
GREYS = bytes(range(256))
SCAN = b"/Width 16/Height 16/ColorSpace/DeviceGray/BitsPerComponent 8"
FILLING = b"q 72 0 0 72 0 0 cm /I Do Q"
_FORM = pdf_stream(
    b"/Type/XObject/Subtype/Form/BBox[0 0 99 99]/Matrix[1 0 0 1 0 0]/Resources<</XObject"
    b"<</I 5 0 R>>>>",
    FILLING,
)
GOOD = [
    pdf_page(FILLING + b"BT 3 Tr /F 12 Tf 5 30 Td (mariage) Tj ET", SCAN, GREYS),
    pdf_page(b"BT /F 12 Tf 5 30 Td (mariage) Tj ET 3 w 5 5 m 60 60 l S 5 5 9 9 re f"),
    pdf_page(FILLING, SCAN + b"/SMask 6 0 R/Decode[1 0]", GREYS, b"/MediaBox[0 0 72 72]/Rotate 90"),
    pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R 7 0 R]/Count 2>>",
        b"<</Type/Page/Parent 2 0 R/Contents[4 0 R]/MediaBox[0 0 72 72]/Resources<</XObject"
        b"<</I 5 0 R/X 6 0 R>>>>>>",
        pdf_stream(b"", b"/X Do"),
        pdf_stream(b"/Type/XObject/Subtype/Image" + SCAN, GREYS),
        _FORM,
        b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/MediaBox[0 0 72 72]/Resources<<>>>>",
    ),
]
_OBJECT = re.compile(rb"\d+ 0 obj\n(.*?)\nendobj\n", re.S)
_TOKEN = re.compile(rb"\d+ 0 R|/\w+|-?\d+|<<|>>|\[|\]|\b[A-Za-z]+\b")
_ODD = (
    b"", b"0", b"-1", b"1", b"99999999", b"2147483648", b"1e9", b"/X", b"null", b"true", b"()",
    b"1 0 R", b"2 0 R", b"3 0 R", b"6 0 R", b"99 0 R", b"[", b"]", b"<<", b">>", b"q", b"Do", b"cm",
    b"/FlateDecode", b"/DCTDecode", b"/JPXDecode", b"/JBIG2Decode", b"/CCITTFaxDecode", b"/Indexed",
    b"/ICCBased", b"/Pattern", b"/Filter/LZWDecode", b"/Filter[/FlateDecode/FlateDecode]",
)  # fmt: skip
often = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def mutated_pdf(draw, data: bytes) -> bytes:
    """Draw a PDF with a few changes of objects and of what is in them, and seldom of bytes."""
    objects = _OBJECT.findall(data)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(objects) - 1))
        change = draw(st.sampled_from(("token", "token", "token", "drop", "double", "swap")))
        if change == "drop":
            objects[at] = b"null"
        elif change == "double":
            objects.append(objects[at])
        elif change == "swap":
            other = draw(st.integers(0, len(objects) - 1))
            objects[at], objects[other] = objects[other], objects[at]
        elif tokens := list(_TOKEN.finditer(objects[at][:2000])):
            found = draw(st.sampled_from(tokens))
            known = st.sampled_from([one.group() for one in tokens])
            new = draw(st.one_of(st.sampled_from(_ODD), known))
            twice = draw(st.booleans())
            kept = found.group() + b" " if twice else b""
            text = objects[at]
            objects[at] = text[: found.start()] + kept + new + text[found.end() :]
    whole = pdf(*objects)
    damage = draw(st.sampled_from(("none", "none", "none", "cut", "flip", "index", "front")))
    place = draw(st.integers(0, len(whole) - 1))
    if damage == "cut":
        return whole[:place]
    if damage == "flip":
        return (
            whole[:place] + bytes([whole[place] ^ draw(st.integers(1, 255))]) + whole[place + 1 :]
        )
    if damage == "index":
        return whole.replace(b"startxref\n", b"startxref\n9")
    return (b"junk\n" if damage == "front" else b"") + whole


def read(data: bytes) -> list[np.ndarray | str]:
    """Count and decode the pages; return each as pixels, or as what is wrong."""
    file = SharedFile(data)
    with deadline_in(LIMIT_S):
        try:
            numbers = range(1, min(count_pages(file), 3) + 1)
        except ValueError as error:
            return [error]
        pages = []
        for number in numbers:
            try:
                pages.append(decode(file, number, True)[0].grey)
            except ValueError as error:
                pages.append(error)
    return pages


@pytest.mark.parametrize("data", GOOD)
def test_the_good_ones_are_read(data):
    assert all(isinstance(page, np.ndarray) for page in read(data))


@often
@given(st.sampled_from(GOOD).flatmap(mutated_pdf))
def test_a_pdf_is_read_or_refused_in_one_line(data):
    for page in read(data):
        if isinstance(page, ValueError):
            assert not isinstance(page, TimeLimitError)
            assert str(page) and "\n" not in str(page)
            assert "process" not in str(page) and "Error" not in str(page), page
        else:
            assert page.ndim == 2 and page.dtype == np.uint8 and page.size


def teardown_module():
    pool.stop_decoders()
