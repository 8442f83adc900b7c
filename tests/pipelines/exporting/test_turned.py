"""Photographs turned by EXIF, through the main of export."""

import io

import numpy as np
import pypdfium2 as pdfium
import pytest
from PIL import Image

from model.images.digest import exact_key
from tests.pipelines.exported import (
    GREY,
    export,
    line_row,
    page_row,
    write_tables,
)
from tests.pipelines.formats.described import read_alto, read_page_xml


@pytest.fixture
def turned(tmp_path):
    """Write a turned photograph and the tables of its transcription."""
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    rgb = np.dstack([GREY, GREY // 2, GREY // 3])
    Image.fromarray(rgb.transpose(1, 0, 2)).save(file, "JPEG", exif=exif)
    path = tmp_path / "in/p.jpg"
    path.parent.mkdir()
    path.write_bytes(file.getvalue())
    page = page_row(str(path), exact_key(file.getvalue()), 1)
    write_tables(tmp_path / "t", [page], [line_row(str(path), 0)])
    return tmp_path


@pytest.mark.parametrize(("frame", "size"), [("shown", (300, 200)), ("stored", (200, 300))])
def test_points_of_a_turned_photograph_are_in_the_frame_asked_for(turned, capsys, frame, size):
    assert export(turned, "--to", "page", "alto", "hocr", "--frame", frame) == 0
    assert "1 page is a photograph turned by EXIF" in capsys.readouterr().out
    for read, name in ((read_page_xml, "page"), (read_alto, "alto")):
        page = read((turned / f"out/{name}/p.jpg.xml").read_bytes())
        assert (page.width_px, page.height_px) == size
        (line,) = page.lines
        assert line.baseline == (
            ((20, 40), (280, 40)) if frame == "shown" else ((40, 280), (40, 20))
        )


def test_a_turned_photograph_keeps_its_file_and_colours_in_a_pdf(turned):
    assert export(turned, "--to", "pdf", "--frame", "stored") == 0
    data = (turned / "out/pdf/p.jpg.pdf").read_bytes()
    assert (turned / "in/p.jpg").read_bytes() in data and b"/DeviceRGB" in data
    assert pdfium.PdfDocument(data)[0].get_size() == pytest.approx((72, 48), abs=0.1)
