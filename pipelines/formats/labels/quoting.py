"""Whether the quotes of a label table enclose fields, or are part of its texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from pipelines.formats.labels.layout import LabelLayout
from pipelines.formats.labels.rows import Row, read_rows
from pipelines.formats.text_lines import TextLine

_QUOTE = '"'
# What Excel and others quote a field for, also where the delimiter is a tab.
_NEEDS_QUOTES = frozenset(',;\t\r\n"')


def encloses_fields(
    lines: Sequence[TextLine],
    layout: LabelLayout,
    names_image: Callable[[str], bool],
    is_whole: bool = True,
) -> bool:
    """Decide for a whole table whether its quotes enclose fields (RFC 4180) or are literal.

    A line of dialogue opens with a quotation mark in a table that knows no quoting; it would take
    in the rows after it. So the rows decide: those that can only be read with quotes as quotes
    (an image in quotes, a delimiter, a line end or doubled quotes in them) speak for quoting,
    those that cannot be read so speak against it. A text in quotes that needs none speaks for it
    where at least half of the rows, and more than cannot be read, have them.

    Args:
        lines: The lines of the table below its header.
        layout: Its layout.
        names_image: Returns whether a field names an image.
        is_whole: Whether these are all of its lines; otherwise the last row is not judged.

    Returns:
        Whether quotes enclose fields, which is also the answer where there are none.
    """
    if not any(_QUOTE in line.text for line in lines):
        return True
    rows = list(read_rows(iter(lines), replace(layout, is_quoted=True), names_image))
    rows = rows if is_whole else rows[:-1]
    faults = sum(row.is_malformed for row in rows)
    found = [_quoted(row, layout) for row in rows if row.fields]
    needed = found.count("needed")
    quoted = needed + found.count("unneeded") + found.count("usual")
    most = 2 * quoted >= len(rows)
    if needed and needed >= faults:
        return True
    if faults:
        return most and quoted > faults
    is_tab = layout.delimiter == "\t"
    return most or not (is_tab and "unneeded" in found)


def _quoted(row: Row, layout: LabelLayout) -> str:
    """Return how a valid row uses quotes: 'needed', 'usual', 'unneeded', or '' for not at all."""
    text = "".join(row.lines).rstrip("\r\n")
    raw = text.split(layout.delimiter)
    if len(row.fields) != layout.columns:
        return ""
    if len(row.lines) > 1 or len(raw) != len(row.fields):
        # Without quotes around fields it would not be this row.
        return "needed"
    quoted = [field[1:-1] for field in raw if len(field) > 1 and field.startswith(_QUOTE)]
    if raw[layout.found.image].startswith(_QUOTE) or any(_QUOTE * 2 in field for field in quoted):
        return "needed"
    if not quoted:
        return ""
    needless = any(not _NEEDS_QUOTES & set(field) for field in quoted)
    return "unneeded" if needless else "usual"
