"""The SQL of the recipes that ask how good the text is, and which pages to correct.

Values are bound parameters, `$name`, as in `pipelines.transcripts.recipe_sql`.
"""

from __future__ import annotations

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
    SELECT edits(text, truth) AS edits, length(truth) AS characters
    FROM (
        -- Where a text begins like a formula, an apostrophe was put before it.
        SELECT coalesce(regexp_replace(text, '^''([=+@-])', '\1'), '') AS text,
            regexp_replace(truth, '^''([=+@-])', '\1') AS truth
        FROM read_csv($file::VARCHAR, header = true, all_varchar = true)
    )
    WHERE truth <> ''
),
total AS (
    SELECT count(*) AS lines, count(*) FILTER (edits = 0) AS as_read,
        sum(characters) AS characters, sum(edits) AS edits,
        sum(edits) / sum(characters) AS cer
    FROM sample
),
spread AS (
    SELECT 1.96 * sqrt(
        count(*) / (count(*) - 1.0) * sum((sample.edits - cer * sample.characters) ** 2)
    ) / any_value(total.characters) AS margin
    FROM sample, total
)
SELECT lines::BIGINT AS lines, as_read::BIGINT AS as_read, characters::BIGINT AS characters,
    edits::BIGINT AS edits, cer, greatest(0, cer - margin) AS low,
    -- Without an edit, the rule of three (Hanley and Lippman-Hand 1983).
    CASE WHEN edits = 0 THEN least(1, 3 / characters) ELSE cer + margin END AS high
FROM total, spread
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
