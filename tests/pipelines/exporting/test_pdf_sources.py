"""Exports of pages of PDFs, through the main of export."""

import io

import numpy as np
import pypdfium2 as pdfium
import pytest

from model.images.digest import digest_of_pixels
from model.images.pdf import decode_pdf_page
from tests.drawn_files import image_file, pdf_page
from tests.pipelines.exported import export, line_row, page_row, write_tables

BOX = b"/MediaBox[0 0 72 48]"
IMAGE = b"/Width 2/Height 2/BitsPerComponent 8/ColorSpace/DeviceGray"
DRAWN = b"0 0 1 RG 9 9 50 20 re S"
TEXT = b"BT 3 Tr /F 12 Tf 9 9 Td (old) Tj ET"


def transcribed(folder, **pdfs):
    """Write PDFs of one page, and the tables of their transcription."""
    pages, lines = [], []
    for name, data in pdfs.items():
        path = folder / f"{name}.pdf"
        path.write_bytes(data)
        pixels = decode_pdf_page(io.BytesIO(data), 1)
        uri = f"{path}#page=1"
        size = {"width_px": pixels.shape[1], "height_px": pixels.shape[0]}
        pages.append(page_row(uri, digest_of_pixels(pixels), 1) | size)
        lines.append(line_row(uri, 0, f"line of {name}"))
    write_tables(folder / "t", pages, lines)


@pytest.mark.parametrize("flags", [(), ("--per", "document")])
def test_a_page_of_a_pdf_is_taken_over(tmp_path, capsys, flags):
    scan = image_file([np.full((100, 100), 255, np.uint8)], "PDF", "1")
    drawn = pdf_page(DRAWN, IMAGE, bytes(4), BOX)
    transcribed(tmp_path, drawn=drawn, scan=scan, text=pdf_page(DRAWN + TEXT, IMAGE, bytes(4), BOX))
    assert export(tmp_path, "--to", "pdf", *flags) == 0
    said = capsys.readouterr().out
    told = "1 page of a PDF is a picture with text, not the page itself: 1 with text of its own"
    assert told in said
    out = sorted((tmp_path / "out/pdf").rglob("*.pdf"))
    texts, kinds = [], []
    for path in out:
        for page in pdfium.PdfDocument(path):
            texts.append(page.get_textpage().get_text_range().strip())
            kinds.append({item.type for item in page.get_objects()})
    assert texts == ["line of drawn", "line of scan", "line of text"]
    path, image = pdfium.raw.FPDF_PAGEOBJ_PATH, pdfium.raw.FPDF_PAGEOBJ_IMAGE
    assert [path in kind for kind in kinds] == [True, False, False]
    assert [image in kind for kind in kinds] == [False, True, True]
