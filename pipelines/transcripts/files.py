"""The local files of the tables that transcribe wrote, and which of them is damaged."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.cli.options import UsageError
from pipelines.files.cached import local_tables
from pipelines.formats.tables.arrow_schema import UNREADABLE
from pipelines.tables.damage import check_values, damage_text, fits
from pipelines.tables.missing import Recorded, table_path
from pipelines.tables.writers import newest_rows, writer_of, written_by
from schemas.tables import TABLES

_RUN_COLUMNS = ("run_id", "compaction", "files")
# The order in which tables are looked at for damage: those with the smallest files first.
_CHECKED = ("runs", "pages", "failures", "lines")


def run_files(directory: str) -> list[str]:
    """List the files of the table `runs`.

    Args:
        directory: Folder that transcribe wrote.
    """
    return sorted(map(str, Path(directory, "runs").glob("*.parquet")))


def _is_of_file_system(error: Exception) -> bool:
    """Return whether an error is not about the content of a file: it has an errno, or a class."""
    return isinstance(error, OSError) and (type(error) is not OSError or bool(error.errno))


def _rows(path: str) -> list[dict]:
    try:
        with pq.ParquetFile(path) as file:
            if not fits(file.schema_arrow, "runs"):
                raise pa.ArrowInvalid("columns are missing, or are of other types")
            names = [name for name in _RUN_COLUMNS if name in file.schema_arrow.names]
            rows = file.read(columns=names)
            check_values(rows, "runs")
            return rows.to_pylist()
    except UNREADABLE as error:
        if _is_of_file_system(error):
            raise
        raise UsageError(damage_text(path, path)) from None


@dataclass(frozen=True)
class FilesOfTables:
    """The files of an archive.

    Attributes:
        counting: Table to the files whose rows count, each with the file of `runs` that makes it
            count. That file is written last: files that none makes count may be incomplete, or
            replaced.
        recorded: What the runs recorded.
        missing: Paths of those of the recorded files that are not there.
    """

    counting: dict[str, dict[str, str]]
    recorded: Recorded
    missing: tuple[str, ...]

    def check(self) -> None:
        """Check that each file has the columns of its table, and is not cut off.

        Raises:
            UsageError: If one has not.
        """
        for table in _CHECKED:
            for path in self.counting[table]:
                try:
                    if fits(pq.read_schema(path), table):
                        continue
                except UNREADABLE as error:
                    if _is_of_file_system(error):
                        raise
                raise UsageError(self.damage(path))

    def damage(self, path: str) -> str:
        """Return the error message for a damaged file."""
        runs = {path: run for files in self.counting.values() for path, run in files.items()}
        return damage_text(path, runs[path], table_path(path) in self.recorded.sizes)


def files_of_tables(directory: str) -> FilesOfTables:
    """List the files whose rows count, all tables as of one moment.

    The table `runs` is listed once: if a compaction ends meanwhile, the other tables would
    otherwise be its own and `runs` that of before, and no row would count.

    Args:
        directory: Folder that transcribe wrote.

    Raises:
        UsageError: If a file of `runs` is damaged.
    """
    runs = run_files(directory)
    rows = newest_rows([row | {"file": path} for path in runs for row in _rows(path)])
    finished = {writer_of(row): row["file"] for row in rows}
    files, recorded, sizes = {"runs": {path: path for path in runs}}, Recorded.of(rows), {}
    for table in TABLES:
        if table != "runs":
            found = sorted(map(str, Path(directory, table).glob("collection=*/*.parquet")))
            sizes |= {table_path(path): os.stat(path).st_size for path in found}
            counting = [path for path in found if written_by(path) in finished]
            files[table] = {path: finished[written_by(path)] for path in counting}
    missing = recorded.missing(sizes)
    for paths in files.values():
        for path in [path for path in paths if table_path(path) in missing]:
            del paths[path]
    return FilesOfTables(files, recorded, tuple(missing))


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
        tables = files_of_tables(local_tables(directory))
        files = [path for table in _CHECKED for path in tables.counting[table]]
        path = damaged_file(files, error)
        if path is None:
            raise
        raise UsageError(tables.damage(path)) from None


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
