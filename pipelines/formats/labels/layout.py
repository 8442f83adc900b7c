"""Layout of a label table, detected from its first lines."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.formats.names import IMAGE_EXTENSIONS, split_extension
from pipelines.formats.tables.columns import (
    BY_NAME,
    ForeignTable,
    FoundColumns,
    TableColumns,
    find_columns,
    listed,
)
from pipelines.formats.tables.images import is_image_name

_DELIMITERS = ",;\t|"
_TAB = "\t"


@dataclass(frozen=True)
class LabelLayout:
    """Layout of a table.

    Attributes:
        delimiter: The character between columns.
        columns: Number of columns.
        found: Positions of the columns that are read.
        has_header: Whether the first line names the columns.
        is_quoted: Whether quotes enclose fields, as in RFC 4180; if not, they are literal text.
    """

    delimiter: str
    columns: int
    found: FoundColumns
    has_header: bool = True
    is_quoted: bool = True


def find_layout(lines: Sequence[str], columns: TableColumns = BY_NAME) -> LabelLayout:
    r"""Detect the layout of a table from its first lines.

    Args:
        lines: The first lines, at least one. The first one names the columns. If it does not, it
            is a row of an image path and a text, in any order.
        columns: Columns given by the user.

    Returns:
        The layout; that quotes are literal is told only where there is a tab and no header.

    Raises:
        ForeignTable: If no column of images or none of transcriptions is found.
        ValueError: If it lacks a column that the user names.

    Example:
        >>> layout = find_layout(["FILENAME;IDENTITY"])
        >>> layout.delimiter, layout.found.image, layout.found.text
        (';', 0, 1)
        >>> layout = find_layout(["1.png,un", "2.png,deux"])
        >>> layout.delimiter, layout.has_header
        (',', False)
    """
    headers = {
        delimiter: _split(lines[0], delimiter) for delimiter in columns.delimiter or _DELIMITERS
    }
    layouts, faults = [], []
    for delimiter, names in headers.items():
        try:
            found = find_columns(names, columns)
        except ValueError as error:
            faults.append((len(names), str(error)))
            continue
        if found:
            layouts.append(LabelLayout(delimiter, len(names), found))
    if layouts:
        return max(layouts, key=lambda layout: layout.columns)
    if faults:
        raise ValueError(max(faults)[1])
    layout = _without_header(lines, columns)
    if layout:
        return layout
    raise ForeignTable(
        f"columns are {listed(max(headers.values(), key=len))}; in the first line, name the "
        f"column of images '{columns.image or 'image'}' and that of texts "
        f"'{columns.text or 'text'}', or give --image_column and --text_column"
    )


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error as error:
        raise ValueError(
            f"first line is not a valid row ({error}); export the table again"
        ) from None


def _without_header(lines: Sequence[str], columns: TableColumns) -> LabelLayout | None:
    """Return the layout of a table of two columns whose first line is a row."""
    if columns != BY_NAME:
        return None
    for delimiter in (_TAB, *_DELIMITERS.replace(_TAB, "")):
        rows = [_fields(line, delimiter) for line in lines if line.strip()]
        # A text may hold the delimiter: most rows have to be of two columns.
        counts = Counter(map(len, rows))
        if max(counts, key=counts.__getitem__) != 2:
            continue
        images = [index for index, field in enumerate(rows[0][:2]) if is_image_name(field)]
        if images:
            found = FoundColumns(images[0], 1 - images[0])
            is_quoted = delimiter != _TAB
            return LabelLayout(delimiter, 2, found, has_header=False, is_quoted=is_quoted)
    return None


def _fields(line: str, delimiter: str) -> list[str]:
    quoting = csv.QUOTE_NONE if delimiter == _TAB else csv.QUOTE_MINIMAL
    try:
        return next(csv.reader([line], delimiter=delimiter, quoting=quoting), [])
    except csv.Error:
        return []


def is_path_and_text(line: str) -> bool:
    """Return whether a line is an image path, a tab and a text (Loghi), without a header."""
    fields = line.split(_TAB)
    return len(fields) == 2 and split_extension(fields[0])[1] in IMAGE_EXTENSIONS
