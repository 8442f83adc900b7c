"""Files of several pages are expanded to their pages."""

import hashlib

import numpy as np
import pytest

from pipelines.pages.image import open_image
from pipelines.pages.listing import file_source, pages_of_file
from tests.drawn_files import encrypted_pdf, image_file

BLANK = np.full((30, 20), 255, np.uint8)


@pytest.mark.parametrize(
    ("name", "data", "numbers"),
    [
        ("x.pdf", image_file([BLANK] * 3, "PDF"), (1, 2, 3)),
        ("x.TIF", image_file([BLANK] * 3, "TIFF"), (1, 2, 3)),
        ("x.pdf", image_file([BLANK], "PDF"), ()),
        ("x.tif", image_file([BLANK], "TIFF"), ()),
        ("x.pdf", encrypted_pdf(), ()),
        ("x.tif", b"", ()),
        ("x.jpg", b"not looked at", ()),
    ],
)
def test_a_file_is_expanded_to_its_pages(tmp_path, name, data, numbers):
    path = tmp_path / name
    path.write_bytes(data)
    pages = pages_of_file(file_source(str(path)))
    wanted = [f"{path}#page={n}" for n in numbers] or [str(path)]
    assert [page.uri for page in pages] == wanted
    digest = hashlib.sha256(data).hexdigest()
    assert {page.file_sha256 for page in pages} == ({digest} if numbers else {""})


def test_pages_are_counted_once(tmp_path, monkeypatch):
    path = tmp_path / "x.tif"
    path.write_bytes(image_file([BLANK], "TIFF"))
    (source,) = pages_of_file(file_source(str(path)))
    monkeypatch.setattr("pipelines.pages.image.count_pages", None)
    assert source.page_count == 1 and open_image(source).grey.shape == BLANK.shape
