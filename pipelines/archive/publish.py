"""Publish what a run has done: merge its portions into few large files, and check the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.archive.changes import PageChanges
from pipelines.archive.folder import Archive
from pipelines.archive.gone import Listing
from pipelines.archive.page_keys import NOT_READ
from pipelines.archive.portions import PORTION_TABLES, Portions, portion_names
from pipelines.archive.state import EarlierPages
from pipelines.archive.table_files import TableFiles
from pipelines.buckets.store import delete_all
from pipelines.files.key_set import UriTally, short_keys
from pipelines.tables.account import Account, AccountError
from pipelines.tables.missing import record
from pipelines.tables.news import News
from pipelines.tables.runs import RunStart
from pipelines.tables.write import write_rows
from pipelines.tables.writers import writer_of, written_by
from schemas.records import SkipReason
from schemas.tables import TABLES


@dataclass(frozen=True)
class PortionSums:
    """Counts of what the portions of a run hold, each page counted once.

    Attributes:
        pages: Tally of the pages.
        account: Account of pages and lines.
        row_count: Rows of `pages`; an unchanged page has none, unless it failed since it was read.
    """

    pages: UriTally
    account: Account
    row_count: int

    def check(self, expected: UriTally) -> None:
        """Check that these are the pages that came in.

        Args:
            expected: Tally of those.

        Raises:
            AccountError: If they are not.
        """
        if expected != self.pages:
            raise AccountError(
                f"{expected.count} pages came in but {self.pages.count} are accounted for"
                + (", and they differ" if expected.count == self.pages.count else "")
            )


@dataclass(frozen=True)
class Published:
    """What a run has published.

    Attributes:
        account: The account of pages and lines.
        news: What changed since the earlier runs.
    """

    account: Account
    news: News


def publish(
    archive: Archive,
    run: RunStart,
    state: EarlierPages,
    expected: UriTally | None = None,
    listing: Listing | None = None,
    only_new: bool = False,
) -> Published:
    """Publish what a run has done in the tables.

    Repeating it gives the same result: the files have the same names.

    Args:
        archive: The output folder.
        run: The run.
        state: What the tables say of each page, without this run.
        expected: Tally of the pages that came in; None for a run that was interrupted.
        listing: What the run listed; None where it does not tell which pages are gone, as that of
            a run that was interrupted.
        only_new: Whether pages that did not change stayed as another model read them.

    Returns:
        The account, whose sums match, and the news.

    Raises:
        AccountError: If pages are missing, or the tables do not hold the rows that were counted.
    """
    names = portion_names(archive.portions)
    portions = Portions(archive, names, is_whole=expected is not None)
    sums = sum_portions(portions)
    if expected is not None:
        sums.check(expected)
    sums.account.check()
    # What an attempt that was killed has written; this one may need fewer files.
    if old := [path for table in TABLES for path in archive.files_of(table, run.run_id)]:
        delete_all(old)
    changes = PageChanges(archive, run, state, portions, listing, only_new)
    with TableFiles(archive, run, "pages") as pages:
        for rows in changes.rows():
            pages.add(rows)
    written = {"pages": pages.row_count}
    for table in ("lines", "failures"):
        with TableFiles(archive, run, table) as files:
            for rows in portions.tables(table):
                files.add(rows)
            for rows in changes.copied_rows(table):
                files.add(rows)
        written[table] = files.row_count
    check_rows(sums, written, changes.copied)
    status = "interrupted" if expected is None else "complete"
    news = changes.news()
    row = run.row(sums.account, status) | news.columns()
    # A run that was interrupted may not have come to the pages that it told of.
    missed = state.loss.files if status == "complete" else ()
    row |= {"files": record(archive.sizes(writer=run.run_id), missed)}
    earlier = [] if any(written.values()) else runs_without_rows(archive)
    write_rows(archive.run_file(run.run_id), "runs", [*earlier, row])
    archive.clear_unfinished()
    return Published(sums.account, news)


def runs_without_rows(archive: Archive) -> list[dict]:
    """Return the rows in `runs` of the runs that wrote no file of another table.

    A run without news writes them again beside its own, so that a year of such nights is one file;
    the older files are deleted by `pipelines.archive.rewrite.sweep`.
    """
    writers = {written_by(path) for table in PORTION_TABLES for path in archive.all_files(table)}
    return [run for run in archive.finished_runs() if writer_of(run) not in writers]


def sum_portions(portions: Portions) -> PortionSums:
    """Count what portions hold; each is read once, unless some pages were done twice.

    Args:
        portions: The portions; from now on, they leave out pages that were done twice.
    """
    sums, keys = _sum(portions)
    portions.repeated = _repeated_pages(portions, keys)
    return _sum(portions)[0] if portions.repeated else sums


def _sum(portions: Portions) -> tuple[PortionSums, list[np.ndarray]]:
    """Return the counts without repeated pages, and the short keys of each portion."""
    tally, numbers, keys = UriTally(), Counter(), []
    for rows in portions.pages(["page_uri", "status", "reason", "lines_ok", "lines_failed"]):
        uris = rows["page_uri"].to_pylist()
        keys.append(short_keys(uris))
        for uri in uris:
            tally.add(uri)
        for counted in rows["status"].value_counts().to_pylist():
            numbers[f"pages_{counted['values']}"] += counted["counts"]
        for reason in NOT_READ:
            numbers[reason] += pc.sum(pc.equal(rows["reason"], reason)).as_py() or 0
        for column in ("lines_ok", "lines_failed"):
            numbers[column] += pc.sum(rows[column]).as_py() or 0
    account = Account(
        pages_in=tally.count,
        lines_in=numbers["lines_ok"] + numbers["lines_failed"],
        **{name: numbers[name] for name in ("pages_ok", "pages_failed", "pages_skipped")},
        **{name: numbers[name] for name in ("lines_ok", "lines_failed")},
        pages_unchanged=sum(numbers[reason] for reason in NOT_READ),
    )
    row_count = tally.count - numbers[SkipReason.UNCHANGED.value]
    return PortionSums(tally, account, row_count), keys


def _repeated_pages(portions: Portions, keys: Sequence[np.ndarray]) -> dict[str, frozenset[str]]:
    """Find the pages of each portion that an earlier portion holds too.

    Args:
        portions: The portions.
        keys: Short keys of the pages of each portion.

    Returns:
        The pages to leave out, for each portion that has some.
    """
    every = np.sort(np.concatenate([np.empty(0, np.int64), *keys]))
    suspects = np.unique(every[1:][every[1:] == every[:-1]])
    seen: set[str] = set()
    repeated = {}
    for name, own_keys in zip(portions.names, keys):
        is_suspect = np.isin(own_keys, suspects)
        if not is_suspect.any():
            continue
        uris = portions.pages_of(name, ["page_uri"])["page_uri"]
        here = set(uris.filter(pa.array(is_suspect)).to_pylist())
        repeated[name] = frozenset(here & seen)
        seen |= here
    return {name: pages for name, pages in repeated.items() if pages}


def check_rows(sums: PortionSums, written: dict[str, int], copied: dict[str, int]) -> None:
    """Check the number of rows that were written against the account.

    Args:
        sums: Counts of what the portions hold.
        written: Number of rows by table.
        copied: Of those, rows that were added to the rows of the portions.

    Raises:
        AccountError: If a table has more or fewer rows.
    """
    account = sums.account
    expected = {
        "lines": account.lines_ok + copied["lines"],
        "pages": sums.row_count + copied["pages"],
        "failures": account.pages_failed + account.lines_failed + copied["failures"],
    }
    for table, row_count in expected.items():
        if written[table] != row_count:
            raise AccountError(
                f"table {table} has {written[table]} rows but {row_count} were counted"
            )
