"""A JPEG that lacks its end mark is read; one that lacks data is not."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from model.images.jpeg_end import NO_END_MARK
from model.images.pages import open_page
from tests.drawn import encoded, text_strip

STRIP = np.random.default_rng(0).integers(0, 60, (64, 400)).astype(np.uint8)
STRIP += text_strip("acte de mariage, fils majeur")[:, :400] // 2
IMAGE = Image.fromarray(STRIP)
KINDS = {
    "grey": encoded(IMAGE, "JPEG", quality=85),
    "colour": encoded(IMAGE.convert("RGB"), "JPEG", quality=85),
    "progressive": encoded(IMAGE.convert("RGB"), "JPEG", quality=85, progressive=True),
    "optimised": encoded(IMAGE, "JPEG", quality=60, optimize=True),
    "restarts": encoded(IMAGE, "JPEG", quality=85, restart_marker_rows=1),
    "blocks between restarts": encoded(IMAGE, "JPEG", quality=85, restart_marker_blocks=3),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("end", [b"", b"\xff", bytes(512)])
def test_only_the_end_mark_is_missing(kind, end):
    data = KINDS[kind]
    assert data.endswith(b"\xff\xd9")
    whole = open_page(io.BytesIO(data), 1)
    found = open_page(io.BytesIO(data[:-2] + end), 1)
    assert np.array_equal(found.grey, whole.grey)
    assert (whole.warnings, found.warnings) == ((), (NO_END_MARK,))


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.floats(0.4, 1.0), st.sampled_from([b"", bytes(4096)]))
def test_missing_data_is_reported(kind, share, filling):
    data = KINDS[kind]
    # The last bytes may hold no more than the padding of the last block.
    end = min(int(share * len(data)), len(data) - 24)
    with pytest.raises(ValueError, match="does not decode .*truncated"):
        open_page(io.BytesIO(data[:end] + filling), 1)
