"""Read tables of image names and labels (CSV, TSV): a line image and its text in each row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from pipelines.formats.labels.layout import LabelLayout, find_layout, is_path_and_text
from pipelines.formats.labels.quoting import encloses_fields
from pipelines.formats.labels.rows import Row, read_rows
from pipelines.formats.source import Files
from pipelines.formats.tables.columns import BY_NAME, TableColumns
from pipelines.formats.tables.images import find_image, is_image_name
from pipelines.formats.tables.rows import Table, TableRow, row_page
from pipelines.formats.text_lines import TextLine, read_text_lines
from schemas.records import Failure, Page

_EXTENSIONS = (".csv", ".tsv")
# Lines that decide the quoting of the whole table; few tables are larger.
_DECIDING_CHARACTERS = 1 << 23
# Lines that show how many columns a table without header has.
_FIRST_LINES = 100


def is_label_table(name: str, head: bytes) -> bool:
    r"""Return whether a file is a label table: by its name, or as image path, tab, text.

    Args:
        name: Name of the file.
        head: Its first few thousand bytes.

    Example:
        >>> is_label_table("train_list.txt", b"lines/1.png\tAudience\n")
        True
    """
    if name.lower().endswith(_EXTENSIONS):
        return True
    first = head.decode(errors="replace").removeprefix("\ufeff").split("\n", 1)[0]
    return name.lower().endswith(".txt") and is_path_and_text(first)


def read_labels(
    uri: str, files: Files, columns: TableColumns = BY_NAME
) -> Iterator[Page | Failure]:
    """Read the line images and texts of a label file.

    Args:
        uri: The file, in UTF-8. Whether quotes enclose fields, as in RFC 4180, or are part of the
            texts is decided for all rows by what they support. Without a header, the rows must be
            of an image path and a text, and after a tab (Loghi) quotes are literal text.
        files: Opens it and finds the images.
        columns: Names of columns that the header alone does not identify.

    Yields:
        For each row a page of one line, or a failure; an empty text stays empty.

    Raises:
        OSError: If the file cannot be opened.
        ForeignTable: If it has no columns of images and texts.
        ValueError: If it is no table.
    """
    with files.open(uri) as file:
        lines = read_text_lines(file)
        ahead, is_whole = _look_ahead(lines)
        first = next((i for i, line in enumerate(ahead) if line.fault or line.text.strip()), None)
        if first is None or ahead[first].fault:
            fault = "file is empty; export it again" if first is None else ahead[first].fault
            raise ValueError(f"{uri}: {fault}")
        try:
            texts = [line.text for line in ahead[first : first + _FIRST_LINES]]
            layout = find_layout(texts, columns)
        except ValueError as error:
            raise type(error)(f"{uri}: {error}") from None
        ahead = ahead[first + layout.has_header :]

        def names_image(field: str) -> bool:
            return is_image_name(field) or _is_image(uri, field, files)

        if layout.is_quoted:
            is_quoted = encloses_fields(ahead, layout, names_image, is_whole)
            layout = replace(layout, is_quoted=is_quoted)
        table = Table.open(uri, files, "labels", layout.found.split_name)
        for row in read_rows(chain(ahead, lines), layout, names_image):
            yield _page(row, layout, table)


def _look_ahead(lines: Iterator[TextLine]) -> tuple[list[TextLine], bool]:
    """Return the lines that decide on the layout, and whether they are all."""
    ahead: list[TextLine] = []
    size = 0
    for line in lines:
        ahead.append(line)
        size += len(line.text)
        # A fault in the first line is a file of another kind, maybe endless.
        if size > _DECIDING_CHARACTERS or (line.fault and len(ahead) == 1):
            return ahead, False
    return ahead, True


def _is_image(uri: str, field: str, files: Files) -> bool:
    try:
        return find_image(uri, field, files) is not None
    except ValueError:
        return False


def _page(row: Row, layout: LabelLayout, table: Table) -> Page | Failure:
    place = f"{table.uri}#{row.number}"
    if row.fault:
        return Failure(place, "read", row.fault)
    if len(row.fields) != layout.columns:
        return Failure(place, "read", _ragged(row, layout))
    found = layout.found
    name = row.fields[found.image]
    if not name.strip():
        return Failure(place, "read", "row names no image; name one or remove the row")
    return row_page(
        TableRow(
            place,
            row.fields[found.text],
            image_name=name,
            split=_field(row, found.split),
            writer=_field(row, found.writer),
            document=_field(row, found.document),
        ),
        table,
    )


def _field(row: Row, column: int | None) -> str:
    return "" if column is None else row.fields[column].strip()


def _ragged(row: Row, layout: LabelLayout) -> str:
    which = "labels that hold" if layout.is_quoted else "all labels, as one of them holds"
    return (
        f"line {row.number} has {len(row.fields)} columns, not {layout.columns}; "
        f"put quotes around {which} {layout.delimiter!r}"
    )
