"""Writing outside of the lines that were read, in the rows and the predicted CER of a page."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from model.quality.ink_unread import PageInk
from model.quality.page import PageQuality
from model.synthetic.pages import draw_page
from model.synthetic.texts import compose_text
from pipelines.formats.page_text import Origin
from pipelines.formats.page_xml.write import write_description
from pipelines.pages.listing import file_source
from pipelines.pages.records import PageLines
from pipelines.tables.rows import page_row
from pipelines.transcription.read_pages import PageReading, read_page
from pipelines.transcription.recognise import recognise_pages
from schemas.records import Line, LineImage, Page, PageDone
from tests.drawn import png, text_strip
from tests.fakes import NameReader


def read(texts: tuple[str, ...], ink: PageInk | None, reader: NameReader) -> dict:
    """Return the row of a page of lines with these texts."""
    images = [LineImage("p.jpg", Line(t, i), text_strip("acte")) for i, t in enumerate(texts)]
    done = PageDone("p.jpg", "ab", 9, 9, "finder", len(texts))
    page = PageLines(done, tuple(images), (), PageQuality(0.5, None, 0.2), ink=ink)
    (result,) = recognise_pages([page], reader)
    return page_row(result, "r")


@pytest.mark.parametrize(
    ("texts", "ink", "share", "cer"),
    [
        pytest.param(("acte", "jour"), None, None, 0.25, id="an image of one line"),
        pytest.param(("acte",), PageInk((0,), 0), None, 0.25, id="no ink"),
        pytest.param(("acte", "jour"), PageInk((50, 47), 3), 0.03, 0.25, id="all was read"),
        # Half of the page has the CER that is predicted, of the other half all is lost.
        pytest.param(("acte", "jour"), PageInk((30, 20), 50), 0.5, 0.625, id="half was read"),
        pytest.param(("acte", ""), PageInk((50, 50), 0), 0.5, 0.625, id="a line without text"),
        pytest.param(("", ""), PageInk((50, 50), 0), 1.0, 1.0, id="no text"),
        pytest.param((), PageInk((), 90), 1.0, 1.0, id="no lines"),
        pytest.param((), PageInk((), 0), None, None, id="a blank page"),
    ],
)
def test_writing_outside_of_the_lines_counts_as_missing_text(texts, ink, share, cer):
    row = read(texts, ink, NameReader())
    assert row["ink_unread"] == pytest.approx(share)
    assert row["cer_estimate"] == pytest.approx(cer)
    assert ("writing outside the lines" in row["warnings"]) is ((share or 0) >= 0.5)


def test_a_model_that_predicts_no_errors_predicts_none_of_what_it_did_not_read():
    reader = NameReader()
    reader.page_error = None
    assert read(("acte",), PageInk((50,), 50), reader)["cer_estimate"] is None


@pytest.fixture(scope="module")
def drawn():
    rng = np.random.default_rng(5)
    return draw_page([compose_text(rng) for _ in range(9)], rng)


@pytest.mark.parametrize(("count", "least", "most"), [(9, 0.0, 0.05), (6, 0.2, 0.5)])
def test_given_lines_that_leave_out_a_third_of_the_page_are_told(
    tmp_path, drawn, count, least, most
):
    grey, page = drawn
    height_px, width_px = grey.shape
    described = Page("p.png", tuple(page.lines[:count]), width_px, height_px, "page")
    (tmp_path / "p.png").write_bytes(png(grey))
    xml = write_description(described, Origin("Quire", datetime(2026, 1, 1)))
    (tmp_path / "p.xml").write_bytes(xml)
    result = read_page(file_source(str(tmp_path / "p.png")), PageReading("given", 64))
    assert least <= result.ink.unread([True] * count) < most


def test_a_whole_image_as_one_line_has_no_share(tmp_path, drawn):
    (tmp_path / "p.png").write_bytes(png(drawn[0]))
    assert read_page(file_source(str(tmp_path / "p.png")), PageReading("whole", 64)).ink is None
