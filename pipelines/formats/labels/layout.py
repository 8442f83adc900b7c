"""How a table of labels is laid out: told from its first line."""

from __future__ import annotations

import csv
from dataclasses import dataclass

from pipelines.formats import line_tables
from pipelines.formats.names import IMAGE_EXTENSIONS, split_extension

_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class LabelColumns:
    """Which columns of a table hold what; empty for what its header tells.

    Attributes:
        image: Name of the column of image paths.
        text: Name of the column of texts.
        delimiter: The character between columns.
    """

    image: str = ""
    text: str = ""
    delimiter: str = ""


FROM_HEADER = LabelColumns()


@dataclass(frozen=True)
class LabelLayout:
    """How a table is laid out.

    Attributes:
        delimiter: The character between columns.
        columns: How many columns there are.
        image: Place of the column of image paths.
        text: Place of the column of texts.
        split: Place of the column of splits; None where there is none.
        writer: Place of the column of writers; None where there is none.
        document: Place of the column of documents; None where there is none.
        has_header: Whether the first line names the columns; if not, quotes are text.
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
    r"""Tell the layout of a table from its first line.

    Args:
        header: The line.
        columns: What is known of the columns.

    Returns:
        The layout.

    Raises:
        ValueError: If no column is one of images, or none one of texts.

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
            raise ValueError(f"first line is no row ({error}); export the table anew") from None
    layouts = [_named_layout(found, key, columns) for key, found in headers.items()]
    fitting = [layout for layout in layouts if layout]
    if fitting:
        return max(fitting, key=lambda layout: layout.columns)
    if columns == FROM_HEADER and is_path_and_text(header):
        return LabelLayout("\t", 2, image=0, text=1, has_header=False)
    found = ", ".join(name[:40] for name in max(headers.values(), key=len)[:20])
    raise ValueError(
        f"columns are {found}; name one of images '{columns.image or 'image'}' and one of "
        f"texts '{columns.text or 'text'}' in the first line, or say which they are"
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
    """Tell a row of a table without header: image path, tab, text (Loghi)."""
    fields = line.split("\t")
    return len(fields) == 2 and split_extension(fields[0])[1] in IMAGE_EXTENSIONS
