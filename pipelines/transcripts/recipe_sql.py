r"""The SQL of the recipes, over the views that `pipelines.transcripts.tables.open_tables` makes.

Values are bound parameters, `$name`; each is cast where it is used, so that all can be text.
"""

from __future__ import annotations

# A name of several words is compared with every run of as many words of the line. Characters
# that are neither letters, digits nor spaces are replaced by spaces, and the distance is plain
# Levenshtein: matching words by a pattern, or counting transpositions, takes three times as long.
NAMES = r"""
WITH sought AS (
    SELECT array_to_string(words, ' ') AS name, words[1] AS first_word, len(words) AS word_count
    FROM (
        SELECT regexp_extract_all(lower(strip_accents($name::VARCHAR)), '[\pL\pM\pN]+') AS words
    )
),
plain AS (
    SELECT page_uri, line_id, line_index, text, characters, alternatives, regexp_replace(
        lower(strip_accents(array_to_string([text] || [a.text FOR a IN alternatives], ' '))),
        '[^\pL\pM\pN ]', ' ', 'g'
    ) AS letters, string_split(letters, ' ') AS pieces
    FROM lines
),
-- Another letter changes a word by one edit, or joins two words at a space. So only lines with a
-- word that is one edit further away, or with the word inside another, are searched.
near AS MATERIALIZED (
    SELECT page_uri, line_id, line_index, text, characters, alternatives
    FROM plain, sought
    WHERE contains(letters, first_word) OR list_min([
        levenshtein(piece, first_word)
        FOR piece IN pieces || [pair[1] || pair[2] FOR pair IN list_zip(pieces, pieces[2:])]
    ]) <= $distance::INTEGER + 1
),
places AS (
    SELECT *, generate_subscripts(characters, 1) AS place FROM near
),
other_letters AS (
    SELECT *, unnest([
        a.text FOR a IN characters[place].alternatives
        IF contains(name, lower(strip_accents(a.text))) OR NOT regexp_matches(a.text, '[\pL\pN]')
    ]) AS letter
    FROM places, sought
),
forms AS (
    SELECT page_uri, line_id, 1 AS source, text AS form FROM near
    UNION ALL
    SELECT page_uri, line_id, 2, unnest([a.text FOR a IN alternatives]) FROM near
    UNION ALL
    SELECT page_uri, line_id, 3,
        array_to_string([c.text FOR c IN characters[:place - 1]], '')
        || letter
        || array_to_string([c.text FOR c IN characters[place + 1:]], '')
    FROM other_letters
),
words AS (
    SELECT page_uri, line_id, source, [
        word FOR word IN string_split(regexp_replace(form, '[^\pL\pM\pN ]', ' ', 'g'), ' ')
        IF word <> ''
    ] AS words
    FROM forms
),
candidates AS (
    SELECT page_uri, line_id, source, unnest([
        array_to_string(words[i:i + word_count - 1], ' ')
        FOR i IN range(1, len(words) - word_count + 2)
    ]) AS found
    FROM words, sought
),
matches AS (
    SELECT *, levenshtein(lower(strip_accents(found)), name) AS edits
    FROM candidates, sought
    WHERE edits <= $distance::INTEGER
    QUALIFY row_number() OVER (
        PARTITION BY page_uri, line_id ORDER BY edits, source, found
    ) = 1
)
SELECT page_uri, line_id, found, edits,
    ['text', 'reading', 'letter'][source] AS source, text
FROM matches JOIN near USING (page_uri, line_id)
ORDER BY edits, matches.source, page_uri, line_index
LIMIT $limit::BIGINT
"""

# A page without any character read has no confidence; if it has lines, all of them are lost, and if
# it has none, all that is written on it.
WORST_PAGES = """
WITH errors AS (
    SELECT *, CASE
        WHEN confidence IS NOT NULL THEN coalesce(cer_estimate, 1 - confidence)
        WHEN lines_ok + lines_failed > 0 THEN 1
        ELSE ink_unread
    END AS error
    FROM pages
    WHERE status = 'ok'
)
SELECT page_uri, cer_estimate, confidence, lines_ok, lines_failed,
    array_to_string(warnings, ', ') AS warnings
FROM errors
WHERE error >= $least::DOUBLE
ORDER BY error DESC, page_uri
LIMIT $limit::BIGINT
"""

