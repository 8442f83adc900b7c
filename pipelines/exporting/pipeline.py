"""Export transcribed pages from the tables to files of other formats, one page after the other.

This does not use Beam: the lines of a page are spread over the table, and to group them Beam's
local runner would hold all lines in memory. DuckDB sorts them on disk, and one page is in memory
at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from itertools import chain

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems

from pipelines.archive.gone import is_missing
from pipelines.cli.options import UsageError
from pipelines.exporting.changes import Changes
from pipelines.exporting.config import DOCUMENT, FORMATS, ExportConfig, Exported
from pipelines.exporting.listing import (
    LIST,
    Listing,
    check_settings,
    read_listing,
    settings_of,
)
from pipelines.exporting.names import ExportNames
from pipelines.exporting.picture import read_orientation
from pipelines.exporting.store import Store
from pipelines.exporting.update import Update, updated_output
from pipelines.exporting.writers import PageWriter, add_to_all, writers_of
from pipelines.files.output import check_free, is_own, scratch_folder, whole_output
from pipelines.formats.addresses import is_address
from pipelines.formats.page_text import (
    STORED,
    UPRIGHT,
    PageText,
    count_forbidden,
    normalise_page,
)
from pipelines.tables.account import Account
from pipelines.tables.rows import failure_row
from pipelines.tables.runs import RunStart
from pipelines.tables.skipped import SkippedFiles
from pipelines.tables.write import write_one_row
from pipelines.transcripts.pages import (
    Extent,
    Selection,
    clashing_stems,
    pages_with_lines,
    pages_without_lines,
    read_extent,
    read_origin,
    select_pages,
)
from pipelines.transcripts.tables import open_tables
from schemas import VERSION
from schemas.records import Failure, Skipped
from schemas.tables import TABLES

_ROWS_AT_A_TIME = 10_000
_MOST_NAMED = 10
LAST = "last"
FAILURES = "failures/failures.parquet"


def run_export(config: ExportConfig) -> Exported:
    """Export transcribed pages.

    Args:
        config: What to export and how.

    Returns:
        The counts; the sums of the account match.

    Raises:
        UsageError: If the tables or an argument cannot be used, the output exists, or the
            disk is full.
        AccountError: If the sums do not match; nothing is written then.
    """
    check_config(config)
    connection = open_tables(config.transcripts)
    select_pages(connection, config.selection, config.is_corrected)
    extent, origin = read_extent(connection), read_origin(connection, VERSION)
    if config.selection != Selection():
        # Which of the pages that are gone would have been selected is not known.
        extent = replace(extent, gone_count=0)
    since = _since(connection, config)
    updates = bool(config.changed_since) and is_own(config.output)
    before = read_listing(config.output.rstrip("/")) if updates else Listing()
    check_settings(before, config)
    if not updates:
        check_free(config.output, config.overwrite)
    has_plain_names = config.taken_by.has_plain_names
    clashing = clashing_stems(connection) if has_plain_names else frozenset()
    names = ExportNames(extent.folder, config, clashing)
    start = RunStart.now("export", asdict(config), origin.model_digest)
    with _folder(config, updates) as (folder, update), scratch_folder(config.output) as scratch:
        listed = pages_without_lines(connection)
        called = names.page_ids() if config.target == "ocrd" else names.of_page
        changes = Changes(listed, called, names.of_document, before, since, config.is_zipped)
        store = Store(folder, config.is_zipped, config.taken_by.archive, changes)
        writers = writers_of(config, names, origin, store, changes)
        pages = pages_with_lines(connection, scratch)
        exported = _Export(config, names, store, writers).run(pages, extent, folder)
        exported.account.check()
        store.end_archives()
        wholes = dict(chain.from_iterable(writer.wholes.items() for writer in writers))
        listing = store.listing(wholes, settings_of(config))
        store.write_listing(listing)
        name = start.run_id if updates else "runs"
        runs = f"runs/{name}.parquet"
        write_one_row(f"{folder}/{runs}", "runs", start.row(exported.account))
        if update is not None:
            gone = before.files.keys() - listing.files.keys()
            update.make([*store.new_files, FAILURES, runs, LIST], gone)
            exported = replace(exported, removed_count=len(gone))
    return exported


def check_config(config: ExportConfig) -> None:
    """Check that the settings go together.

    Raises:
        UsageError: If they do not.
    """
    if "iiif" in config.formats and not is_address(config.iiif_base):
        raise UsageError(
            "--to iiif needs --iiif_base, the https:// address at which its files will be served"
        )
    if not config.formats:
        raise UsageError(f"give --to with some of {', '.join(FORMATS)}, or --for with a program")
    unread = [name for name in config.formats if name not in config.taken_by.formats]
    if unread:
        raise UsageError(
            f"--for {config.target} takes {' or '.join(config.taken_by.formats)}, "
            f"not {', '.join(unread)}; leave --for out to export them"
        )


def _since(connection: duckdb.DuckDBPyConnection, config: ExportConfig) -> str:
    """Return the run after which a page was read to be written; empty for what differs.

    Raises:
        UsageError: If there is no such run.
    """
    run = "" if config.changed_since == LAST else config.changed_since
    known = connection.execute("SELECT count(*) FROM runs WHERE run_id = ?", [run]).fetchone()
    if run and not known[0]:
        raise UsageError(
            f"--changed_since {run}: no such run; the table `runs` lists them, or give 'last'"
        )
    return run


@contextmanager
def _folder(config: ExportConfig, updates: bool) -> Iterator[tuple[str, Update | None]]:
    """Provide the folder to write in, and the update if an older export is updated."""
    if updates:
        with updated_output(config.output) as update:
            yield update.folder, update
        return
    with whole_output(config.output, config.overwrite) as staging:
        yield staging, None


class _Export:
    """The pages of an export, one after the other, and what became of them."""

    def __init__(
        self, config: ExportConfig, names: ExportNames, store: Store, writers: list[PageWriter]
    ):
        self._config, self._names = config, names
        self._store, self._writers = store, writers
        self._failed: dict[str, int] = {}
        self._lines: dict[str, int] = {}
        self._turned = self._replaced = 0
        # Pages whose image is gone, and their lines.
        self._missing: dict[str, int] = {}

    def run(self, pages: Iterable[PageText | Skipped], extent: Extent, folder: str) -> Exported:
        """Write all pages and return the counts."""
        read = unchanged = lines_read = lines_unchanged = 0
        skipped = SkippedFiles()
        with FailureTable(folder) as failures:
            for page in pages:
                if isinstance(page, Skipped):
                    skipped.add(page)
                    continue
                if not any(writer.wants(page) for writer in self._writers):
                    unchanged += 1
                    lines_unchanged += len(page.lines)
                    continue
                found = self._write(page)
                if found:
                    self._store.mark_incomplete(page.uri, self._names.of_document(page))
                if found and self._lacks_only_its_image(page, found):
                    self._missing[page.uri] = len(page.lines)
                    continue
                read, lines_read = read + 1, lines_read + len(page.lines)
                failures.extend(self._note(found, page))
                # A document that fails is known as a whole only at its end.
                if self._config.per == DOCUMENT or self._config.target == "ocrd":
                    self._lines[page.uri] = len(page.lines)
            for writer in self._writers:
                failures.extend(self._note(list(writer.close())))
            if self._failed:
                self._store.mark_incomplete(*self._failed)
        failed = len(self._failed)
        lines_failed = sum(self._failed.values())
        account = Account(
            extent.page_count,
            read - failed,
            failed,
            skipped.total + unchanged + len(self._missing),
            extent.line_count - lines_unchanged - sum(self._missing.values()),
            lines_read - lines_failed,
            lines_failed,
            pages_unchanged=unchanged,
        )
        return Exported(
            account,
            self._store.file_count,
            self._replaced,
            self._turned,
            frame=self._config.frame,
            remarks=self._store.said,
            skipped=skipped,
            gone_count=extent.gone_count,
            missing_count=len(self._missing),
            missing=tuple(self._missing)[:_MOST_NAMED],
        )

    def _lacks_only_its_image(self, page: PageText, found: list[Failure]) -> bool:
        """Return whether all that failed is what needs the image of a page, which is gone."""
        reads = self._config.target == "ocrd"
        address = page.address or page.uri
        return (
            all(reads or failure.stage == "read" for failure in found)
            and not is_address(address)
            and is_missing(address)
        )

    def _write(self, page: PageText) -> list[Failure]:
        self._replaced += count_forbidden(page)
        try:
            page = self._names.called(_with_orientation(normalise_page(page), self._config))
        except (OSError, ValueError) as error:
            stage = "read" if isinstance(error, OSError) else "write"
            return [Failure(page.uri, stage, f"{name}: {error}") for name in self._config.formats]
        self._turned += page.orientation != UPRIGHT
        return add_to_all(self._writers, page)

    def _note(self, found: list[Failure], page: PageText | None = None) -> list[Failure]:
        """Remember failed pages, and return the failures."""
        for failure in found:
            is_own = page is not None and page.uri == failure.uri
            count = len(page.lines) if is_own else self._lines.get(failure.uri, 0)
            self._failed.setdefault(failure.uri, count)
        return found


def _with_orientation(page: PageText, config: ExportConfig) -> PageText:
    """Return a page with the orientation of its image, as far as that is to be known."""
    try:
        fetches = config.frame == STORED
        return replace(page, orientation=read_orientation(page, fetches))
    except (OSError, ValueError):
        if config.frame == STORED:
            raise
        return page


class FailureTable:
    """The table `failures`, open for writing.

    Args:
        output: Folder that holds the tables.
    """

    def __init__(self, output: str):
        self._path = f"{output}/{FAILURES}"
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
