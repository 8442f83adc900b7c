r"""The SQL of the index of words: which line has which word, also in what the model doubted.

A word is in lower case and without accents, as the recipe `names` compares them. Each file of the
table `lines` is indexed once; the index says nothing that the tables do not, and may be removed at
any time.
"""

from __future__ import annotations

# Its number is in the name of the file: an index of another shape is made anew.
INDEX_VERSION = 3
# Letters less probable than this would double the index and find next to nothing.
LEAST_DOUBT = 0.05

_WORD = r"[\pL\pM\pN]+"
_FOLDED = "lower(strip_accents({}))"

# Where a word comes from: the text, another reading of the line, or another letter. What people
# corrected stands beside what was read; its words have numbers of their own.
TABLES = """
CREATE TABLE IF NOT EXISTS files (file_no INTEGER, path VARCHAR, size BIGINT, changed BIGINT);
CREATE TABLE IF NOT EXISTS lines (
    line_no BIGINT, file_no INTEGER, page_key UBIGINT, run_id VARCHAR, line_id VARCHAR,
    line_index INTEGER, text VARCHAR, confidence FLOAT
);
CREATE TABLE IF NOT EXISTS words (word_no BIGINT, word VARCHAR, is_read BOOLEAN);
CREATE TABLE IF NOT EXISTS postings (
    word_no BIGINT, line_no BIGINT, place SMALLINT, source UTINYINT
);
CREATE TABLE IF NOT EXISTS read_words (word_no BIGINT, word VARCHAR);
CREATE TABLE IF NOT EXISTS current_lines (
    line_no BIGINT, position BIGINT, page_key UBIGINT, day INTEGER, confidence FLOAT
);
CREATE TABLE IF NOT EXISTS pages (
    page_key UBIGINT, page_uri VARCHAR, collection VARCHAR, document VARCHAR, folder VARCHAR,
    name VARCHAR, place INTEGER, label VARCHAR, status VARCHAR, reason VARCHAR, address VARCHAR,
    sha256 VARCHAR, width_px INTEGER, height_px INTEGER, lines_ok INTEGER, lines_failed INTEGER,
    confidence FLOAT, cer_estimate FLOAT, warnings VARCHAR[], run_id VARCHAR, reading_run VARCHAR,
    rank BIGINT
);
CREATE TABLE IF NOT EXISTS corrected (
    line_no BIGINT, kind VARCHAR, text VARCHAR, author VARCHAR
);
CREATE TABLE IF NOT EXISTS corrected_words (word_no BIGINT, word VARCHAR);
CREATE TABLE IF NOT EXISTS corrected_postings (word_no BIGINT, line_no BIGINT, place SMALLINT);
"""

KEY = "('0x' || substr(sha256(page_uri), 1, 16))::UBIGINT"

ADD_LINES = f"""
INSERT INTO lines
SELECT $first::BIGINT + file_row_number, $file_no, {KEY}, run_id, line_id, line_index,
    text, confidence
FROM read_parquet($path, hive_partitioning = false, file_row_number = true)
"""

# The words of a file. A letter is replaced by each of its alternatives in the word around it;
# another letter may also join two words, or split one.
FILE_WORDS = f"""
CREATE TEMP TABLE arrived AS
WITH stored AS (
    SELECT $first::BIGINT + file_row_number AS line_no, text, characters, alternatives
    FROM read_parquet($path, hive_partitioning = false, file_row_number = true)
),
plain AS (
    SELECT line_no, unnest(w) AS word, generate_subscripts(w, 1) AS place
    FROM (
        SELECT line_no, regexp_extract_all({_FOLDED.format("text")}, '{_WORD}') AS w FROM stored
    )
),
other_readings AS (
    SELECT DISTINCT line_no, unnest([
        one FOR one IN regexp_extract_all({_FOLDED.format("reading")}, '{_WORD}')
        IF NOT list_contains(own, one)
    ]) AS word
    FROM (
        SELECT line_no, unnest(alternatives[2:]).text AS reading,
            regexp_extract_all({_FOLDED.format("text")}, '{_WORD}') AS own
        FROM stored
    )
),
doubts AS (
    SELECT line_no, characters, unnest([
        i FOR i IN range(1, len(characters) + 1)
        IF len(characters[i].alternatives) > 0
            AND characters[i].alternatives[1].confidence >= {LEAST_DOUBT}
    ]) AS i
    FROM stored
),
letters AS (
    SELECT line_no, array_to_string([c.text FOR c IN characters[:i - 1]], '') AS head,
        array_to_string([c.text FOR c IN characters[i + 1:]], '') AS tail,
        unnest([
            a.text FOR a IN characters[i].alternatives IF a.confidence >= {LEAST_DOUBT}
        ]) AS letter
    FROM doubts
),
around AS (
    SELECT line_no, regexp_extract(head, '{_WORD}$') AS start,
        len(regexp_extract_all(head, '{_WORD}')) + (start = '')::INTEGER AS place,
        start || letter || regexp_extract(tail, '^{_WORD}') AS form
    FROM letters
),
other_letters AS (
    SELECT line_no, place,
        unnest(regexp_extract_all({_FOLDED.format("form")}, '{_WORD}')) AS word
    FROM around
)
SELECT line_no, word, place::SMALLINT AS place, 0::UTINYINT AS source FROM plain
UNION ALL
SELECT line_no, word, 0::SMALLINT, 1::UTINYINT FROM other_readings
UNION ALL
SELECT DISTINCT line_no, word, place::SMALLINT, 2::UTINYINT FROM other_letters
"""

