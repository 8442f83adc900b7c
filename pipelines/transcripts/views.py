"""The views over the tables of many runs, as SQL."""

from __future__ import annotations

# Identifiers of runs start with the time of their start, so their order is that of the runs.
# A page has the row of the newest run that read it or, if none could, of the newest that tried.
# A page that failed and then was found as an earlier run had read it has a row as skipped.
# A document that cannot be opened is a failed page, until a run opens it and finds its pages.
_PAGES = """
CREATE VIEW pages AS
WITH documents AS (
    SELECT document AS page_uri, max(run_id) AS last_run_id FROM all_pages GROUP BY document
)
SELECT all_pages.*
FROM all_pages LEFT JOIN documents USING (page_uri)
WHERE status <> 'failed' OR last_run_id IS NULL OR all_pages.run_id >= last_run_id
QUALIFY row_number() OVER (
    PARTITION BY page_uri
    ORDER BY status = 'ok' DESC, run_id DESC
) = 1
"""

_LINES = """
CREATE VIEW lines AS
SELECT all_lines.*
FROM all_lines SEMI JOIN pages USING (page_uri, run_id)
"""

# The failures that still hold: of pages and documents that failed in their last run, and of
# lines on the pages that the view `pages` shows.
_FAILURES = """
CREATE VIEW failures AS
WITH last_run AS (
    SELECT uri, max(run_id) AS run_id
    FROM (
        SELECT page_uri AS uri, run_id FROM all_pages
        UNION ALL
        SELECT document, run_id FROM all_pages
    )
    GROUP BY uri
)
SELECT all_failures.*
FROM all_failures SEMI JOIN (
    FROM last_run
    UNION
    SELECT page_uri, run_id FROM pages
) USING (uri, run_id)
"""

# Given lines keep their identifiers from run to run; found ones keep them while the line finder
# and the image stay the same. A page that only one of the two runs read counts as unchanged.
# DuckDB counts edits in bytes: from 'é' to 'e' there are two.
_LINE_CHANGES = """
CREATE MACRO line_changes(old, new) AS TABLE
WITH both_read AS (
    SELECT page_uri FROM all_pages WHERE run_id = old AND status = 'ok'
    INTERSECT
    SELECT page_uri FROM all_pages WHERE run_id = new AND status = 'ok'
),
before AS (SELECT * FROM all_lines SEMI JOIN both_read USING (page_uri) WHERE run_id = old),
after AS (SELECT * FROM all_lines SEMI JOIN both_read USING (page_uri) WHERE run_id = new)
SELECT page_uri, line_id,
    before.text AS old_text, after.text AS new_text,
    before.confidence AS old_confidence, after.confidence AS new_confidence,
    levenshtein(coalesce(before.text, ''), coalesce(after.text, '')) AS edits
FROM before FULL JOIN after USING (page_uri, line_id)
WHERE before.text IS DISTINCT FROM after.text
ORDER BY page_uri, coalesce(after.line_index, before.line_index)
"""

# The text regions of pages; lines in none share the empty name.
_REGIONS = """
CREATE VIEW regions AS
SELECT page_uri, region_id, any_value(region_type) AS region_type,
    min(line_index) AS first_line_index, count(*) AS line_count,
    avg(confidence) AS confidence, string_agg(text, chr(10) ORDER BY line_index) AS text
FROM lines
GROUP BY page_uri, region_id
"""

VIEWS = (_PAGES, _LINES, _FAILURES, _LINE_CHANGES, _REGIONS)