UNREAD = """
SELECT page_uri, ink_unread, lines_ok, lines_failed,
    list_contains(warnings, 'writing outside the lines') AS warning, lines_source, cer_estimate
FROM pages
WHERE status = 'ok' AND CASE
    WHEN $least::VARCHAR = '' THEN list_contains(warnings, 'writing outside the lines')
    ELSE ink_unread >= nullif($least::VARCHAR, '')::DOUBLE
END
ORDER BY ink_unread DESC, page_uri
LIMIT $limit::BIGINT
"""

FAILURES_BY_CAUSE = r"""
WITH named AS (
    SELECT *, regexp_extract(uri, '[^/]*.$') AS name,
        regexp_replace(uri, '([^/])\.\w+$', '\1') AS stem,
        regexp_replace(name, '([^/])\.\w+$', '\1') AS name_stem
    FROM failures
),
causes AS (
    SELECT *, substr(replace(replace(
        replace(replace(' ' || error, uri, 'PAGE'), name, 'PAGE'),
        ' ' || stem || '.', ' PAGE.'), ' ' || name_stem || '.', ' PAGE.'
    ), 2) AS unnamed
    FROM named
),
shortened AS (
    SELECT *, regexp_replace(
        regexp_replace(unnamed, '[^\s''"(]*/[^\s''"):;,]*', 'FILE', 'g'), '\w*\d\w*', 'N', 'g'
    ) AS cause
    FROM causes
)
SELECT stage, kind, cause, count(*) AS failures, count(DISTINCT uri) AS pages,
    min(uri) AS example
FROM shortened
GROUP BY stage, kind, cause
ORDER BY failures DESC, stage, kind, cause
"""

# The newest run may have read only some new pages: runs are compared that both read some page.
DIFFERENCES = """
WITH pair AS (
    SELECT before.run_id AS old, after.run_id AS new
    FROM all_pages AS before
    JOIN all_pages AS after USING (page_uri)
    JOIN runs AS old_run ON old_run.run_id = before.run_id
    JOIN runs AS new_run ON new_run.run_id = after.run_id
    WHERE before.status = 'ok' AND after.status = 'ok'
        AND $old::VARCHAR IN ('', before.run_id) AND $new::VARCHAR IN ('', after.run_id)
        AND (
            old_run.model_digest <> new_run.model_digest AND before.run_id < after.run_id
            OR $old::VARCHAR <> '' AND $new::VARCHAR <> ''
        )
    ORDER BY new DESC, old DESC
    LIMIT 1
)
SELECT page_uri, line_id, edits, old_text, new_text, old_confidence, new_confidence
FROM line_changes((SELECT old FROM pair), (SELECT new FROM pair))
ORDER BY edits DESC, page_uri, line_id
LIMIT $limit::BIGINT
"""

GOT_WORSE = """
WITH errors AS (
    SELECT *, confidence IS NULL AND lines_ok + lines_failed > 0 AS is_lost,
        CASE WHEN is_lost THEN 1 ELSE cer_estimate END AS error,
        CASE WHEN is_lost THEN 1 ELSE 1 - confidence END AS doubt
    FROM all_pages
    WHERE status = 'ok'
),
newest AS (
    SELECT page_uri, run_id AS new_run, lag(run_id) OVER readings AS old_run,
        cer_estimate AS new_cer_estimate, lag(cer_estimate) OVER readings AS old_cer_estimate,
        confidence AS new_confidence, lag(confidence) OVER readings AS old_confidence,
        coalesce(
            error - lag(error) OVER readings, doubt - lag(doubt) OVER readings
        ) AS worse_by
    FROM errors
    WINDOW readings AS (PARTITION BY page_uri ORDER BY run_id)
    QUALIFY row_number() OVER (PARTITION BY page_uri ORDER BY run_id DESC) = 1
)
SELECT page_uri, worse_by, old_cer_estimate, new_cer_estimate, old_confidence, new_confidence,
    old_run, new_run
FROM newest
WHERE worse_by > $least::DOUBLE
ORDER BY worse_by DESC, page_uri
LIMIT $limit::BIGINT
"""

