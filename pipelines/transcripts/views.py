"""The views over the tables of many runs, as SQL."""

from __future__ import annotations

from schemas.records import SkipReason

TABLE_NAMES = ("lines", "pages", "failures")
# Which rows of `runs` are runs that read pages.
READS = "command NOT IN ('compact', 'forget')"

# Plain SQL, the same for every engine: joins and aggregates, no window functions.
# Identifiers of runs sort in the order in which the runs began: a run never has an identifier
# before that of an earlier run on the same tables, even if the clock was set back.

# A compaction writes the row of a run anew; for a moment there are both.
_RUNS = """
SELECT DISTINCT stored_runs.*
FROM stored_runs JOIN (
    SELECT run_id AS run, max(coalesce(compaction, '')) AS writer FROM stored_runs GROUP BY run_id
) AS newest ON run_id = run AND coalesce(compaction, '') = writer
"""

# Rows of runs that are not finished do not count, nor do those that a compaction has rewritten.
_EVERY = """
SELECT stored_{table}.*
FROM stored_{table} JOIN (
    SELECT run_id AS run, coalesce(compaction, '') AS writer FROM runs
) AS finished ON run_id = run AND coalesce(compaction, '') = writer
"""

# A document that cannot be opened is a failed page, until a run opens it and finds its pages.
_SHOWN = """
    SELECT all_pages.*
    FROM all_pages LEFT JOIN (
        SELECT document AS opened, max(run_id) AS opening_run
        FROM all_pages WHERE reason <> '{gone}' GROUP BY document
    ) AS documents ON page_uri = opened
    WHERE status <> 'failed' OR opened IS NULL OR run_id >= opening_run
"""

_STATES = """
    SELECT page_uri AS uri, max(run_id) AS last_run,
        max(CASE WHEN status = 'ok' THEN run_id END) AS reading_run,
        max(CASE WHEN reason = '{gone}' THEN run_id END) AS gone_run,
        max(CASE WHEN change = 'gone' THEN run_id END) AS lost_run
    FROM shown GROUP BY page_uri
"""

# A page has the row of the newest run that read it or, if none could, of the newest that tried.
# It is shown unless its newest row says that it is gone. A page that failed or was gone, and then
# was found as an earlier run had read it, has a row as skipped.
_PAGES = """
WITH shown AS ({shown}), states AS ({states})
SELECT shown.*
FROM shown JOIN states ON page_uri = uri AND run_id = coalesce(reading_run, last_run)
WHERE gone_run IS NULL OR gone_run < last_run
"""

# Pages that are gone, as they were read last, and the run that found them gone.
_GONE = """
WITH shown AS ({shown}), states AS ({states})
SELECT shown.*, lost_run AS gone_run_id
FROM shown JOIN states ON page_uri = uri AND run_id = coalesce(reading_run, last_run)
WHERE lost_run = last_run
"""

_LINES = """
SELECT all_lines.*
FROM all_lines JOIN (
    SELECT page_uri AS uri, coalesce(read_run_id, run_id) AS reading_run FROM pages
) AS readings ON page_uri = uri AND run_id = reading_run
"""

# The failures that still hold: of pages and documents that failed in their last run, and of
# lines on the pages that the view `pages` shows.
_FAILURES = """
SELECT all_failures.*
FROM all_failures JOIN (
    SELECT failing, max(run) AS last_run
    FROM (
        SELECT page_uri AS failing, run_id AS run FROM all_pages
        UNION ALL
        SELECT document, run_id FROM all_pages WHERE reason <> '{gone}'
    ) AS named
    GROUP BY failing
    UNION DISTINCT
    SELECT page_uri, coalesce(read_run_id, run_id) FROM pages
) AS current_runs ON uri = failing AND run_id = last_run
"""

# Given lines keep their identifiers from run to run; found ones keep them while the line finder
# and the image stay the same. A page that only one of the two runs read counts as unchanged.
# DuckDB counts edits in bytes: from 'é' to 'e' there are two.
LINE_CHANGES = """
CREATE MACRO line_changes(old, new) AS TABLE
WITH both_read AS (
    SELECT page_uri, coalesce(one.read_run_id, one.run_id) AS old_run,
        coalesce(other.read_run_id, other.run_id) AS new_run
    FROM all_pages AS one JOIN all_pages AS other USING (page_uri)
    WHERE one.run_id = old AND one.status = 'ok' AND other.run_id = new AND other.status = 'ok'
),
before AS (SELECT * FROM all_lines JOIN both_read USING (page_uri) WHERE run_id = old_run),
after AS (SELECT * FROM all_lines JOIN both_read USING (page_uri) WHERE run_id = new_run)
SELECT page_uri, line_id,
    before.text AS old_text, after.text AS new_text,
    before.confidence AS old_confidence, after.confidence AS new_confidence,
    levenshtein(coalesce(before.text, ''), coalesce(after.text, '')) AS edits
FROM before FULL JOIN after USING (page_uri, line_id)
WHERE before.text IS DISTINCT FROM after.text
ORDER BY page_uri, coalesce(after.line_index, before.line_index)
"""

# The text regions of pages; lines in none share the empty name.
REGIONS = """
CREATE VIEW regions AS
SELECT page_uri, region_id, any_value(region_type) AS region_type,
    any_value(region_types) AS region_types, any_value(region_custom) AS region_custom,
    min(line_index) AS first_line_index, count(*) AS line_count,
    avg(confidence) AS confidence, string_agg(text, chr(10) ORDER BY line_index) AS text
FROM lines
GROUP BY page_uri, region_id
"""


# The number of pages that have fewer lines or failures of lines than they should.
LACKING = """
SELECT count(*)
FROM pages
LEFT JOIN (
    SELECT page_uri AS uri, count(*) AS line_count FROM lines GROUP BY page_uri
) AS own_lines ON page_uri = own_lines.uri
LEFT JOIN (
    SELECT uri, run_id AS run, count(*) AS failure_count
    FROM all_failures WHERE line_id <> '' GROUP BY uri, run_id
) AS own_failures
    ON page_uri = own_failures.uri AND coalesce(read_run_id, pages.run_id) = own_failures.run
WHERE lines_ok > coalesce(line_count, 0) OR lines_failed > coalesce(failure_count, 0)
"""

# The number of pages that have lines or failures, and no row of `pages`.
UNKNOWN = """
SELECT count(DISTINCT uri)
FROM (SELECT page_uri AS uri FROM all_lines UNION ALL SELECT uri FROM all_failures) AS named
WHERE uri NOT IN (SELECT page_uri FROM all_pages)
"""


def _filled(sql: str) -> str:
    gone = SkipReason.GONE.value
    shown, states = _SHOWN.format(gone=gone), _STATES.format(gone=gone)
    return sql.format(gone=gone, shown=shown, states=states).strip()


# By name, in the order in which they can be made. They stand on tables stored_runs, stored_lines,
# stored_pages and stored_failures: all rows of the files, and the column `collection`.
VIEWS = {
    "runs": _RUNS.strip(),
    **{f"all_{table}": _EVERY.format(table=table).strip() for table in TABLE_NAMES},
    **{"pages": _filled(_PAGES), "gone": _filled(_GONE)},
    **{"lines": _filled(_LINES), "failures": _filled(_FAILURES)},
}
