"""The local files of the tables that transcribe wrote, and which of them is damaged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.cli.options import UsageError
from pipelines.tables.damage import damage_text
from schemas.tables import TABLES


def runs_of(directory: str) -> dict[str, str]:
    """List the runs that are finished.

    Args:
        directory: Folder that transcribe wrote.

    Returns:
        Run to the file of its row. That file is written last: files of a run without one may
        be incomplete.
    """
    return {path.stem: str(path) for path in sorted(Path(directory, "runs").glob("*.parquet"))}


def files_of(directory: str, table: str) -> dict[str, str]:
    """List the files of a table.

    Args:
        directory: Folder that transcribe wrote.
        table: 'lines', 'pages' or 'failures'.

    Returns:
        File to the run that wrote it; only files of finished runs.
    """
    runs = runs_of(directory)
    found = sorted(Path(directory, table).glob("collection=*/*.parquet"))
    named = {str(path): path.stem.rpartition("-")[0] for path in found}
    return {path: run_id for path, run_id in named.items() if run_id in runs}


def tables_of_others(directory: str) -> dict[str, list[str]]:
    """List the tables that ingest, lines or export wrote, which are not split by collection.

    Args:
        directory: Their output, or one of the tables in it, such as its folder `failures`.

    Returns:
        Table to its files; empty for a folder that transcribe wrote, or one without tables.
    """
    folder = Path(directory)
    # Of an archive one table alone does not say which of its rows still hold.
    is_table = folder.name in TABLES and any(folder.glob("*.parquet"))
    folders = [folder] if is_table else [folder / table for table in TABLES if table != "runs"]
    files = {each.name: sorted(map(str, each.glob("*.parquet"))) for each in folders}
    found = {table: paths for table, paths in files.items() if paths}
    runs = sorted(map(str, folder.glob("runs/*.parquet")))
    return found | ({"runs": runs} if found and runs else {})


@contextmanager
def naming_damage(directory: str) -> Iterator[None]:
    """Turn DuckDB's errors about a damaged file into a `UsageError` that names the file.

    Args:
        directory: Folder that transcribe wrote.

    Raises:
        UsageError: If a file of the tables is damaged or truncated.
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
    """Find the file that an error of DuckDB is about.

    Args:
        paths: The files of the tables.
        error: The error; its message names the file, or does not.

    Returns:
        The file; None where the error is in the query.
    """
    # Errors in queries have other classes, except some InvalidInputExceptions; those name no file.
    if isinstance(error, (duckdb.InvalidInputException, duckdb.IOException)):
        message = str(error).partition("\n")[0]
        return next((path for path in paths if path in message), None)
    if type(error) is not duckdb.Error:
        return None
    return next((path for path in paths if not _is_whole(path)), None)


def _is_whole(path: str) -> bool:
    try:
        # Hashes all columns, so that all of them are read.
        duckdb.connect().execute("SELECT bit_xor(hash(t)) FROM read_parquet($p) t", {"p": path})
    except duckdb.Error:
        return False
    return True
