"""The IAM handwriting database (Marti and Bunke 2002): lines.txt, words.txt and forms in XML."""

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
# The files say that words have a number of components too, and leave it out.
_BOX = r"(?: -?\d+){4}"
_LINE = re.compile(rf"(\S+) (ok|err?) -?\d+ -?\d+{_BOX}(?: (.*))?", re.DOTALL)
_WORD = re.compile(rf"(\S+) (ok|err?) -?\d+(?: -?\d+)?{_BOX} \S+(?: (.*))?", re.DOTALL)
_HEADERS = ("#--- lines.txt", "#--- words.txt")
_HEAD_BYTES = 4096
# So many rows in front, none of them of IAM's, and the file is none of IAM's.
_MOST_ODD_ROWS = 100


@dataclass(frozen=True)
class IamRow:
    """A row of lines.txt or words.txt.

    Attributes:
        iam_id: Identifier of the line or word.
        is_segmented: Whether it was cut well; for a line, whether into words.
        text: The transcription, its tokens parted by spaces.
    """

    iam_id: str
    is_segmented: bool
    text: str


def is_iam(name: str, head: bytes) -> bool:
    """Tell lines.txt, words.txt and the XML of a form by their first bytes.

    Args:
        name: Name of the file.
        head: Its first bytes, some thousands.
    """
    if name.lower().endswith(".xml"):
        return is_form(head)
    lines = head.decode(errors="replace").removeprefix("\ufeff").splitlines()
    first = next((line for line in lines if line.strip()), "")
    return first.startswith(_HEADERS) or bool(_LINE.match(first) or _WORD.match(first))


def read_iam(uri: str, files: Files) -> Iterator[Page | Failure | Skipped]:
    """Read the lines.txt, the words.txt or a form of the database.

    Splits are those of the lists near the file, writers those of forms.txt or the form. Of
    a form that the lists name only lines of, the others are skipped. Of words.txt, words
    that were cut badly are skipped; lines.txt says of its own that the mark concerns their
    words and does not affect the line.

    Args:
        uri: The file.
        files: Opens it and finds images and lists.

    Yields:
        A page for each line or word; for a form one page, or one for each line where only
        images of lines are there; or why not.

    Raises:
        OSError: If the file cannot be opened.
        ValueError: If it is none of the three, or the lists contradict each other.
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
        What it says.

    Raises:
        ValueError: If it is no such row.

    Example:
        >>> read_row("a01-000u-00 ok 154 19 408 746 1661 89 A|MOVE|to").text
        'A MOVE to'
        >>> read_row("a01-000u-00-01 ok 154 507 766 213 48 NN MOVE").text
        'MOVE'
    """
    iam_id = text.split(" ", 1)[0]
    match = (_WORD if is_word(iam_id) else _LINE).fullmatch(text)
    if not match:
        raise ValueError(f"{text[:60]!r} is no row of lines.txt or words.txt; mend it")
    form_of(iam_id)
    return IamRow(iam_id, match[2] == "ok", (match[3] or "").replace("|", " "))


def _read_rows(uri: str, lines: Iterator[TextLine]) -> Iterator[tuple[TextLine, IamRow | str]]:
    """Read rows, or what is wrong with them; give up where no row is one."""
    odd: list[tuple[TextLine, str]] = []
    has_row = False
    for line in lines:
        text = line.text.rstrip("\r\n")
        if not line.fault and (not text.strip() or text.startswith("#")):
            continue
        row = _row_or_fault(line, text)
        if isinstance(row, IamRow):
            has_row = True
            yield from odd
            odd.clear()
            yield line, row
        elif has_row:
            yield line, row
        else:
            odd.append((line, row))
            if len(odd) == _MOST_ODD_ROWS:
                break
    if not has_row:
        raise ValueError(
            f"{uri}: no row of IAM's lines.txt or words.txt in it; "
            "give --format the format that it has"
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
