"""Search the index: lines with all words, the best first, and where in the line they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from pipelines.web.library import Library
from pipelines.web.words import Sought, sought_words, word_spans

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
        text: Its text.
        confidence: Its confidence.
        marks: Start and end in the text of each word that was found.
        doubtful: What was read in its place by a letter or reading in doubt; may be empty.
    """

    page_key: int
    page: dict
    line_id: str
    line_index: int
    text: str
    confidence: float
    marks: tuple[tuple[int, int], ...]
    doubtful: tuple[str, ...] = ()

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


# One part for each word: the words of the index that match it, and the lines that they are in.
_PART = """
found_{i} AS (
    SELECT line_no, min(edits * 4 + source) AS cost, arg_min(word, edits * 4 + source) AS word,
        arg_min(place, edits * 4 + source) AS place
    FROM postings JOIN (
        SELECT word_no, word, CASE
            WHEN word = $word_{i} OR $start_{i} AND starts_with(word, $word_{i}) THEN 0
            ELSE levenshtein(word, $word_{i})
        END AS edits
        FROM words
        WHERE word = $word_{i} OR $start_{i} AND starts_with(word, $word_{i})
            OR $distance_{i} > 0
                AND length(word) BETWEEN length($word_{i}) - $distance_{i}
                    AND length($word_{i}) + $distance_{i}
                AND levenshtein(word, $word_{i}) <= $distance_{i}
    ) USING (word_no)
    WHERE source <= $most_source
    GROUP BY line_no
)
"""

_HITS = """
WITH {parts},
hits AS (
    SELECT line_no, {cost} AS cost, [{words}] AS words, [{places}] AS places,
        page_key, page_uri, collection, name, label, lines.line_id, line_index, text,
        lines.confidence, rank
    FROM {joined}
    JOIN lines USING (line_no)
    JOIN pages USING (page_key)
    WHERE lines.run_id = reading_run
        AND ($collection = '' OR collection = $collection)
        AND ($document = '' OR folder = $document)
        AND ($least <= 0 OR lines.confidence >= $least)
        AND ($since = '' OR lines.run_id >= $since) AND ($until = '' OR lines.run_id < $until)
)
SELECT *, (SELECT count(*) FROM hits) AS count FROM hits
ORDER BY cost, rank, line_index
LIMIT $limit OFFSET $offset
"""


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
    rows = library.search(_sql(len(words)), _values(wanted, words))
    if not rows:
        return Found(words=words)
    return Found(rows[0]["count"], [_hit(row) for row in rows], words)


def _sql(count: int) -> str:
    parts = ",".join(_PART.format(i=i) for i in range(count))
    joined = "found_0" + "".join(f" JOIN found_{i} USING (line_no)" for i in range(1, count))
    return _HITS.format(
        parts=parts.strip(),
        joined=joined,
        cost=" + ".join(f"found_{i}.cost" for i in range(count)),
        words=", ".join(f"found_{i}.word" for i in range(count)),
        places=", ".join(f"found_{i}.place" for i in range(count)),
    )


def _values(wanted: Search, words: list[Sought]) -> dict[str, object]:
    values: dict[str, object] = {
        "most_source": 0 if wanted.fuzziness == EXACT else 2,
        "collection": wanted.collection,
        "document": wanted.document,
        "least": wanted.least_confidence,
        # Identifiers of runs start with the day.
        "since": f"{wanted.since:%Y%m%d}" if wanted.since else "",
        "until": f"{wanted.until:%Y%m%d}T99" if wanted.until else "",
        "limit": HITS_A_PAGE,
        "offset": (min(wanted.number, _MOST_PAGES) - 1) * HITS_A_PAGE,
    }
    for i, one in enumerate(words):
        values |= {f"word_{i}": one.word, f"start_{i}": one.is_start, f"distance_{i}": one.distance}
    return values


def _hit(row: dict) -> Hit:
    spans = word_spans(row["text"])
    marks = sorted({spans[place - 1] for place in row["places"] if 0 < place <= len(spans)})
    own = {row["text"][start:stop] for start, stop in marks}
    doubtful = (row["cost"] % 4 and tuple(dict.fromkeys(row["words"]))) or ()
    return Hit(
        row["page_key"], row, row["line_id"], row["line_index"], row["text"], row["confidence"],
        tuple(marks), tuple(word for word in doubtful if word not in own),
    )  # fmt: skip
