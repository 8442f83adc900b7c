"""The words of real pages are found in their PDFs by the programs that people search with."""

from __future__ import annotations

import io
import shutil
import subprocess

import numpy as np
import pypdfium2 as pdfium
import pytest
from lxml import etree

from pipelines.descriptions.detect import read_markup
from pipelines.formats.page_text import PageText, normalise_page
from pipelines.formats.pdf.metadata import PdfFacts
from pipelines.formats.pdf.picture import picture_of_pixels
from pipelines.formats.pdf.write import SearchablePdf
from schemas.records import Transcript

MOST_LOST = 0.001


def read_pages(shared_data):
    """Read every fourth real page as if its truth had been recognised."""
    pages = []
    for path in sorted(shared_data.rglob("*.xml"))[::4]:
        try:
            page = read_markup(path.read_bytes())
        except ValueError:
            continue
        lines = tuple(
            Transcript(page.uri, line, line.text, 1.0)
            for line in page.lines
            if line.text and not line.fault
        )
        if lines and page.width_px:
            pages.append(normalise_page(PageText(page.uri, page.width_px, page.height_px, lines)))
    return pages


@pytest.fixture(scope="module")
def written(shared_data):
    pages = read_pages(shared_data)
    file = io.BytesIO()
    document = SearchablePdf(file, PdfFacts("real pages"))
    for page in pages:
        blank = np.full((page.height_px, page.width_px), 255, np.uint8)
        document.add(page, picture_of_pixels(blank))
    document.close()
    return pages, file.getvalue()


def lost(pages, found):
    """Return the share of words that are not found on their page."""
    wanted = [[word for line in page.lines for word in line.text.split()] for page in pages]
    gone = sum(
        len(words) - sum(min(words.count(word), there.count(word)) for word in set(words))
        for words, there in zip(wanted, found)
    )
    return gone / sum(map(len, wanted))


def test_pdfium_finds_the_words(written):
    pages, data = written
    found = [page.get_textpage().get_text_range() for page in pdfium.PdfDocument(data)]
    # PDFium shows a hyphen at the end of a line as a mark of its own, without a line end.
    assert lost(pages, [text.replace("\ufffe", "- ").split() for text in found]) <= MOST_LOST


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="poppler is not installed")
def test_poppler_finds_the_words(written, tmp_path):
    pages, data = written
    (tmp_path / "a.pdf").write_bytes(data)
    command = ["pdftotext", "-bbox", str(tmp_path / "a.pdf"), "-"]
    root = etree.fromstring(
        subprocess.run(command, capture_output=True, check=True).stdout,
        etree.XMLParser(huge_tree=True, recover=True),
    )
    found = [[word.text or "" for word in page.iter("{*}word")] for page in root.iter("{*}page")]
    assert lost(pages, found) <= MOST_LOST
