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

# Errors may name a file beside the page: the page's name with another extension.
# The greedy choice of a set that covers what is doubtful (Nemhauser et al. 1978).
TEACH = """
WITH RECURSIVE
-- How many letters of each kind are probably wrong on a page.
doubts AS (
    SELECT page_uri, lower(c.text) AS letter, sum(1 - c.confidence) AS doubt
    FROM (SELECT page_uri, unnest(characters) AS c FROM lines)
    GROUP BY page_uri, letter
),
read AS (
    SELECT page_uri, cer_estimate, lines_ok, errors, size, letters,
        regexp_extract(page_uri, '^(.*)/', 1) AS folder
    FROM pages JOIN (
        SELECT page_uri, sum(doubt) AS errors, sqrt(sum(doubt * doubt)) AS size,
            array_to_string(array_agg(letter ORDER BY doubt DESC, letter)[:5], ' ') AS letters
        FROM doubts
        WHERE letter <> ' '
        GROUP BY page_uri
    ) USING (page_uri)
    WHERE status = 'ok' AND errors > 0
),
-- Each page is compared with each, so of a large archive some are taken, always the same.
sample AS (
    SELECT *, row_number() OVER (ORDER BY page_uri) AS place
    FROM (FROM read ORDER BY hash(page_uri), page_uri LIMIT 500)
),
-- How much of the errors of a page the correction of another one prevents: more where the same
-- letters are doubtful in both, and in the same folder; a page of few lines teaches less.
alike AS (
    SELECT a.page_uri, b.place, 0.5 * least(1, any_value(a.lines_ok) / 10)
        * pow(least(1, sum(x.doubt * y.doubt) / any_value(a.size * b.size)), 2)
        * any_value(CASE WHEN a.folder = b.folder THEN 1 ELSE 0.5 END) AS share
    FROM sample AS a
    JOIN doubts AS x ON x.page_uri = a.page_uri
    JOIN doubts AS y ON y.letter = x.letter
    JOIN sample AS b ON b.page_uri = y.page_uri
    WHERE x.letter <> ' '
    GROUP BY a.page_uri, b.place
),
lessons AS (
    SELECT page_uri, list(share ORDER BY place) AS shares
    FROM (
        SELECT a.page_uri, b.place,
            CASE WHEN a.place = b.place THEN 1 ELSE coalesce(share, 0) END AS share
        FROM sample AS a CROSS JOIN sample AS b
        LEFT JOIN alike ON alike.page_uri = a.page_uri AND alike.place = b.place
    )
    GROUP BY page_uri
),
-- One page after the other: the one that prevents most of the errors that are left.
picks AS (
    SELECT 0 AS rank, ''::VARCHAR AS page_uri, 0::DOUBLE AS prevented,
        (SELECT list(errors ORDER BY place) FROM sample) AS errors_left,
        []::VARCHAR[] AS picked
    UNION ALL
    (
        SELECT rank + 1, page_uri, list_sum(errors_left) - list_sum(fewer), fewer,
            list_append(picked, page_uri)
        FROM (
            SELECT rank, lessons.page_uri, errors_left,
                [pair[1] * (1 - pair[2]) FOR pair IN list_zip(errors_left, shares)] AS fewer, picked
            FROM picks, lessons
            WHERE rank < $limit::BIGINT AND NOT list_contains(picked, lessons.page_uri)
        )
        ORDER BY list_sum(fewer), page_uri
        LIMIT 1
    )
)
SELECT rank, page_uri, prevented / (SELECT sum(errors) FROM sample) AS share, cer_estimate,
    lines_ok, letters
FROM picks JOIN read USING (page_uri)
ORDER BY rank
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

# The tables do not say which pages the newest run found: unchanged pages get no row.
GONE = r"""
WITH there AS (
    -- Characters that are wildcards in a pattern stand for themselves in brackets; a path that
    -- begins with one is listed with './' before it.
    SELECT regexp_replace(file, '^\./', '') AS file
    FROM glob(regexp_replace(rtrim($folder::VARCHAR, '/'), '([*?\[])', '[\1]', 'g') || '/**')
),
beneath AS (
    SELECT *, regexp_replace(regexp_replace(page_uri, '#page=\d+$', ''), '^\./', '') AS file
    FROM pages
    WHERE status = 'ok' AND starts_with(page_uri, rtrim($folder::VARCHAR, '/') || '/')
)
SELECT page_uri, collection, lines_ok, run_id
FROM beneath
WHERE file NOT IN (SELECT file FROM there)
    -- Files in an archive are not listed; the archive is.
    AND regexp_extract(file, '^(.*?\.zip)#/', 1, 'i') NOT IN (SELECT file FROM there)
ORDER BY page_uri
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

# Pages count by their characters; one with writing but without text counts as an average page.
QUALITY = r"""
WITH read AS (
    SELECT page_uri, cer_estimate, calibration, sum(length(text)) AS characters,
        CASE WHEN document <> '' THEN document ELSE regexp_replace(page_uri, '/?[^/]*$', '') END
            AS document
    FROM pages LEFT JOIN lines USING (page_uri)
        LEFT JOIN (SELECT run_id, calibration FROM runs) AS run ON run.run_id = pages.run_id
    WHERE status = 'ok' AND cer_estimate IS NOT NULL
    GROUP BY page_uri, cer_estimate, calibration, document
),
weighed AS (
    SELECT *, greatest(coalesce(characters, avg(characters) OVER of_document, 1), 1) AS weight
    FROM read
    WINDOW of_document AS (PARTITION BY document)
)
SELECT CASE WHEN grouping(document) = 1 THEN 'all documents' ELSE document END AS document,
    count(*) AS pages, sum(characters)::BIGINT AS characters,
    sum(weight * cer_estimate) / sum(weight) AS cer,
    cer / $factor::DOUBLE AS low, least(1, cer * $factor::DOUBLE) AS high,
    string_agg(DISTINCT coalesce(calibration, 'not known'), '; ') AS calibrated_on
FROM weighed
GROUP BY GROUPING SETS ((document), ())
ORDER BY grouping(document) DESC, cer DESC, document
LIMIT $limit::BIGINT
"""

# The same lines each time, whatever the order of the tables.
SAMPLE = """
SELECT page_uri, line_id, text, text AS truth
FROM lines
WHERE $document::VARCHAR = '' OR contains(page_uri, $document::VARCHAR)
ORDER BY md5(concat_ws('/', page_uri, line_id, $seed::VARCHAR))
LIMIT $limit::BIGINT
"""

# The standard error of a ratio of sums over lines.
SAMPLED_CER = """
WITH sample AS (
    SELECT edits(coalesce(text, ''), truth) AS edits, length(truth) AS characters
    FROM read_csv($file::VARCHAR, header = true, all_varchar = true)
    WHERE truth <> ''
),
total AS (
    SELECT count(*) AS lines, sum(characters) AS characters, sum(edits) AS edits,
        sum(edits) / sum(characters) AS cer
    FROM sample
),
spread AS (
    SELECT 1.96 * sqrt(
        count(*) / (count(*) - 1.0) * sum((sample.edits - cer * sample.characters) ** 2)
    ) / any_value(total.characters) AS margin
    FROM sample, total
)
SELECT lines::BIGINT AS lines, characters::BIGINT AS characters, edits::BIGINT AS edits, cer,
    greatest(0, cer - margin) AS low, cer + margin AS high
FROM total, spread
"""
