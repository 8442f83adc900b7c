"""Publish what a run has done: merge its portions into few large files, and check the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.archive.folder import Archive, read_table
from pipelines.archive.page_keys import NOT_READ
from pipelines.archive.portions import PORTION_TABLES, portion_file, portion_names
from pipelines.archive.table_files import TableFiles
from pipelines.files.key_set import UriTally, short_keys
from pipelines.tables.account import Account, AccountError
from pipelines.tables.rows import with_all_columns
from pipelines.tables.runs import RunStart
from pipelines.tables.write import write_one_row
from schemas.records import SkipReason
from schemas.tables import TABLES

_URI_COLUMN = {"lines": "page_uri", "failures": "uri", "pages": "page_uri"}


@dataclass(frozen=True)
class PortionSums:
    """Counts of what the portions of a run hold, each page counted once.

    Attributes:
        pages: Tally of the pages.
        account: Account of pages and lines.
        row_count: Rows of `pages`; an unchanged page has none, unless it failed since it was read.
        repeated: By portion, the pages that an earlier portion holds, too: the pages of a worker
            that was stopped may be done twice.
    """

    pages: UriTally
    account: Account
    row_count: int
    repeated: dict[str, frozenset[str]]


def publish(archive: Archive, run: RunStart, expected: UriTally | None) -> Account:
    """Publish what a run has done in the tables.

    Repeating it gives the same result: the files have the same names.

    Args:
        archive: The output folder.
        run: The run.
        expected: Tally of the pages that came in; None for a run that was interrupted.

    Returns:
        The account, whose sums match.

    Raises:
        AccountError: If pages are missing, or the tables do not hold the rows that were counted.
    """
    names = portion_names(archive.portions)
    sums = sum_portions(archive.portions, names)
    if expected is not None and expected != sums.pages:
        raise AccountError(
            f"{expected.count} pages came in but {sums.pages.count} are accounted for"
            + (", and they differ" if expected.count == sums.pages.count else "")
        )
    sums.account.check()
    written = {
        table: _publish_table(archive, run, table, names, sums.repeated) for table in PORTION_TABLES
    }
    check_rows(sums, written)
    status = "interrupted" if expected is None else "complete"
    write_one_row(archive.run_file(run.run_id), "runs", run.row(sums.account, status))
    archive.clear_unfinished()
    return sums.account


def sum_portions(folder: str, names: Sequence[str]) -> PortionSums:
    """Count what portions hold; each is read once, unless some pages were done twice.

    Args:
        folder: Folder of the portions.
        names: From `portion_names`.
    """
    sums, keys = _sum(folder, names, {})
    repeated = _repeated_pages(folder, names, keys)
    return _sum(folder, names, repeated)[0] if repeated else sums


def _sum(
    folder: str, names: Sequence[str], repeated: dict[str, frozenset[str]]
) -> tuple[PortionSums, list[np.ndarray]]:
    """Return the counts without repeated pages, and the short keys of each portion."""
    columns = ["page_uri", "status", "reason", "lines_ok", "lines_failed"]
    tally, numbers, keys = UriTally(), Counter(), []
    for name in names:
        rows = read_table(portion_file(folder, "pages", name), columns)
        rows = without_pages(rows, "page_uri", repeated.get(name, frozenset()))
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
    return PortionSums(tally, account, row_count, repeated), keys


def _repeated_pages(
    folder: str, names: Sequence[str], keys: Sequence[np.ndarray]
) -> dict[str, frozenset[str]]:
    """Find the pages of each portion that an earlier portion holds too.

    Args:
        folder: Folder of the portions.
        names: From `portion_names`.
        keys: Short keys of the pages of each portion.

    Returns:
        The pages to leave out, for each portion that has some.
    """
    every = np.sort(np.concatenate([np.empty(0, np.int64), *keys]))
    suspects = np.unique(every[1:][every[1:] == every[:-1]])
    seen: set[str] = set()
    repeated = {}
    for name, own_keys in zip(names, keys):
        is_suspect = np.isin(own_keys, suspects)
        if not is_suspect.any():
            continue
        uris = read_table(portion_file(folder, "pages", name), ["page_uri"])["page_uri"]
        here = set(uris.filter(pa.array(is_suspect)).to_pylist())
        repeated[name] = frozenset(here & seen)
        seen |= here
    return {name: pages for name, pages in repeated.items() if pages}


def without_pages(rows: pa.Table, column: str, pages: frozenset[str]) -> pa.Table:
    """Return the rows without those of some pages."""
    if not pages:
        return rows
    return rows.filter(pc.invert(pc.is_in(rows[column], value_set=pa.array(sorted(pages)))))


def check_rows(sums: PortionSums, written: dict[str, int]) -> None:
    """Check the number of rows that were written against the account.

    Args:
        sums: Counts of what the portions hold.
        written: Number of rows by table.

    Raises:
        AccountError: If a table has more or fewer rows.
    """
    account = sums.account
    expected = {
        "lines": account.lines_ok,
        "pages": sums.row_count,
        "failures": account.pages_failed + account.lines_failed,
    }
    for table, row_count in expected.items():
        if written[table] != row_count:
            raise AccountError(
                f"table {table} has {written[table]} rows but {row_count} were counted"
            )


def _publish_table(
    archive: Archive,
    run: RunStart,
    table: str,
    names: Sequence[str],
    repeated: dict[str, frozenset[str]],
) -> int:
    """Write the rows of the portions one after the other; return their number."""
    column = _URI_COLUMN[table]
    with TableFiles(archive, run, table) as files:
        for name in names:
            rows = read_table(portion_file(archive.portions, table, name))
            rows = with_all_columns(rows, TABLES[table])
            rows = without_pages(rows, column, repeated.get(name, frozenset()))
            if table == "pages":
                rows = rows.filter(pc.not_equal(rows["reason"], SkipReason.UNCHANGED.value))
            files.add(rows)
    return files.row_count
