"""PAGE XML as programs really write it: a table of cases, each with its reason."""

import cv2
import numpy as np
import pytest

from tests.pipelines.formats.page_xml.test_read import INDEX, line, order, page_of, region

CELL = "<TableCell row='{}' col='{}'>{}</TableCell>"
ROLE = "<Roles><TableCellRole rowIndex='{}' columnIndex='{}'/></Roles>"
TABLE = "<TableRegion id='t' {}>{}</TableRegion>"
REFS = "<ReadingOrder><OrderedGroup><RegionRefIndexed index='0' regionRef='{}'/></OrderedGroup></ReadingOrder>"  # noqa: E501


def cells(*places):
    """Write cells of Transkribus in a table: (row, column, ids of the lines)."""
    written = (CELL.format(r, c, "".join(map(line, ids.split()))) for r, c, ids in places)
    return TABLE.format("", "".join(written))


def placed(name, index, *content):
    return region(name, *content, attributes=f"custom='{INDEX.format(index)}'")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # Tables: by row, then by column, as numbers.
        (cells((1, 1, "d"), (0, 1, "b"), (1, 0, "c"), (0, 0, "a")), "a b c d"),
        (cells((10, 0, "c"), (9, 0, "a b")), "a b c"),
        (cells(("x", 0, "a"), (0, 0, "b")), "b a"),
        (TABLE.format("", region("c1", ROLE.format(0, 1), line("b"))
                      + region("c2", ROLE.format(0, 0), line("a"))), "a b"),
        (region("r", line("x")) + cells((0, 1, "b"), (0, 0, "a")) + region("s", line("y")),
         "x a b y"),
        # A table keeps its place in a <ReadingOrder>, its cells their rows.
        (REFS.format("s") + cells((0, 1, "b"), (0, 0, "a")) + region("s", line("y")), "y a b"),
        # Regions: by their index, those without one last.
        (placed("r2", 2, line("b")) + placed("r1", 1, line("a")), "a b"),
        (region("r", line("x")) + placed("r2", 10, line("b")) + placed("r1", 9, line("a")),
         "a b x"),
        (placed("r2", "soon", line("b")) + placed("r1", 1, line("a")), "a b"),
        (placed("r2", 1, placed("q", 1, line("b")), placed("p", 0, line("a"))), "a b"),
        (TABLE.format("custom='readingOrder {index:1;}'", CELL.format(0, 0, line("b")))
         + placed("r", 0, line("a")), "a b"),
        # A <ReadingOrder> goes before the indices.
        (REFS.format("r2") + placed("r2", 2, line("b")) + placed("r1", 1, line("a")), "b a"),
    ],
)  # fmt: skip
def test_cells_and_regions_without_a_reading_order(body, expected):
    assert order(page_of(body)) == expected


@pytest.mark.parametrize(
    ("points", "baseline", "expected"),
    [
        # One point twice is one point.
        ("0,0 90,0 90,30 0,30", "5,20 5,20", ((0, 0), (90, 0), (90, 30), (0, 30), (5, 20))),
        # Corners in Z order, from any corner.
        ("0,0 90,0 0,30 90,30", "", ((0, 0), (90, 0), (90, 30), (0, 30))),
        ("0,0 90,0 0,30 90,30 0,0", "", ((0, 0), (90, 0), (90, 30), (0, 30))),
        ("0,0 90,30 90,0 0,30", "", ((0, 0), (90, 0), (90, 30), (0, 30))),
        # Drawn from right to left over upright writing; and on a page that is upside down.
        ("0,0 90,0 90,30 0,30", "90,21 0,20", ((0, 0), (90, 0), (90, 30), (0, 30), (0, 20), (90, 21))),  # noqa: E501
        ("0,0 90,0 90,30 0,30", "90,10 0,10", ((0, 0), (90, 0), (90, 30), (0, 30), (90, 10), (0, 10))),  # noqa: E501
        ("", "90,10 0,10", ((90, 10), (0, 10))),
    ],
)  # fmt: skip
def test_outlines_and_baselines_are_read_as_they_were_meant(points, baseline, expected):
    content = f"<Coords points='{points}'/><Baseline points='{baseline}'/>"
    (one,) = page_of(region("r", line("l", content=content))).lines
    assert set(one.polygon + one.baseline) == set(expected)
    assert one.baseline == expected[len(one.polygon) :]
    if points:
        assert cv2.contourArea(np.float32(one.polygon)) == 90 * 30


HUGE = 2**40


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # As Transkribus and as the schema write them; a span begins where its cell begins.
        (cells((1, 2, "a")), ("t", 1, 2)),
        (TABLE.format("", region("c", ROLE.format(1, 2), line("a"))), ("t", 1, 2)),
        (TABLE.format("", "<TableCell row='1' col='0' colSpan='3' rowSpan='2'>" + line("a")
                      + "</TableCell>"), ("t", 1, 0)),
        # A region in a cell, and a cell without a table around it.
        (cells((1, 2, "")).replace("></TableCell", f">{region('r', line('a'))}</TableCell"),
         ("t", 1, 2)),
        (region("c", ROLE.format(1, 2), line("a")), ("c", 1, 2)),
        # In a table, but in no cell; and places that are none.
        (TABLE.format("", region("r", line("a"))), ("r", None, None)),
        (cells(("x", 0, "a")), ("", None, None)),
        (cells((-1, 0, "a")), ("", None, None)),
        (cells((0.5, 0, "a")), ("", None, None)),
        (cells((HUGE, 0, "a")), ("", None, None)),
        (region("r", line("a")), ("r", None, None)),
    ],
)  # fmt: skip
def test_cells_have_a_row_and_a_column(body, expected):
    (one,) = page_of(body).lines
    assert (one.region_id, one.row, one.column) == expected
