"""The files of the tables that transcribe wrote, on a disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.cli.options import UsageError
from pipelines.tables.damage import damage_text


def runs_of(directory: str) -> dict[str, str]:
    """List the runs that are finished.

    Args:
        directory: What transcribe wrote.

    Returns:
        Run to the file of its row. That is written last: what no run vouches for may be cut short.
    """
    return {path.stem: str(path) for path in sorted(Path(directory, "runs").glob("*.parquet"))}


def files_of(directory: str, table: str) -> dict[str, str]:
    """List the files of a table.

    Args:
        directory: What transcribe wrote.
        table: 'lines', 'pages' or 'failures'.

    Returns:
        File to the run that wrote it, which is finished.
    """
    runs = runs_of(directory)
    found = sorted(Path(directory, table).glob("collection=*/*.parquet"))
    named = {str(path): path.stem.rpartition("-")[0] for path in found}
    return {path: run_id for path, run_id in named.items() if run_id in runs}


@contextmanager
def naming_damage(directory: str) -> Iterator[None]:
    """Say which file is at fault where DuckDB meets one that it cannot read.

    Args:
        directory: What transcribe wrote.

    Raises:
        UsageError: If a file of the tables is damaged or cut short.
    """
    try:
        yield
    except duckdb.Error as error:
        run_files = runs_of(directory)
        files = {path: run_id for run_id, path in run_files.items()}
        for table in ("pages", "failures", "lines"):
            files |= files_of(directory, table)
        path = damaged_file(files, error)
        if path is None:
            raise
        raise UsageError(damage_text(path, run_files[files[path]])) from None


def damaged_file(paths: Iterable[str], error: duckdb.Error) -> str | None:
    """Find the file that an error comes from.

    Args:
        paths: The files of the tables.
        error: What DuckDB said; it may name the file, or not.

    Returns:
        The file; None where the query is at fault.
    """
    # Errors of queries have classes of their own, but for what says that something is no input.
    if isinstance(error, (duckdb.InvalidInputException, duckdb.IOException)):
        said = str(error).partition("\n")[0]
        return next((path for path in paths if path in said), None)
    if type(error) is not duckdb.Error:
        return None
    return next((path for path in paths if not _is_whole(path)), None)


def _is_whole(path: str) -> bool:
    try:
        # Of all columns, so that all of them are read.
        duckdb.connect().execute("SELECT bit_xor(hash(t)) FROM read_parquet($p) t", {"p": path})
    except duckdb.Error:
        return False
    return True
