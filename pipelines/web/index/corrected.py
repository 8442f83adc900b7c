"""What people corrected, in the index: a line is found by what it says now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from pipelines.corrections.holding import holds
from pipelines.transcripts.tables import iterate_rows, to_polyline
from pipelines.web.index.sql import NONE_CORRECTED, REPLACE_CORRECTED, SAID
from schemas.corrections import Correction

_AT_ONCE = 10_000
_NAMED = "JOIN (SELECT unnest($uris::VARCHAR[]) AS page_uri) USING (page_uri)"
_RUNS = f"SELECT page_uri, reading_run FROM pages {_NAMED}"
_AS_READ = f"SELECT page_uri, line_id, text, baseline FROM lines {_NAMED}"


@dataclass(frozen=True)
class Changes:
    """What was corrected since some moment.

    Attributes:
        mark: The moment until which.
        newest: The newest correction of each line and page that was corrected since.
        is_whole: Whether no others count, as it is since the beginning.
    """

    mark: tuple[int, int]
    newest: Sequence[Correction]
    is_whole: bool


def take_in_corrections(
    writer: duckdb.DuckDBPyConnection, tables: duckdb.DuckDBPyConnection, changes: Changes
) -> None:
    """Replace what the index says of lines that were corrected.

    Args:
        writer: Connection to the index, in a transaction.
        tables: Result of `pipelines.transcripts.tables.open_tables`.
        changes: What was corrected; marks of pages do not matter.
    """
    if changes.is_whole:
        writer.execute(NONE_CORRECTED)
    lines = [one for one in changes.newest if one.line_id]
    for start in range(0, len(lines), _AT_ONCE):
        of_lines = lines[start : start + _AT_ONCE]
        columns = {
            "page_uri": [one.page_uri for one in of_lines],
            "line_id": [one.line_id for one in of_lines],
            "kind": [one.kind.value for one in of_lines],
            "text": [one.text for one in of_lines],
            "author": [one.author for one in of_lines],
        }
        cleaned = {name: list(map(_clean, texts)) for name, texts in columns.items()}
        writer.execute(SAID, cleaned | {"holds": _holding(writer, tables, of_lines)})
        writer.execute(REPLACE_CORRECTED)


def _holding(
    writer: duckdb.DuckDBPyConnection,
    tables: duckdb.DuckDBPyConnection,
    corrections: Sequence[Correction],
) -> list[bool]:
    """Return which corrections hold for the line as the run read it that counts."""
    uris = {"uris": list({_clean(one.page_uri): None for one in corrections})}
    runs = dict(writer.execute(_RUNS, uris).fetchall())
    of_others = {one.page_uri for one in corrections if one.run_id != runs.get(one.page_uri)}
    read = {}
    # Only where another run has read the page since is the place of the line asked for.
    if asked := list(of_others & runs.keys()):
        with tables.cursor() as reader:
            for uri, line_id, *facts in iterate_rows(reader.execute(_AS_READ, {"uris": asked})):
                read[uri, line_id] = facts
    found = []
    for one in corrections:
        run, (text, baseline) = runs.get(one.page_uri, ""), read.get(one.place, ("", None))
        is_known = bool(run) and (one.run_id == run or one.place in read)
        found.append(is_known and holds(one, run, text, to_polyline(baseline)))
    return found


def _clean(text: str) -> str:
    """Return a text without lone surrogates, which are no UTF-8."""
    return text.encode("utf-8", "replace").decode()
