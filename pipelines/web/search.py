"""Search the index: lines with all words, the best first, and where in the line they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from model.text.words import Sought, sought_words, word_spans
from pipelines.web.library import Library

# How words are compared.
EXACT, DOUBTS, NEAR = "exact", "doubts", "near"
FUZZINESS = (NEAR, DOUBTS, EXACT)
HITS_A_PAGE = 20
# One page further needs all the hits before it.
_MOST_PAGES = 500


@dataclass(frozen=True)
class Search:
    """What is sought.

    Attributes:
        text: Words, all of which a line must have; 'notair*' is the start of one.
        fuzziness: `EXACT`; `DOUBTS`, also what the model was not sure of; or `NEAR`, also words
            that differ by one letter.
        collection: Only in this collection; empty for all.
        document: Only in this document or folder; empty for all.
        least_confidence: Only lines read with this confidence, 0..1.
        since: Only lines that were read on this day or later.
        until: Only lines that were read on this day or before.
        number: Page of the results, from 1.
    """

    text: str
    fuzziness: str = NEAR
    collection: str = ""
    document: str = ""
    least_confidence: float = 0.0
    since: date | None = None
    until: date | None = None
    number: int = 1


@dataclass(frozen=True)
class Hit:
    """A line that was found.

    Attributes:
        page_key: The page.
        page: Row of the page.
        line_id: The line.
        line_index: Its place on the page, from 0.
        text: Its text, as it was corrected if it was.
        confidence: Its confidence.
        marks: Start and end in the text of each word that was found.
        doubtful: What was read in its place by a letter or reading in doubt; may be empty.
        author: Who corrected it; None if nobody did.
    """

    page_key: int
    page: dict
    line_id: str
    line_index: int
    text: str
    confidence: float
    marks: tuple[tuple[int, int], ...]
    doubtful: tuple[str, ...] = ()
    author: str | None = None

    @property
    def query(self) -> str:
        """What to add to the address of its image for the words to be marked."""
        marks = ",".join(f"{start}-{stop}" for start, stop in self.marks)
        return f"?marks={marks}&of={len(self.text)}" if marks else ""


@dataclass(frozen=True)
class Found:
    """The result of a search.

    Attributes:
        count: Lines that were found.
        hits: Those of this page.
        words: The words that were sought.
    """

    count: int = 0
    hits: list[Hit] = field(default_factory=list)
    words: list[Sought] = field(default_factory=list)

    @property
    def page_count(self) -> int:
        """Number of pages of results."""
        return min(-(-self.count // HITS_A_PAGE), _MOST_PAGES)


# One part for each word: the words of the index that match it, and the lines that they are in, each
# with the best match as one number, of which the cost is the highest part.
_PART = """
matched_{i} AS (
    SELECT word_no, 0 AS edits FROM words WHERE word BETWEEN $word_{i} AND $last_{i}
    UNION ALL
    SELECT word_no, 0 FROM corrected_words WHERE word BETWEEN $word_{i} AND $last_{i}
    UNION ALL
    SELECT word_no, 1
    FROM (SELECT * FROM read_words UNION ALL SELECT * FROM corrected_words)
    WHERE $distance_{i} > 0 AND word <> $word_{i}
        AND length(word) BETWEEN length($word_{i}) - 1 AND length($word_{i}) + 1
        AND levenshtein(word, $word_{i}) <= $distance_{i}
),
found_{i} AS (
    SELECT line_no, min(((edits * 4 + source)::BIGINT << 48) + (word_no << 16) + place) AS best
    FROM (
        SELECT line_no, edits, source, word_no, place
        FROM postings JOIN matched_{i} USING (word_no)
        WHERE source <= $most_source AND line_no NOT IN (SELECT line_no FROM corrected)
        UNION ALL
        SELECT line_no, edits, 0, word_no, place
        FROM corrected_postings JOIN matched_{i} USING (word_no)
    )
    GROUP BY line_no
)
"""

_HITS = """
WITH {parts},
hits AS MATERIALIZED (
    SELECT line_no, position, page_key, corrected.text AS said, author, {bests}, {cost} AS cost
    FROM {joined} JOIN current_lines USING (line_no) {of_pages}
        LEFT JOIN corrected USING (line_no)
    WHERE ($least <= 0 OR current_lines.confidence >= $least OR author IS NOT NULL)
        AND ($since = 0 OR day >= $since) AND ($until = 0 OR day <= $until)
),
top AS (SELECT * FROM hits ORDER BY cost, position LIMIT $limit OFFSET $offset)
SELECT top.*, (SELECT count(*) FROM hits) AS count, page_uri, collection, name, label,
    lines.line_id, line_index, coalesce(said, text) AS text, lines.confidence
