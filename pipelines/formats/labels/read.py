"""Read tables of image names and labels (CSV, TSV): a line image and its text in each row."""

from __future__ import annotations

import csv
import posixpath
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from pipelines.formats import line_tables
from pipelines.formats.labels.layout import (
    FROM_HEADER,
    LabelColumns,
    LabelLayout,
    find_layout,
    is_path_and_text,
)
from pipelines.formats.source import Files
from pipelines.formats.text_lines import LONGEST_LINE_BYTES, TextLine, read_text_lines
from schemas.records import Failure, Line, Page

_EXTENSIONS = (".csv", ".tsv")


@dataclass(frozen=True)
class _Row:
    number: int
    fields: tuple[str, ...] = ()
    fault: str = ""


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
    uri: str, files: Files, columns: LabelColumns = FROM_HEADER
) -> Iterator[Page | Failure]:
    """Read the line images and texts of a label file.

    Args:
        uri: The file, in UTF-8 with quotes as in RFC 4180. Without a header, the rows must be
            'image path, tab, text' (Loghi), and quotes are literal text.
        files: Opens it and finds the images.
        columns: Names of columns that the header alone does not identify.

    Yields:
        For each row a page of one line, or a failure; an empty text stays empty.

    Raises:
        OSError: If the file cannot be opened.
        ValueError: If it has no columns of images and texts.
    """
    with files.open(uri) as file:
        lines = read_text_lines(file)
        first = next((line for line in lines if line.fault or line.text.strip()), None)
        if first is None or first.fault:
            fault = first.fault if first else "file is empty; export it again"
            raise ValueError(f"{uri}: {fault}")
        try:
            layout = find_layout(first.text, columns)
        except ValueError as error:
            raise ValueError(f"{uri}: {error}") from None
        rows = lines if layout.has_header else chain([first], lines)
        split = line_tables.named_split(uri)
        for row in _read_rows(rows, layout):
            yield _page(row, layout, split, uri, files)


def _read_rows(lines: Iterator[TextLine], layout: LabelLayout) -> Iterator[_Row]:
    """Read rows, which may span several lines; a malformed row does not affect the others."""
    quoting = csv.QUOTE_MINIMAL if layout.has_header else csv.QUOTE_NONE
    waiting: deque[TextLine] = deque()
    while True:
        taken: list[TextLine] = []
        feed = _feed(waiting, lines, taken)
        reader = csv.reader(feed, delimiter=layout.delimiter, quoting=quoting, strict=True)
        try:
            fields = next(reader, None)
        except csv.Error as error:
            # An unclosed quote takes in the lines after it, so these are read again.
            waiting.extendleft(reversed(taken[1:]))
            yield _Row(taken[0].number, fault=taken[0].fault or _malformed(taken[0].number, error))
            continue
        if fields is None:
            return
        fault = next((line.fault for line in taken if line.fault), "")
        if fields or fault:
            yield _Row(taken[0].number, tuple(fields), fault)


def _feed(
    waiting: deque[TextLine], lines: Iterator[TextLine], taken: list[TextLine]
) -> Iterator[str]:
    size = 0
    while line := waiting.popleft() if waiting else next(lines, None):
        taken.append(line)
        size += len(line.text)
        if not line.is_whole or size > LONGEST_LINE_BYTES:
            raise csv.Error(f"longer than {LONGEST_LINE_BYTES} characters")
        yield line.text


def _malformed(number: int, error: csv.Error) -> str:
    return (
        f"line {number} does not start a valid row ({error}); close every quote that "
        "opens a label, and double the quotes inside it"
    )


def _page(row: _Row, layout: LabelLayout, split: str, uri: str, files: Files) -> Page | Failure:
    place = f"{uri}#{row.number}"
    if row.fault:
        return Failure(place, "read", row.fault)
    if len(row.fields) != layout.columns:
        return Failure(place, "read", _ragged(row, layout))
    name = row.fields[layout.image]
    try:
        image_uri = line_tables.find_image(uri, name, files)
    except ValueError as error:
        return Failure(place, "read", f"line {row.number}: {error}")
    if image_uri is None:
        folder = posixpath.dirname(uri) or "the folder of the table"
        error = f"line {row.number}: image {name!r} is not in {folder}; put it there"
        return Failure(place, "pair", error)
    return Page(
        uri=image_uri,
        lines=(Line("line", 0, row.fields[layout.text]),),
        source="labels",
        document=_field(row, layout.document),
        split=line_tables.named_split(_field(row, layout.split)) or split,
        writer=_field(row, layout.writer),
    )


def _field(row: _Row, column: int | None) -> str:
    return "" if column is None else row.fields[column].strip()


def _ragged(row: _Row, layout: LabelLayout) -> str:
    return (
        f"line {row.number} has {len(row.fields)} columns, not {layout.columns}; "
        f"put quotes around labels that hold {layout.delimiter!r}"
    )
