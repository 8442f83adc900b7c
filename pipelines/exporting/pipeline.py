"""Export transcribed pages from the tables to files of other formats, one page after the other.

This does not use Beam: the lines of a page are spread over the table, and to group them Beam's
local runner would hold all lines in memory. DuckDB sorts them on disk, and one page is in memory
at a time.
"""

from __future__ import annotations

import errno
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems

from pipelines.cli.options import UsageError
from pipelines.exporting.picture import read_picture
from pipelines.files.filesystem import write_bytes
from pipelines.files.mirror import mirrored_name
from pipelines.files.output import discard, scratch_folder, whole_output
from pipelines.formats.addresses import is_address
from pipelines.formats.alto.write import write_alto
from pipelines.formats.hocr.write import write_hocr
from pipelines.formats.iiif.annotations import write_annotations
from pipelines.formats.page_text import Origin, PageText, count_forbidden, normalise_page
from pipelines.formats.page_xml.write import write_page
from pipelines.formats.pdf.write import write_pdf
from pipelines.formats.plain_text import write_text
from pipelines.tables.account import Account
from pipelines.tables.rows import failure_row
from pipelines.tables.runs import RunStart
from pipelines.tables.write import write_one_row
from pipelines.transcripts.pages import Extent, pages_with_lines, read_extent, read_origin
from pipelines.transcripts.tables import open_tables
from schemas import VERSION
from schemas.records import Failure, Skipped
from schemas.tables import TABLES

_ROWS_AT_A_TIME = 10_000

# Each format has its own folder, so that two of them may have the same extension.
EXTENSIONS = {
    "page": ".xml",
    "alto": ".xml",
    "hocr": ".html",
    "text": ".txt",
    "pdf": ".pdf",
    "iiif": ".json",
}


@dataclass(frozen=True)
class ExportConfig:
    """What to export and how.

    Attributes:
        transcripts: Folder of the tables.
        output: Folder to write.
        formats: Some of the keys of `EXTENSIONS`.
        overwrite: Whether to replace the output if it exists.
        page_version: Version of PAGE XML.
        iiif_base: Address at which the folder `iiif` of the output will be served.
    """

    transcripts: str
    output: str
    formats: tuple[str, ...]
    overwrite: bool = False
    page_version: str = "2019-07-15"
    iiif_base: str = ""


@dataclass(frozen=True)
class Exported:
    """The result of an export.

    Attributes:
        account: Pages and lines; a page is ok if all its files were written.
        file_count: Files written.
        replaced_count: Characters that were replaced by U+FFFD.
    """

    account: Account
    file_count: int = 0
    replaced_count: int = 0

    def __str__(self):
        text = f"{self.account}\nfiles: {self.file_count} written"
        if self.replaced_count:
            text += f"\n{self.replaced_count} characters that XML cannot hold are now U+FFFD"
        return text


def run_export(config: ExportConfig) -> Exported:
    """Export all transcribed pages.

    Args:
        config: What to export and how.

    Returns:
        The counts; the sums of the account match.

    Raises:
        UsageError: If the tables or an argument cannot be used, the output exists, or the
            disk is full.
        AccountError: If the sums do not match; nothing is written then.
    """
    if "iiif" in config.formats and not is_address(config.iiif_base):
        raise UsageError(
            "--to iiif needs --iiif_base, the https:// address at which its files will be served"
        )
    connection = open_tables(config.transcripts)
    extent, origin = read_extent(connection), read_origin(connection, VERSION)
    start = RunStart.now("export", asdict(config), origin.model_digest)
    with (
        whole_output(config.output, config.overwrite) as staging,
        scratch_folder(config.output) as scratch,
    ):
        pages = pages_with_lines(connection, scratch)
        exported = _export(pages, extent, config, origin, staging)
        exported.account.check()
        write_one_row(f"{staging}/runs/runs.parquet", "runs", start.row(exported.account))
    return exported


