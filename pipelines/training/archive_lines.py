"""The lines of a transcribed archive, read again from their images as a teacher reads them."""

from __future__ import annotations

import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import duckdb

from model.line_images.crop import crop_lines, fit_to_image
from model.text.duration import format_duration
from model.training.adaptation.readings import Reading, Teacher
from pipelines.cli.options import UsageError
from pipelines.formats.page_text import PageText
from pipelines.pages.image import open_again
from pipelines.transcripts.files import naming_damage
from pipelines.transcripts.pages import pages_with_lines, select_listed
from pipelines.transcripts.tables import open_tables
from schemas.records import LineImage, Page

# Lines that are read: of a large archive a sample of its pages. More take longer, and a hand is
# known from so many.
MOST_LINES = 3_000
# Pages after which the time that the others take is told.
_PAGES_TO_FORECAST = 2
# Pages that a message names.
_NAMED = 3


@dataclass(frozen=True)
class ArchivePages:
    """The pages of an archive that an adaptation reads.

    Attributes:
        uris: The pages.
        lines: Number of their lines.
        all_pages: Number of pages of the archive that have lines.
    """

    uris: tuple[str, ...]
    lines: int
    all_pages: int


def sample_pages(
    connection: duckdb.DuckDBPyConnection, most_lines: int = MOST_LINES
) -> ArchivePages:
    """Choose pages of an archive: all of them, or of a large one some, always the same.

    Args:
        connection: Result of `pipelines.transcripts.tables.open_tables`.
        most_lines: Number of lines that is enough.

    Raises:
        UsageError: If no page has lines.
    """
    rows = connection.execute(
        "SELECT page_uri, lines_ok FROM pages WHERE status = 'ok' AND lines_ok > 0"
    ).fetchall()
    if not rows:
        raise UsageError("--adapt: no page with lines in it; give what transcribe wrote")
    ranked = sorted(rows, key=lambda row: (zlib.crc32(row[0].encode()), row[0]))
    uris, lines = [], 0
    for uri, count in ranked:
        if lines >= most_lines:
            break
        uris.append(uri)
        lines += count
    return ArchivePages(tuple(sorted(uris)), lines, len(rows))


def read_archive(
    transcripts: str, teacher: Teacher, height_px: int, report: Callable[[str], None]
) -> list[Reading]:
    """Read the lines of an archive twice.

    Args:
        transcripts: Folder that transcribe wrote.
        teacher: Reads the lines.
        height_px: Height of the line images.
        report: Is given each line of output.

    Returns:
        The readings, by page.

    Raises:
        UsageError: If the archive cannot be used, or none of its images can be opened.
    """
    connection = open_tables(transcripts)
    with naming_damage(transcripts), tempfile.TemporaryDirectory() as scratch:
        pages = sample_pages(connection)
        report(
            f"reading {pages.lines:,} lines on {len(pages.uris):,} of {pages.all_pages:,} pages "
            "again, greedily and by beam search"
        )
        readings, failed = [], []
        started = time.monotonic()
        select_listed(connection, pages.uris)
        for number, page in enumerate(pages_with_lines(connection, scratch), start=1):
            try:
                images = _line_images(page, height_px)
            except (OSError, ValueError) as error:
                failed.append((page.uri, str(error)))
                continue
            readings += teacher.read(images, page.uri.rpartition("/")[0])
            if number == _PAGES_TO_FORECAST:
                seconds = (time.monotonic() - started) * (len(pages.uris) / number - 1)
                report(f"about {format_duration(seconds)} left to read the others")
    _report_failed(failed, len(pages.uris), report)
    return readings


def _line_images(page: PageText, height_px: int) -> list[LineImage]:
    """Cut out the lines of a page, where the tables say that they are.

    Raises:
        OSError: If the image cannot be read.
        ValueError: If it cannot be decoded, or is not the one that was transcribed.
    """
    image = open_again(page.uri, page.address)
    if page.sha256 not in image.digests():
        raise ValueError(f"{page.uri}: image has changed since it was transcribed")
    lines = tuple(replace(transcript.line, text=None) for transcript in page.lines)
    described = Page(page.uri, lines, page.width_px, page.height_px)
    grey = image.grey
    cut = crop_lines(fit_to_image(described, grey), grey, height_px)
    return [line for line in cut if isinstance(line, LineImage)]


def _report_failed(
    failed: list[tuple[str, str]], count: int, report: Callable[[str], None]
) -> None:
    if not failed:
        return
    if len(failed) == count:
        raise UsageError(f"--adapt: no image of {count} pages can be used ({failed[0][1]})")
    report(f"left out: {len(failed)} of {count} pages, image cannot be used ({_some(failed)})")


def _some(failed: list[tuple[str, str]]) -> str:
    names: Iterator[str] = (uri.rpartition("/")[2] for uri, _ in failed[:_NAMED])
    return ", ".join([*names, *(["..."] if len(failed) > _NAMED else [])])