FROM top JOIN lines USING (line_no) JOIN pages ON pages.page_key = top.page_key
ORDER BY cost, position
"""
_OF_PAGES = """
JOIN (
    SELECT page_key FROM pages
    WHERE ($collection = '' OR collection = $collection) AND ($document = '' OR folder = $document)
) USING (page_key)
"""
_WORDS = "SELECT word_no, word FROM words WHERE list_contains($numbers::BIGINT[], word_no)"


def search(library: Library, wanted: Search) -> Found:
    """Find lines.

    Args:
        library: The transcripts.
        wanted: What is sought.

    Returns:
        The lines of one page of the result: those with exactly these words first.

    Raises:
        QueryTimeout: If it takes too long.
    """
    words = sought_words(wanted.text, wanted.fuzziness == NEAR)
    if not words:
        return Found()
    is_of_some = bool(wanted.collection or wanted.document)
    rows = library.search(_sql(len(words), is_of_some), _values(wanted, words))
    if not rows:
        return Found(words=words)
    bests = [[row[f"best_{i}"] for i in range(len(words))] for row in rows]
    numbers = {best >> 16 & 0xFFFFFFFF for of_row in bests for best in of_row}
    named = library.search(_WORDS, {"numbers": list(numbers)})
    texts = {row["word_no"]: row["word"] for row in named}
    hits = [_hit(row, best, texts) for row, best in zip(rows, bests)]
    return Found(rows[0]["count"], hits, words)


def _sql(count: int, is_of_some: bool) -> str:
    parts = ",".join(_PART.format(i=i) for i in range(count))
    joined = "found_0" + "".join(f" JOIN found_{i} USING (line_no)" for i in range(1, count))
    return _HITS.format(
        parts=parts.strip(),
        joined=joined,
        of_pages=_OF_PAGES if is_of_some else "",
        cost=" + ".join(f"(found_{i}.best >> 48)" for i in range(count)),
        bests=", ".join(f"found_{i}.best AS best_{i}" for i in range(count)),
    )


def _values(wanted: Search, words: list[Sought]) -> dict[str, object]:
    values: dict[str, object] = {
        "most_source": 0 if wanted.fuzziness == EXACT else 2,
        "least": wanted.least_confidence,
        # Identifiers of runs start with the day.
        "since": int(f"{wanted.since:%Y%m%d}") if wanted.since else 0,
        "until": int(f"{wanted.until:%Y%m%d}") if wanted.until else 0,
        "limit": HITS_A_PAGE,
        "offset": (min(wanted.number, _MOST_PAGES) - 1) * HITS_A_PAGE,
    }
    if wanted.collection or wanted.document:
        values |= {"collection": wanted.collection, "document": wanted.document}
    for i, one in enumerate(words):
        # The last that starts so.
        last = one.word + chr(0x10FFFF) if one.is_start else one.word
        values |= {f"word_{i}": one.word, f"last_{i}": last, f"distance_{i}": one.distance}
    return values


def _hit(row: dict, bests: list[int], texts: dict[int, str]) -> Hit:
    spans = word_spans(row["text"])
    places = [best & 0xFFFF for best in bests]
    marks = sorted({spans[place - 1] for place in places if 0 < place <= len(spans)})
    # What was read is in the text itself.
    doubtful = [texts[best >> 16 & 0xFFFFFFFF] for best in bests if best >> 48 & 3]
    return Hit(
        row["page_key"],
        row,
        row["line_id"],
        row["line_index"],
        row["text"],
        row["confidence"],
        tuple(marks),
        tuple(dict.fromkeys(doubtful)),
        row["author"],
    )
