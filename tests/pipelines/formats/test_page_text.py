"""Normalising pages for the output formats."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats.page_text import PageText, count_forbidden, normalise_page
from schemas.records import Line, Transcript
from tests.pipelines.formats.written_pages import one_line, pages, plain_pages


@given(pages())
def test_every_point_is_a_whole_number_inside_the_page(page):
    for line in normalise_page(page).lines:
        points = (*line.line.baseline, *line.line.polygon)
        assert all(type(x) is int and type(y) is int for x, y in points)
        assert all(0 <= x <= page.width_px and 0 <= y <= page.height_px for x, y in points)
        assert len(line.line.polygon) >= 3 and len(line.line.baseline) != 1


@given(pages())
def test_no_line_or_character_is_lost_and_normalising_is_idempotent(page):
    normalised = normalise_page(page)
    assert [line.line.line_id for line in normalised.lines] == [
        li.line.line_id for li in page.lines
    ]
    for before, after in zip(page.lines, normalised.lines):
        assert len(before.text) == len(after.text)
        changed = [b for a, b in zip(before.text, after.text) if a != b]
        assert set(changed) <= {"\ufffd"}
    assert count_forbidden(normalised) == 0 and normalise_page(normalised) == normalised


@given(plain_pages())
def test_a_representable_page_is_unchanged(page):
    assert normalise_page(page) == page and count_forbidden(page) == 0


def test_a_line_without_polygon_gets_a_band_around_its_baseline():
    lines = [Line(f"l{i}", i, None, ((10, y), (90, y))) for i, y in enumerate((100, 140, 180))]
    page = PageText("a", 200, 300, tuple(Transcript("a", line, "x", 1.0) for line in lines))
    first = normalise_page(page).lines[0].line
    assert first.polygon == ((10, 70), (90, 70), (90, 110), (10, 110))


def test_a_line_without_coordinates_covers_the_page():
    normalised = normalise_page(one_line("x", ()))
    assert normalised.lines[0].line.polygon == ((0, 0), (1000, 0), (1000, 500), (0, 500))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_the_error_names_a_line_with_a_point_that_is_not_finite(bad):
    with pytest.raises(ValueError, match="line l1 has a point"):
        normalise_page(one_line("x", ((0, 0), (bad, 1), (1, 1))))


@given(st.sampled_from([(0, 5), (5, 0)]))
def test_a_page_without_size_is_refused(size):
    width, height = size
    with pytest.raises(ValueError, match="no width or height"):
        normalise_page(replace(one_line("x", ()), width_px=width, height_px=height))
