"""Rows and columns of tables in ALTO, which has no cells: what nested blocks state."""

import pytest

from tests.pipelines.formats.alto.test_read import alto_of


def composed(kind, *content, name=""):
    name = f"ID='{name}' " if name else ""
    return f"<ComposedBlock {name}TYPE='{kind}'>{''.join(content)}</ComposedBlock>"


CELL = "<TextBlock ID='b{}'><TextLine ID='l{}'/></TextBlock>"
B0, B1, B2 = (CELL.format(i, i) for i in range(3))


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        # Cells are counted in their rows, and rows in their table, whatever is in them.
        (composed("table", composed("row", B0, B1), composed("row", B2), name="t"),
         [("t", 0, 0), ("t", 0, 1), ("t", 1, 0)]),
        (composed("Table", composed("ROW"),
                  composed("row", composed("cell"), composed("cell", B0, B1)), name="t"),
         [("t", 1, 1), ("t", 1, 1)]),
        (composed("table", composed("row", "<Illustration ID='i'/>", B0), name="t"), [("t", 0, 1)]),
        # Two tables, and a table without a name.
        (composed("table", composed("row", B0), name="t")
         + composed("table", composed("row", B1), name="u"),
         [("t", 0, 0), ("u", 0, 0)]),
        (composed("table", composed("row", B0)), [("b0", 0, 0)]),
        # What is not stated is not invented.
        (composed("table", B0, B1, name="t"), [("b0", None, None), ("b1", None, None)]),
        (composed("table", composed("", B0), name="t"), [("b0", None, None)]),
        (composed("row", B0, name="t"), [("b0", None, None)]),
        (composed("container", composed("row", B0), name="t"), [("b0", None, None)]),
    ],
)  # fmt: skip
def test_rows_and_columns_of_composed_blocks(blocks, expected):
    assert [(x.region_id, x.row, x.column) for x in alto_of(blocks).lines] == expected
