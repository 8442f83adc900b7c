"""The transcripts as the pages see them: tables and index of one moment, replaced by newer ones."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import duckdb

from pipelines.cli.options import UsageError
from pipelines.transcripts.files import run_files
from pipelines.transcripts.pages import read_root
from pipelines.transcripts.tables import open_tables
from pipelines.web.index.corrected import Changes, take_in_corrections
from pipelines.web.index.store import (
    add_files,
    in_transaction,
    index_folder,
    open_index,
    settle_index,
)

_LOOKS_EVERY_S, _WAITS_S = 1.0, 5.0
_MEMORY_LIMIT = "1GB"
# Of the first lines, which are enough to know the hand and the language.
_SPECIALS = r"""
SELECT letter FROM (
    SELECT unnest(string_split(text, '')) AS letter FROM (SELECT text FROM lines LIMIT 20000)
)
WHERE NOT regexp_matches(letter, '[\x00-\x7F]') AND letter <> ''
GROUP BY letter ORDER BY count(*) DESC, letter LIMIT 24
"""


class QueryTimeout(RuntimeError):
    """A query took longer than it may, and was cancelled."""


@dataclass(frozen=True)
class _Tables:
    """The tables as of one moment.

    Attributes:
        connection: With the views.
        root: Folder and start of names, as of `read_root`.
        files: Names of the files of `runs`.
    """

    connection: duckdb.DuckDBPyConnection
    root: tuple[str, str | None]
    files: tuple[str, ...]


class Library:
    """The tables and their index. Several threads may ask at the same time.

    Args:
        transcripts: Folder that transcribe wrote.
        changes: Returns what was corrected since a mark, None for the beginning.
        cache: Folder of the index; empty for the usual one.
        limit_s: Seconds that a query may take.

    Raises:
        UsageError: If there are no tables, or one is damaged.
    """

    def __init__(
        self,
        transcripts: str,
        changes: Callable[[tuple[int, int] | None], Changes],
        cache: str = "",
        limit_s: float = 10.0,
    ):
        self.transcripts, self._limit_s, self._changes = transcripts, limit_s, changes
        self._lock, self._updating = threading.Lock(), threading.Lock()
        self._settling, self._mark = threading.Lock(), None
        self._looked_at, self.problem = 0.0, ""
        self._specials: tuple[str, ...] | None = None
        tables = _open(transcripts)
        self._index = open_index(cache or index_folder(transcripts))
        self._settle(tables)

    def _settle(self, tables: _Tables) -> None:
        """Bring the index up to date with some tables, which count from then on."""
        gone = add_files(self._index, self.transcripts, _tell)
        with self._settling:
            changes = self._changes(None)
            settle_index(self._index, tables.connection, gone, changes)
            self._tables, self._mark = tables, changes.mark

    def refresh(self) -> None:
        """Take in what was corrected; and look for new runs, at most once a second.

        New runs are taken in meanwhile. Until the index has them, the pages show what they showed
        before.
        """
        self._correct()
        with self._lock:
            if time.monotonic() - self._looked_at < _LOOKS_EVERY_S:
                return
            self._looked_at = time.monotonic()
        if _files(self.transcripts) != self._tables.files and self._updating.acquire(False):
            threading.Thread(target=self._update, name="index", daemon=True).start()

    def _update(self) -> None:
        try:
            self._settle(_open(self.transcripts))
            self.problem, self._specials = "", None
        except (UsageError, OSError, duckdb.Error) as error:
            self._tell_problem(error)
        finally:
            self._updating.release()

    def _tell_problem(self, error: Exception) -> None:
        # What was read before is still shown, with this message.
        self.problem = str(error).splitlines()[0]
        print(self.problem, file=sys.stderr)

    def _correct(self) -> None:
        # A run that is being taken in brings along what was corrected; it takes seconds.
        if self._changes(self._mark).mark == self._mark or not self._settling.acquire(
            timeout=_WAITS_S
        ):
            return
        try:
            changes = self._changes(self._mark)
            tables = self._tables.connection
            with self._index.cursor() as writer:
                in_transaction(writer, lambda: take_in_corrections(writer, tables, changes))
            self._mark, self.problem = changes.mark, ""
        except duckdb.Error as error:
            self._tell_problem(error)
        finally:
            self._settling.release()

    @property
    def root(self) -> tuple[str, str | None]:
        """Folder that names of pages start from, and the start of those names."""
        return self._tables.root

    def search(self, sql: str, values: Mapping[str, object] | None = None) -> list[dict]:
        """Return the rows of a query on the index.

        Args:
            sql: A constant; what comes from requests is in the values.
            values: Parameter to value.

        Raises:
            QueryTimeout: If it takes too long.
        """
        return _rows(self._index, sql, values, self._limit_s)

    def query(self, sql: str, values: Mapping[str, object] | None = None) -> list[dict]:
        """Return the rows of a query on the views of the tables; as `search`."""
        return _rows(self._tables.connection, sql, values, self._limit_s)

    def specials(self) -> tuple[str, ...]:
        """Return letters and signs of the texts that few keyboards have, the most usual first."""
        if self._specials is None:
            rows = self.search(_SPECIALS)
            self._specials = tuple(row["letter"] for row in rows)
        return self._specials

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a connection of its own to the tables."""
        return self._tables.connection.cursor()


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _files(transcripts: str) -> tuple[str, ...]:
    return tuple(map(os.path.basename, run_files(transcripts)))


def _open(transcripts: str) -> _Tables:
    files = _files(transcripts)
    connection = open_tables(transcripts)
    connection.execute(f"SET memory_limit = '{_MEMORY_LIMIT}'")
    # Only parameters come from requests; this is a second wall.
    connection.execute("SET python_enable_replacements = false")
    return _Tables(connection, read_root(connection), files)


def _rows(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    values: Mapping[str, object] | None,
    limit_s: float,
) -> list[dict]:
    with connection.cursor() as cursor:
        timer = threading.Timer(limit_s, cursor.interrupt)
        timer.start()
        try:
            result = cursor.execute(sql, dict(values or {}))
            names = [column[0] for column in result.description]
            return [dict(zip(names, row)) for row in result.fetchall()]
        except duckdb.InterruptException:
            raise QueryTimeout(
                f"the search took longer than {limit_s:g} s and was cancelled; ask for longer words"
            ) from None
        finally:
            timer.cancel()