PAGES_PER_DAY = """
SELECT make_timestamp(epoch_us(started))::DATE AS day, count(*) AS runs,
    sum(pages_ok) AS pages_ok, sum(pages_failed) AS pages_failed, sum(lines_ok) AS lines_ok,
    sum(epoch(finished) - epoch(started)) / 3600 AS hours,
    sum(pages_ok) / nullif(hours, 0) AS pages_per_hour
FROM runs
WHERE command NOT IN ('compact', 'forget')
GROUP BY day
ORDER BY day DESC
LIMIT $limit::BIGINT
"""

WARNINGS = """
SELECT page_uri, line_id, array_to_string(warnings, ', ') AS warnings, confidence, text
FROM lines
WHERE len(warnings) > 0 AND ($warning::VARCHAR = '' OR list_contains(warnings, $warning::VARCHAR))
ORDER BY page_uri, line_index
LIMIT $limit::BIGINT
"""

# Unchanged pages have no row of the run that found them so: they lie in what it listed.
NEWS = """
WITH that AS (
    SELECT run_id, listed FROM runs
    WHERE $run::VARCHAR IN ('', run_id) AND command NOT IN ('compact', 'forget')
    ORDER BY run_id DESC LIMIT 1
),
written AS (SELECT all_pages.* FROM all_pages JOIN that USING (run_id)),
news AS (
    SELECT page_uri, change AS what, moved_from, collection, lines_ok, run_id
    FROM written WHERE change IS NOT NULL
    UNION ALL
    SELECT page_uri, 'unchanged', NULL, collection, lines_ok, pages.run_id
    FROM pages, that
    WHERE $what::VARCHAR = 'unchanged' AND status <> 'skipped' AND pages.run_id < that.run_id
        AND page_uri NOT IN (
            SELECT page_uri FROM written WHERE change IS NOT NULL OR status = 'failed'
        )
        AND len([
            one FOR one IN string_split(that.listed, chr(10))
            IF regexp_full_match(page_uri, one || '(#.*)?', 's')
            OR regexp_full_match(document, one, 's')
        ]) > 0
)
SELECT * FROM news
WHERE $what::VARCHAR IN ('', what)
ORDER BY what, page_uri
LIMIT $limit::BIGINT
"""

GONE = """
SELECT page_uri, collection, lines_ok, run_id, gone_run_id
FROM gone
WHERE starts_with(page_uri, $folder::VARCHAR)
ORDER BY page_uri
LIMIT $limit::BIGINT
"""

SAME_IMAGE = """
WITH shared AS (
    SELECT sha256, count(*) AS pages FROM pages WHERE status = 'ok' GROUP BY sha256
    HAVING count(*) > 1
)
SELECT page_uri, shared.pages, sha256, collection
FROM pages JOIN shared USING (sha256)
ORDER BY sha256, page_uri
LIMIT $limit::BIGINT
"""

# `column` is a word of SQL, so that its name needs quotes.
CELLS = """
SELECT page_uri, region_id, "row", "column", string_agg(text, ' ' ORDER BY line_index) AS text,
    min(confidence) AS confidence
FROM lines
WHERE "column" IS NOT NULL
    AND ($page::VARCHAR = '' OR page_uri = $page::VARCHAR)
    AND ($column::VARCHAR = '' OR "column" = try_cast($column::VARCHAR AS INTEGER))
GROUP BY page_uri, region_id, "row", "column"
ORDER BY page_uri, min(line_index)
LIMIT $limit::BIGINT
"""
