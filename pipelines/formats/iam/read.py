"""Read the IAM handwriting database (Marti and Bunke 2002): lines.txt, words.txt, XML forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.formats.iam.files import (
    NOT_IN_SPLIT_LIST,
    IamSplits,
    find_splits,
    find_writers,
    form_of,
    is_word,
    line_image_candidates,
)
from pipelines.formats.iam.forms import is_form, read_form
from pipelines.formats.source import Files
from pipelines.formats.text_lines import TextLine, read_text_lines
from schemas.records import Failure, Line, Page, Skipped

# Identifier, segmentation, grey level, number of components, box, and for words a tag.
# The header of words.txt lists a number of components too, but the rows omit it.
_BOX = r"(?: -?\d+){4}"
_LINE = re.compile(rf"(\S+) (ok|err?) -?\d+ -?\d+{_BOX}(?: (.*))?", re.DOTALL)
_WORD = re.compile(rf"(\S+) (ok|err?) -?\d+(?: -?\d+)?{_BOX} \S+(?: (.*))?", re.DOTALL)
_HEADERS = ("#--- lines.txt", "#--- words.txt")
_HEAD_BYTES = 4096
# After so many rows without a valid one the file is not read further.
_MOST_INVALID_ROWS = 100


@dataclass(frozen=True)
class IamRow:
    """A row of lines.txt or words.txt.

    Attributes:
        iam_id: Identifier of the line or word.
        is_segmented: Whether it was segmented correctly; for a line, into words.
        text: The transcription, its tokens separated by spaces.
    """

    iam_id: str
    is_segmented: bool
    text: str


def is_iam(name: str, head: bytes) -> bool:
    """Return whether a file is a lines.txt, a words.txt or the XML of a form.

    Args:
        name: Name of the file.
        head: Its first few thousand bytes.
    """
    if name.lower().endswith(".xml"):
        return is_form(head)
    lines = head.decode(errors="replace").removeprefix("\ufeff").splitlines()
    first = next((line for line in lines if line.strip()), "")
    return first.startswith(_HEADERS) or bool(_LINE.match(first) or _WORD.match(first))


def read_iam(uri: str, files: Files) -> Iterator[Page | Failure | Skipped]:
    """Read a lines.txt, a words.txt or a form of the database.

    Splits come from the lists near the file, writers from forms.txt or the form. If the lists
    name only some lines of a form, the others are skipped. Badly segmented words of words.txt
    are skipped. Lines are not: according to lines.txt, the mark concerns their segmentation
    into words and does not affect the line.

    Args:
        uri: The file.
        files: Opens it and finds images and lists.

    Yields:
        A page for each line or word; for a form one page, or one per line where only line
        images exist; failures and skipped lines.

    Raises:
        OSError: If the file cannot be opened.
        ValueError: If it is none of the three files, or the lists contradict each other.
    """
    with files.open(uri) as file:
        if is_form(file.read(_HEAD_BYTES)):
            file.seek(0)
            yield from read_form(uri, file, files)
            return
        file.seek(0)
        splits, writers = find_splits(uri, files), find_writers(uri, files)
        for line, row in _read_rows(uri, read_text_lines(file)):
            if isinstance(row, IamRow):
                yield _page(uri, row, splits, writers, files)
            else:
                yield Failure(f"{uri}#{line.number}", "read", row)


def read_row(text: str) -> IamRow:
    """Read a row of lines.txt or words.txt.

    Args:
        text: The row.

    Returns:
        Its content.

    Raises:
        ValueError: If it is not such a row.

    Example:
        >>> read_row("a01-000u-00 ok 154 19 408 746 1661 89 A|MOVE|to").text
        'A MOVE to'
        >>> read_row("a01-000u-00-01 ok 154 507 766 213 48 NN MOVE").text
        'MOVE'
    """
    iam_id = text.split(" ", 1)[0]
    match = (_WORD if is_word(iam_id) else _LINE).fullmatch(text)
    if not match:
        raise ValueError(f"{text[:60]!r} is not a row of lines.txt or words.txt; correct it")
    form_of(iam_id)
    return IamRow(iam_id, match[2] == "ok", (match[3] or "").replace("|", " "))


def _read_rows(uri: str, lines: Iterator[TextLine]) -> Iterator[tuple[TextLine, IamRow | str]]:
    """Yield rows, or their errors; give up on a file whose first rows are all invalid."""
    invalid: list[tuple[TextLine, str]] = []
    has_row = False
    for line in lines:
        text = line.text.rstrip("\r\n")
        if not line.fault and (not text.strip() or text.startswith("#")):
            continue
        row = _row_or_fault(line, text)
        if isinstance(row, IamRow):
            has_row = True
            yield from invalid
            invalid.clear()
            yield line, row
        elif has_row:
            yield line, row
        else:
            invalid.append((line, row))
            if len(invalid) == _MOST_INVALID_ROWS:
                break
    if not has_row:
        raise ValueError(
            f"{uri}: has no row of IAM's lines.txt or words.txt; "
            "set --format to the format of the file"
        )


def _row_or_fault(line: TextLine, text: str) -> IamRow | str:
    if line.fault:
        return line.fault
    try:
        return read_row(text)
    except ValueError as error:
        return f"line {line.number}: {error}"


def _page(
    uri: str, row: IamRow, splits: IamSplits, writers: dict[str, str], files: Files
) -> Page | Failure | Skipped:
    place = f"{uri}#{row.iam_id}"
    form_id, is_of_word = form_of(row.iam_id), is_word(row.iam_id)
    if is_of_word and not row.is_segmented:
        return Skipped(place, "marked as badly segmented")
    if splits.leaves_out(row.iam_id):
        return Skipped(place, NOT_IN_SPLIT_LIST)
    candidates = line_image_candidates(uri, row.iam_id)
    image_uri = files.first_existing(candidates)
    if image_uri is None:
        error = f"image {candidates[0]} is missing; put it there"
        return Failure(place, "pair", error)
    kind = "word" if is_of_word else ""
    return Page(
        uri=image_uri,
        lines=(Line(row.iam_id, 0, row.text, kind=kind),),
        source="iam",
        document=form_id,
        split=splits.split_of(row.iam_id),
        writer=writers.get(form_id, ""),
    )
