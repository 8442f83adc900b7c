"""Read the log of corrections: the lines that people corrected, on their images."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from pipelines.formats.names import file_of
from pipelines.formats.source import Files
from schemas.corrections import Correction, CorrectionKind
from schemas.records import Failure, Line, Page

CORRECTIONS_FOLDER, CORRECTIONS_FILE = "corrections", "corrections.jsonl"


def is_corrections(name: str, head: bytes) -> bool:
    """Return whether a file is the log of corrections, by its name."""
    return posixpath.basename(name).lower() == CORRECTIONS_FILE


def read_corrections(uri: str, files: Files) -> Iterator[Page | Failure]:
    """Read the newest corrections of all lines, by page.

    Lines that nobody can read and those that are no lines are left out; so are pages that have no
    others.

    Args:
        uri: The log, in the folder `corrections` of what transcribe wrote.
        files: Opens it and finds the images.

    Yields:
        For each page with corrected lines the page with these lines, or a failure; a failure for
        each line of the file that holds no correction.

    Raises:
        OSError: If the file cannot be opened.
    """
    pages: dict[str, dict[str, Correction]] = {}
    with files.open(uri) as file:
        for number, one in corrections_in(file):
            if isinstance(one, ValueError):
                yield Failure(f"{uri}#{number}", "read", f"{one}; correct the line again")
            elif not one.kind.is_of_page:
                pages.setdefault(one.page_uri, {})[one.line_id] = one
    for page_uri, corrections in pages.items():
        lines = [one for one in corrections.values() if one.kind is CorrectionKind.TEXT]
        if lines:
            yield _page(page_uri, lines, files)


def corrections_in(lines: Iterable[bytes]) -> Iterator[tuple[int, Correction | ValueError]]:
    """Read the lines of a log.

    Args:
        lines: Its lines; empty ones are left out.

    Yields:
        The number of each line, from 1, and its correction, or why it holds none.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield number, Correction.from_json(line.decode())
        except ValueError as error:
            yield number, error


def _page(page_uri: str, corrections: list[Correction], files: Files) -> Page | Failure:
    if not files.is_inside(page_uri):
        error = "the image lies outside of the input; give --corrections with what transcribe wrote"
        return Failure(page_uri, "pair", error)
    if files.first_existing([file_of(page_uri)]) is None:
        error = "the image is not where it was transcribed from; put it there, or run this there"
        return Failure(page_uri, "pair", error)
    is_alone = len(corrections) == 1
    lines = (_line(index, one, is_alone) for index, one in enumerate(corrections))
    folder = posixpath.dirname(file_of(page_uri))
    return Page(page_uri, tuple(lines), source="corrections", document=folder)


def _line(index: int, one: Correction, is_alone: bool) -> Line:
    # A line without points is the whole image, which only one can be.
    fault = "" if one.baseline or one.polygon or is_alone else "its correction has no points"
    return Line(
        one.line_id, index, one.text, baseline=one.baseline, polygon=one.polygon, fault=fault
    )
