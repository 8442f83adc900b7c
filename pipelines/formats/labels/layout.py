"""Layout of a label table, detected from its first line."""

from __future__ import annotations

import csv
from dataclasses import dataclass

from pipelines.formats import line_tables
from pipelines.formats.names import IMAGE_EXTENSIONS, split_extension

_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class LabelColumns:
    """Columns of a table as given by the user; empty for those to find by the header.

    Attributes:
        image: Name of the column of image paths.
        text: Name of the column of transcriptions.
        delimiter: The character between columns.
    """

    image: str = ""
    text: str = ""
    delimiter: str = ""


FROM_HEADER = LabelColumns()


@dataclass(frozen=True)
class LabelLayout:
    """Layout of a table.

    Attributes:
        delimiter: The character between columns.
        columns: Number of columns.
        image: Index of the column of image paths.
        text: Index of the column of transcriptions.
        split: Index of the column of splits; None where there is none.
        writer: Index of the column of writers; None where there is none.
        document: Index of the column of documents; None where there is none.
        has_header: Whether the first line names the columns; if not, quotes are literal text.
    """

    delimiter: str
    columns: int
    image: int
    text: int
    split: int | None = None
    writer: int | None = None
    document: int | None = None
    has_header: bool = True


def find_layout(header: str, columns: LabelColumns = FROM_HEADER) -> LabelLayout:
    r"""Detect the layout of a table from its first line.

    Args:
        header: The line.
        columns: Columns given by the user.

    Returns:
        The layout.

    Raises:
        ValueError: If no column of images or none of transcriptions is found.

    Example:
        >>> layout = find_layout("FILENAME;IDENTITY")
        >>> layout.delimiter, layout.image, layout.text
        (';', 0, 1)
    """
    headers = {}
    for delimiter in columns.delimiter or _DELIMITERS:
        try:
            headers[delimiter] = next(csv.reader([header], delimiter=delimiter), [])
        except csv.Error as error:
            raise ValueError(
                f"first line is not a valid row ({error}); export the table again"
            ) from None
    layouts = [_named_layout(found, key, columns) for key, found in headers.items()]
    fitting = [layout for layout in layouts if layout]
    if fitting:
        return max(fitting, key=lambda layout: layout.columns)
    if columns == FROM_HEADER and is_path_and_text(header):
        return LabelLayout("\t", 2, image=0, text=1, has_header=False)
    found = ", ".join(name[:40] for name in max(headers.values(), key=len)[:20])
    raise ValueError(
        f"columns are {found}; in the first line, name the column of images "
        f"'{columns.image or 'image'}' and that of texts '{columns.text or 'text'}'"
    )


def _named_layout(found: list[str], delimiter: str, columns: LabelColumns) -> LabelLayout | None:
    image_names = [columns.image] if columns.image else line_tables.IMAGE_COLUMNS
    text_names = [columns.text] if columns.text else line_tables.TEXT_COLUMNS
    image = line_tables.find_column(found, image_names)
    text = line_tables.find_column(found, text_names)
    if image is None or text is None or image == text:
        return None
    return LabelLayout(
        delimiter,
        len(found),
        image,
        text,
        split=line_tables.find_column(found, line_tables.SPLIT_COLUMNS),
        writer=line_tables.find_column(found, line_tables.WRITER_COLUMNS),
        document=line_tables.find_column(found, line_tables.DOCUMENT_COLUMNS),
    )


def is_path_and_text(line: str) -> bool:
    """Return whether a line is an image path, a tab and a text (Loghi), without a header."""
    fields = line.split("\t")
    return len(fields) == 2 and split_extension(fields[0])[1] in IMAGE_EXTENSIONS
