"""From a row of a table to the page of one line: the same for CSV, Parquet and Arrow."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from model.dataset.split_names import field_split, file_name_split, sibling_names
from pipelines.formats.source import Files
from pipelines.formats.tables.images import find_image
from schemas.records import Failure, Line, Page


@dataclass(frozen=True)
class TableRow:
    """What a row says of its line.

    Attributes:
        place: The table, '#' and the row.
        text: The transcription; None if there is none.
        image: Content of the image file; empty if the row only names it.
        image_name: Path of the image; empty if there is none.
        split: The field of splits as it is written; empty for none.
        writer: The field of writers; empty for none.
        document: The field of documents; empty for none.
        kind: Kind of the line; empty if unknown.
    """

    place: str
    text: str | None
    image: bytes = b""
    image_name: str = ""
    split: str = ""
    writer: str = ""
    document: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Table:
    """A table and what holds for all of its rows.

    Attributes:
        uri: The file.
        files: Opens it, and finds the images that it names.
        source: Name of the format.
        split: Split of rows that name none; empty for none.
        split_by: What names `split`.
        split_column: Name of the column of splits.
    """

    uri: str
    files: Files
    source: str
    split: str = ""
    split_by: str = ""
    split_column: str = ""

    @classmethod
    def open(cls, uri: str, files: Files, source: str, split_column: str = "") -> Table:
        """Describe a table; its file name may be that of a split."""
        split = file_name_split(uri)
        if not split:
            named, siblings = sibling_names(uri)
            split = named if siblings and files.first_existing(siblings) else ""
        split_by = f"file name {split}" if split else ""
        return cls(uri, files, source, split, split_by, split_column)


def row_page(row: TableRow, table: Table) -> Page | Failure:
    """Make the page of a row.

    Args:
        row: The row.
        table: Its table.

    Returns:
        A page of one line, or the failure of a row without image or text. An empty text is kept.
    """
    missing = "" if row.image or row.image_name else "image"
    missing = missing or ("text" if row.text is None else "")
    if missing:
        return Failure(row.place, "read", f"row has no {missing}; add it or remove the row")
    uri = row.place
    if not row.image:
        try:
            found = find_image(table.uri, row.image_name, table.files)
        except (OSError, ValueError) as error:
            return Failure(row.place, "read", str(error))
        if found is None:
            folder = posixpath.dirname(table.uri) or "the folder of the table"
            error = f"image {row.image_name!r} is not in {folder}; put it there"
            return Failure(row.place, "pair", error)
        uri = found
    split = field_split(row.split)
    return Page(
        uri,
        (Line("line", 0, row.text, kind=row.kind),),
        source=table.source,
        document=row.document,
        split=split or table.split,
        writer=row.writer,
        image=row.image,
        split_by=f"column {table.split_column}" if split else table.split_by,
    )