def _export(
    pages: Iterator[PageText | Skipped],
    extent: Extent,
    config: ExportConfig,
    origin: Origin,
    staging: str,
) -> Exported:
    ok = failed = skipped = lines_ok = lines_failed = files = replaced = 0
    with FailureTable(staging) as failures:
        for page in pages:
            if isinstance(page, Skipped):
                skipped += 1
                continue
            found = list(export_page(page, extent.folder, config, origin, staging))
            failures.extend(found)
            files += len(config.formats) - len(found)
            replaced += count_forbidden(page)
            ok, failed = ok + (not found), failed + bool(found)
            lines_ok += 0 if found else len(page.lines)
            lines_failed += len(page.lines) if found else 0
    counts = (ok, failed, skipped, extent.line_count, lines_ok, lines_failed)
    return Exported(Account(extent.page_count, *counts), files, replaced)


def export_page(
    page: PageText, folder: str, config: ExportConfig, origin: Origin, staging: str
) -> Iterator[Failure]:
    """Write a page in every format; a format that fails does not affect the others.

    Args:
        page: The page.
        folder: Start of its URI that is left out of the file names.
        config: The formats and their settings.
        origin: Where the text comes from.
        staging: Folder to write in.

    Yields:
        A failure for each format in which the page could not be written.
    """
    try:
        page = normalise_page(page)
    except ValueError as error:
        yield from (Failure(page.uri, "write", f"{name}: {error}") for name in config.formats)
        return
    mirrored = mirrored_name(page.uri, folder)
    for name in config.formats:
        stage = "read"
        try:
            picture = read_picture(page) if name == "pdf" else b""
            stage = "write"
            data = render(page, name, picture, mirrored, config, origin)
            _write_new(f"{staging}/{name}/{mirrored}{EXTENSIONS[name]}", data)
        except UsageError:
            raise
        except (OSError, ValueError) as error:
            yield Failure(page.uri, stage, f"{name}: {error}")


def render(
    page: PageText, name: str, picture: bytes, mirrored: str, config: ExportConfig, origin: Origin
) -> bytes:
    """Return the file of a page in one format.

    Args:
        page: A normalised page.
        name: The format, a key of `EXTENSIONS`.
        picture: The page's JPEG, for the PDF.
        mirrored: Path of the page's file in the folder of the format, without extension.
        config: Version of PAGE XML and address of the annotations.
        origin: Where the text comes from.

    Raises:
        ValueError: If the page cannot be written in this format.
    """
    if name == "page":
        return write_page(page, origin, config.page_version)
    if name == "alto":
        return write_alto(page, origin)
    if name == "hocr":
        return write_hocr(page, origin)
    if name == "text":
        return write_text(page)
    if name == "pdf":
        return write_pdf(page, picture)
    return write_annotations(page, config.iiif_base, mirrored)


def _write_new(path: str, data: bytes) -> None:
    """Write a file that does not exist yet, completely or not at all."""
    if FileSystems.exists(path):
        name = posixpath.basename(path)
        raise FileExistsError(f"another page has the file {name} already; rename one image")
    try:
        write_bytes(path, data)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise UsageError(f"{path}: no space left; free some or move --output") from None
        discard(path)
        raise


class FailureTable:
    """The table `failures`, open for writing.

    Args:
        output: Folder that holds the tables.
    """

    def __init__(self, output: str):
        self._path = f"{output}/failures/failures.parquet"
        self._rows: list[dict] = []

    def __enter__(self) -> FailureTable:
        self._file = FileSystems.create(self._path)
        self._writer = pq.ParquetWriter(self._file, TABLES["failures"], compression="zstd")
        return self

    def __exit__(self, kind, *_) -> None:
        if kind is None:
            self._flush()
        self._writer.close()
        self._file.close()

    def extend(self, failures: Iterable[Failure]) -> None:
        """Add rows."""
        self._rows += map(failure_row, failures)
        if len(self._rows) >= _ROWS_AT_A_TIME:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_table(pa.Table.from_pylist(self._rows, schema=TABLES["failures"]))
        self._rows = []