# A word that only another letter would make is not compared letter by letter.
ADD_WORDS = """
INSERT INTO words
SELECT (SELECT coalesce(max(word_no), 0) FROM words) + row_number() OVER (ORDER BY word), word,
    is_read
FROM (SELECT word, bool_or(source < 2) AS is_read FROM arrived GROUP BY word)
ANTI JOIN words USING (word);
UPDATE words SET is_read = true
WHERE NOT is_read AND word IN (SELECT word FROM arrived WHERE source < 2);
"""

ADD_POSTINGS = """
INSERT INTO postings
SELECT word_no, line_no, place, source FROM arrived JOIN words USING (word)
ORDER BY word_no, line_no
"""

# Of the views of the tables. Pages are ranked as an export orders them, to turn them over.
PAGES = f"""
SELECT {KEY} AS page_key, page_uri, collection, document,
    CASE WHEN document = '' THEN regexp_replace(page_uri, '[^/]*$', '') ELSE document END AS folder,
    regexp_extract(page_uri, '[^/]*$') AS name, place, label, status, reason, address, sha256,
    width_px, height_px, lines_ok, lines_failed, confidence, cer_estimate, warnings, run_id,
    coalesce(read_run_id, run_id) AS reading_run,
    row_number() OVER (ORDER BY collection, folder, place, page_uri) AS rank
FROM pages
"""

# The words that are compared letter by letter; and the lines of the readings that count, and where
# they come in the order of all pages.
CURRENT = """
DELETE FROM read_words;
INSERT INTO read_words SELECT word_no, word FROM words WHERE is_read ORDER BY word_no;
DELETE FROM current_lines;
INSERT INTO current_lines
SELECT line_no, rank * 1000000 + line_index, page_key,
    coalesce(try_cast(lines.run_id[:8] AS INTEGER), 0), lines.confidence
FROM lines JOIN pages USING (page_key) WHERE lines.run_id = reading_run
ORDER BY line_no;
"""

# Corrections that came. They have a table of their own, as DuckDB joins a long list slowly.
SAID = """
CREATE TEMP TABLE said AS
SELECT unnest($page_uri::VARCHAR[]) AS page_uri, unnest($line_id::VARCHAR[]) AS line_id,
    unnest($kind::VARCHAR[]) AS kind, unnest($text::VARCHAR[]) AS text,
    unnest($author::VARCHAR[]) AS author, unnest($holds::BOOLEAN[]) AS holds
"""
# Each with the line as it was read; and the words of those that hold.
REPLACE_CORRECTED = f"""
CREATE TEMP TABLE came AS
SELECT line_no, said.* EXCLUDE (page_uri, line_id)
FROM said JOIN pages USING (page_uri)
JOIN lines ON lines.page_key = pages.page_key AND lines.run_id = reading_run
    AND lines.line_id = said.line_id;
DELETE FROM corrected WHERE line_no IN (SELECT line_no FROM came);
DELETE FROM corrected_postings WHERE line_no IN (SELECT line_no FROM came);
INSERT INTO corrected SELECT line_no, kind, text, author FROM came WHERE holds;
CREATE TEMP TABLE came_words AS
SELECT line_no, unnest(w) AS word, generate_subscripts(w, 1) AS place
FROM (
    SELECT line_no, regexp_extract_all({_FOLDED.format("text")}, '{_WORD}') AS w
    FROM came WHERE holds
);
INSERT INTO corrected_words
SELECT (1::BIGINT << 31) + (SELECT count(*) FROM corrected_words) + row_number() OVER (), word
FROM (SELECT DISTINCT word FROM came_words ANTI JOIN corrected_words USING (word));
INSERT INTO corrected_postings
SELECT word_no, line_no, place FROM came_words JOIN corrected_words USING (word);
DROP TABLE said;
DROP TABLE came;
DROP TABLE came_words;
"""
NONE_CORRECTED = """
DELETE FROM corrected;
DELETE FROM corrected_words;
DELETE FROM corrected_postings;
"""
