"""Split the lines of a label table into rows of fields."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipelines.formats.labels.layout import LabelLayout
from pipelines.formats.text_lines import LONGEST_LINE_BYTES, TextLine

# Python's own limit is 131,072 characters; a row is as long as a line may be.
csv.field_size_limit(LONGEST_LINE_BYTES)


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes:
        number: Number of its first line, from 1.
        fields: Its fields; empty if it has a fault.
        fault: What is wrong with it, and the cure; empty if nothing is.
        lines: The lines that it was read from.
        is_malformed: Whether the fault is in its quotes.
    """

    number: int
    fields: tuple[str, ...] = ()
    fault: str = ""
    lines: tuple[str, ...] = ()
    is_malformed: bool = False


def read_rows(
    lines: Iterator[TextLine], layout: LabelLayout, names_image: Callable[[str], bool]
) -> Iterator[Row]:
    """Iterate over rows, which may span several lines; a malformed row does not affect the others.

    Args:
        lines: The lines of the table below its header.
        layout: Its layout.
        names_image: Returns whether a field names an image.
    """
    quoting = csv.QUOTE_MINIMAL if layout.is_quoted else csv.QUOTE_NONE
    waiting: deque[TextLine] = deque()
    while True:
        taken: list[TextLine] = []
        feed = _feed(waiting, lines, taken)
        reader = csv.reader(feed, delimiter=layout.delimiter, quoting=quoting, strict=True)
        try:
            fields = next(reader, None)
            if fields is not None and len(taken) > 1:
                _check_other_rows(taken, layout, names_image)
        except csv.Error as error:
            # An unclosed quote takes in the lines after it, so these are read again.
            waiting.extendleft(reversed(taken[1:]))
            first = taken[0]
            fault = first.fault or _malformed(first.number, error)
            yield Row(first.number, (), fault, (first.text,), is_malformed=not first.fault)
            continue
        if fields is None:
            return
        fault = next((line.fault for line in taken if line.fault), "")
        if fields or fault:
            texts = tuple(line.text for line in taken)
            yield Row(taken[0].number, tuple(fields), fault, texts)


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


def _check_other_rows(
    taken: list[TextLine], layout: LabelLayout, names_image: Callable[[str], bool]
) -> None:
    """Refuse a row whose quotes enclose another row.

    Raises:
        csv.Error: If several of its lines name an image where a row does.
    """
    image = layout.found.image
    rows = []
    for line in taken:
        fields = line.text.rstrip("\r\n").split(layout.delimiter)
        if len(fields) >= layout.columns and names_image(fields[image].strip().strip('"')):
            rows.append(line.number)
        if len(rows) > 1:
            raise csv.Error(f"its quotes enclose line {rows[1]}, which is a row, too")


def _malformed(number: int, error: csv.Error) -> str:
    return (
        f"line {number} does not start a valid row ({error}); close every quote that "
        "opens a label, and double the quotes inside it"
    )
