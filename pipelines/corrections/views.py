"""The corrections as views of DuckDB: all of them, and the lines as they were corrected."""

from __future__ import annotations

import sys

import duckdb

from pipelines.corrections.log import CorrectionLog
from schemas.corrections import Correction

_TEXTS = (
    "correction_id", "time", "author", "page_uri", "line_id", "run_id", "kind", "old_text", "text",
    "source", "supersedes", "sample",
)  # fmt: skip
_POINTS = ("baseline", "polygon")
_COLUMNS = (
    "number BIGINT",
    *(f"{name} VARCHAR" for name in _TEXTS),
    *(f"{name} STRUCT(x FLOAT, y FLOAT)[]" for name in _POINTS),
)
_AT_ONCE = 10_000

# When a correction holds is told, and for one line computed, in `pipelines.corrections.holding`.
_CORRECTIONS = """
CREATE VIEW corrections AS
SELECT said.* REPLACE (time::TIMESTAMPTZ AS time), newest IS NOT NULL AS is_newest,
    newest IS NOT NULL AND CASE
        WHEN kind IN ('page_done', 'page_open') OR run_id = '' THEN EXISTS (
            SELECT 1 FROM pages WHERE pages.page_uri = said.page_uri
        )
        ELSE EXISTS (
            SELECT 1 FROM lines
            WHERE lines.page_uri = said.page_uri AND lines.line_id = said.line_id AND (
                lines.run_id = said.run_id
                OR (len(said.baseline) > 0 AND lines.baseline = said.baseline)
                OR (len(said.baseline) = 0 AND lines.text = said.old_text)
            )
        )
    END AS applies
FROM stored_corrections AS said LEFT JOIN (
    SELECT max(number) AS newest FROM stored_corrections GROUP BY page_uri, line_id
) ON number = newest
"""

# Lines that were drawn come after those that were read.
_CORRECTED_LINES = """
CREATE VIEW corrected_lines AS
WITH said AS (SELECT * FROM corrections WHERE applies),
drawn AS (
    SELECT said.page_uri, line_id, baseline, polygon, text, correction_id, author,
        row_number() OVER (PARTITION BY said.page_uri ORDER BY number) + coalesce(last, -1) AS place
    FROM said LEFT JOIN (SELECT page_uri, max(line_index) AS last FROM lines GROUP BY page_uri)
        AS found ON said.page_uri = found.page_uri
    WHERE run_id = '' AND kind = 'text'
)
SELECT lines.* REPLACE (
        CASE WHEN kind IS NULL THEN lines.text ELSE said.text END AS text
    ),
    kind IS NOT NULL AS is_corrected, kind = 'illegible' AS is_illegible,
    said.author AS corrected_by, said.correction_id
FROM lines LEFT JOIN said
    ON said.page_uri = lines.page_uri AND said.line_id = lines.line_id AND said.run_id <> ''
WHERE kind IS DISTINCT FROM 'no_line'
UNION ALL BY NAME
SELECT page_uri, line_id, place::INTEGER AS line_index, '' AS region_id, text, baseline, polygon,
    true AS is_corrected, false AS is_illegible, author AS corrected_by, correction_id
FROM drawn
"""


def add_correction_views(connection: duckdb.DuckDBPyConnection, directory: str) -> None:
    """Add the views `corrections` and `corrected_lines`.

    Args:
        connection: Has the views `lines` and `pages`.
        directory: Folder of the tables, on a disk.
    """
    state = CorrectionLog(directory).state()
    if state.damaged:
        lines = "1 line" if state.damaged == 1 else f"{state.damaged:,} lines"
        print(f"{directory}: {lines} of the corrections cannot be read", file=sys.stderr)
    connection.execute(f"CREATE TABLE stored_corrections ({', '.join(_COLUMNS)})")
    kind = f"STRUCT({', '.join(_COLUMNS)})[]"
    for start in range(0, len(state.all), _AT_ONCE):
        rows = [
            _row(number, one)
            for number, one in enumerate(state.all[start : start + _AT_ONCE], start)
        ]
        connection.execute(
            f"INSERT INTO stored_corrections SELECT unnest(?::{kind}, max_depth := 2)", [rows]
        )
    for statement in (_CORRECTIONS, _CORRECTED_LINES):
        connection.execute(statement)


def _row(number: int, correction: Correction) -> dict[str, object]:
    """Return a row of `stored_corrections`: texts without lone surrogates, which are no UTF-8."""
    row = {"number": number}
    for name in _TEXTS:
        value = getattr(correction, name)
        row[name] = str(getattr(value, "value", value)).encode("utf-8", "replace").decode()
    for name in _POINTS:
        row[name] = [{"x": x, "y": y} for x, y in getattr(correction, name)]
    return row
