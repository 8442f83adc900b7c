"""Transcribed pages for tests of the writers, drawn by Hypothesis, and XML schemas."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from hypothesis import strategies as st
from lxml import etree

from pipelines.formats.page_text import Origin, PageText
from schemas.records import Character, Line, Polyline, Transcript

ORIGIN = Origin("Quire 1.2", datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc), "abc")
SCHEMAS = Path(__file__).resolve().parents[2] / "schemas" / "xsd"

# Letters of several scripts, marks, spaces, markup and characters that XML cannot contain.
TEXTS = st.text(
    st.sampled_from("aé ſꝑ\u0301Жλ \t<>&\"']]>-\u00a0\u2028\U0001d504\U00010348\0\x0b\x1f\ufffe")
    | st.characters(exclude_categories=["Cs"]),
    max_size=12,
)
NAMES = st.text(st.sampled_from("abl_12 é#:"), max_size=4)
COORDINATES = st.floats(-500, 2500, width=32)
POINTS = st.lists(st.tuples(COORDINATES, COORDINATES), max_size=6).map(tuple)
SHARES = st.floats(0, 1, width=32)
# Text of a line, its stated base direction, and the one that writers state.
DIRECTIONS = [
    ("le soir", "", None),
    ("le soir", "ltr", None),
    ("\u05e9\u05dc\u05d5\u05dd 12", "", "rtl"),
    ("\u05e9\u05dc\u05d5\u05dd", "rtl", "rtl"),
    # Numbers alone tell no direction, and here letters tell another one.
    ("12 34", "rtl", "rtl"),
    ("\u05d0 le soir", "ltr", "ltr"),
]


@st.composite
def lines(draw, index: int) -> Transcript:
    """Draw a line that the tables may contain."""
    text = draw(TEXTS)
    line = Line(draw(NAMES), index, None, draw(POINTS), draw(POINTS), draw(NAMES))
    known = draw(st.booleans())
    characters = tuple(Character(c, draw(SHARES)) for c in text) if known else ()
    return Transcript("d/p.jpg", line, text, draw(SHARES), characters)


@st.composite
def pages(draw) -> PageText:
    """Draw a page that the tables may contain."""
    found = [draw(lines(index)) for index in range(draw(st.integers(0, 4)))]
    width, height = draw(st.integers(1, 2000)), draw(st.integers(1, 2000))
    return PageText("d/p.jpg", width, height, tuple(found))


@st.composite
def plain_pages(draw) -> PageText:
    """Draw a page that every reader returns unchanged.

    Ids are valid and unique, regions contiguous, points whole numbers, and texts contain only
    what XML allows.
    """
    count = draw(st.integers(0, 5))
    regions = sorted(draw(st.lists(st.sampled_from(["r1", "r2", "r3"]), min_size=5, max_size=5)))
    width, height = draw(st.integers(1, 2000)), draw(st.integers(1, 2000))
    points = st.tuples(st.integers(0, width), st.integers(0, height))
    texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=12)
    texts = texts.filter(lambda text: not set(text) & {"\ufffe", "\uffff"})
    found = []
    for index in range(count):
        baseline = draw(st.lists(points, max_size=4).filter(lambda some: len(some) != 1))
        polygon = draw(st.lists(points, min_size=3, max_size=6))
        line = Line(f"l{index}", index, None, tuple(baseline), tuple(polygon), regions[index])
        found.append(Transcript("d/p.jpg", line, draw(texts), draw(SHARES)))
    return PageText("d/p.jpg", width, height, tuple(found))


@st.composite
def pages_with_tables(draw, ascending: bool) -> PageText:
    """Draw a page of lines in and outside of tables, which readers return unchanged.

    If not ascending, the cells of a table are in any order.
    """
    found = []
    for number, is_table in enumerate(draw(st.lists(st.booleans(), min_size=1, max_size=4))):
        cells = st.lists(
            st.tuples(st.integers(0, 5), st.integers(0, 4)), min_size=1, max_size=6, unique=True
        )
        places = draw(cells) if is_table else [(None, None)]
        for row, column in sorted(places) if ascending and is_table else places:
            for _ in range(draw(st.integers(1, 2))):
                index = len(found)
                outline = ((index, 1), (index + 9, 1), (index + 9, 9), (index, 9))
                line = Line(f"l{index}", index, None, ((index, 8), (index + 9, 8)), outline)
                placed = replace(line, region_id=f"t{number}", row=row, column=column)
                found.append(Transcript("d/p.jpg", placed, f"text {index}", 0.5))
    return PageText("d/p.jpg", 100, 100, tuple(found))


def one_line(
    text: str, polygon: Polyline, baseline: Polyline = (), confidences: tuple[float, ...] = ()
) -> PageText:
    """Make a page of 1000 by 500 pixels with one line."""
    characters = tuple(map(Character, text, confidences))
    line = Line("l1", 0, None, baseline, polygon, "r1")
    return PageText("d/p.jpg", 1000, 500, (Transcript("d/p.jpg", line, text, 0.75, characters),))


def stated_line(text: str, direction: str) -> PageText:
    """Make a page with one line of a stated base direction."""
    page = one_line(text, ((0, 0), (90, 0), (90, 20), (0, 20)))
    (line,) = page.lines
    return replace(page, lines=(replace(line, line=replace(line.line, direction=direction)),))


def schema(name: str) -> etree.XMLSchema:
    """Load a schema."""
    return etree.XMLSchema(etree.parse(SCHEMAS / name))
