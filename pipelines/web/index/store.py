"""The index of words, a file of DuckDB beside the tables, kept up to date run by run."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import duckdb

from pipelines.transcripts.files import files_of_tables
from pipelines.web.index.corrected import Changes, take_in_corrections
from pipelines.web.index.sql import (
    ADD_LINES,
    ADD_POSTINGS,
    ADD_WORDS,
    CURRENT,
    FILE_WORDS,
    INDEX_VERSION,
    PAGES,
    TABLES,
)

_MEMORY_LIMIT = "1GB"


def index_folder(transcripts: str) -> str:
    """Return the folder of the index where none is given: in the user's folder for caches.

    Args:
        transcripts: Folder that transcribe wrote.
    """
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    name = hashlib.sha256(os.path.realpath(transcripts).encode()).hexdigest()[:16]
    return os.path.join(caches, "quire", "serve", name)


def open_index(folder: str) -> duckdb.DuckDBPyConnection:
    """Open the index in a folder, empty where there is none or it is damaged.

    Args:
        folder: Folder for it; it is made. Where another process has the index open, or nothing can
            be written, the index is a temporary one.

    Returns:
        A connection to it.
    """
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        return _opened(Path(folder, f"words-{INDEX_VERSION}.duckdb"))
    except (OSError, duckdb.Error) as error:
        reason = str(error).splitlines()[0]
        print(f"{folder}: {reason}; the index is a temporary one", file=sys.stderr)
        # It is removed with the process's other temporary files, which nobody else opens.
        return _opened(Path(tempfile.mkdtemp(prefix="quire-serve-"), "words.duckdb"))


def _opened(path: Path) -> duckdb.DuckDBPyConnection:
    try:
        return _connected(path)
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise
    except duckdb.Error:
        print(f"{path} is damaged and is made anew", file=sys.stderr)
    for one in (path, Path(f"{path}.wal")):
        with suppress(FileNotFoundError):
            one.unlink()
    return _connected(path)


def _connected(path: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(path))
    connection.execute(f"SET memory_limit = '{_MEMORY_LIMIT}'")
    connection.execute("SET preserve_insertion_order = true")
    connection.execute(TABLES)
    return connection


def add_files(
    index: duckdb.DuckDBPyConnection, transcripts: str, tell: Callable[[str], None]
) -> list[int]:
    """Add the files of the tables that the index does not know. `settle_index` has to follow.

    Args:
        index: Result of `open_index`.
        transcripts: Folder of the tables.
        tell: Is told of each file that is indexed.

    Returns:
        Numbers of the files in the index that are no longer there.

    Raises:
        UsageError: If a file of the tables is damaged.
    """
    counting = {path: _facts(path) for path in files_of_tables(transcripts).counting["lines"]}
    with index.cursor() as writer:
        known = {
            (path, size, changed): number
            for number, path, size, changed in writer.execute("FROM files").fetchall()
        }
        wanted = {(path, *facts) for path, facts in counting.items()}
        for key in sorted(wanted - known.keys()):
            tell(f"indexing {os.path.relpath(key[0], transcripts)}")
            in_transaction(writer, lambda key=key: _add_file(writer, *key))
        return [number for key, number in known.items() if key not in wanted]


def settle_index(
    index: duckdb.DuckDBPyConnection,
    tables: duckdb.DuckDBPyConnection,
    gone: list[int],
    changes: Changes,
) -> None:
    """Have the index say what counts now. Its readers see all of that or nothing.

    Args:
        index: Result of `open_index`.
        tables: Result of `pipelines.transcripts.tables.open_tables`.
        gone: Files that are no longer there, from `add_files`.
        changes: All that was corrected.

    Raises:
        UsageError: If a file of the tables is damaged.
    """

    def settle() -> None:
        _remove(writer, gone)
        _replace_pages(writer, tables)
        take_in_corrections(writer, tables, changes)

    with index.cursor() as writer:
        in_transaction(writer, settle)
        writer.execute("CHECKPOINT")


def _facts(path: str) -> tuple[int, int]:
    facts = os.stat(path)
    return facts.st_size, facts.st_mtime_ns


def in_transaction(writer: duckdb.DuckDBPyConnection, work: Callable[[], object]) -> None:
    """Do some work on the index as a whole or not at all."""
    writer.execute("BEGIN")
    try:
        work()
    except BaseException:
        writer.execute("ROLLBACK")
        raise
    writer.execute("COMMIT")


def _add_file(writer: duckdb.DuckDBPyConnection, path: str, size: int, changed: int) -> None:
    (first,) = writer.execute("SELECT coalesce(max(line_no), 0) + 1 FROM lines").fetchone()
    (number,) = writer.execute("SELECT coalesce(max(file_no), 0) + 1 FROM files").fetchone()
    writer.execute(ADD_LINES, {"first": first, "file_no": number, "path": path})
    writer.execute(FILE_WORDS, {"first": first, "path": path})
    writer.execute(ADD_WORDS)
    writer.execute(ADD_POSTINGS)
    writer.execute("DROP TABLE arrived")
    writer.execute("INSERT INTO files VALUES (?, ?, ?, ?)", [number, path, size, changed])


def _remove(writer: duckdb.DuckDBPyConnection, numbers: list[int]) -> None:
    if numbers:
        chosen = "(SELECT line_no FROM lines WHERE list_contains($gone, file_no))"
        writer.execute(f"DELETE FROM postings WHERE line_no IN {chosen}", {"gone": numbers})
        for table in ("lines", "files"):
            writer.execute(
                f"DELETE FROM {table} WHERE list_contains($gone, file_no)", {"gone": numbers}
            )


def _replace_pages(writer: duckdb.DuckDBPyConnection, tables: duckdb.DuckDBPyConnection) -> None:
    # By a file, as DuckDB takes no table of pyarrow 10.
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "pages.parquet")
        tables.sql(PAGES).write_parquet(path)
        writer.execute("DELETE FROM pages")
        writer.execute("INSERT INTO pages SELECT * FROM read_parquet($path)", {"path": path})
    writer.execute(CURRENT)
