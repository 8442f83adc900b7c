"""Simulated results of pages, without any images, for archives of any size.

A few thousand results are generated once at random; the pages of the archive get them in turn,
with their own names and digests. One page in a hundred cannot be read, one file in two hundred is
not an image, and one line in a hundred fails.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from model.quality.line_image import StripQuality
from model.quality.page import PageQuality
from pipelines.archive.portions import PageRows, rows_of
from pipelines.files.key_set import key_of
from pipelines.pages.records import PageResult, ReadLine
from schemas.records import (
    Character,
    Failure,
    Line,
    PageDone,
    PageSource,
    Skipped,
    SkipReason,
    Transcript,
)

PORTION_PAGES = 200
_FAILED, _SKIPPED = 0.01, 0.005
_LETTERS = "eeeeaaaiiissssnnnrrrttttoooolluuuddccmmppqvbfghjxéèàçEALDM,.1'    "
# Share of the characters that have alternatives, as in a transcription of 19th-century French
# letters.
_ALTERNATIVES = 0.37
_PIXELS_A_POINT = 5 * 28
_PAGE_PX = (2500, 3500)


@dataclass(frozen=True)
class Shape:
    """The size of the simulated pages, and how many of them are generated.

    Attributes:
        most_lines: A page has from 1 to this many lines.
        line_characters: Characters of a line, on average; it varies by up to a quarter.
        drawn_portions: Portions that are generated; further pages reuse their results.
    """

    most_lines: int = 5
    line_characters: int = 40
    drawn_portions: int = 20


def source_of(number: int) -> PageSource:
    """Return the source of a page of the archive; on the web, so that no file is expected.

    Example:
        >>> source_of(1234).uri
        'https://archive.example/000002/234.jpg'
    """
    uri = f"https://archive.example/{number // 500:06}/{number % 500:03}.jpg"
    return PageSource(uri, (uri,))


def sha256_of(uri: str) -> str:
    """Return the simulated digest of the image of a page."""
    return hashlib.sha256(uri.encode()).hexdigest()


def draw_result(number: int, shape: Shape) -> PageResult:
    """Generate the result of a page; the same number always gives the same result.

    Args:
        number: Number of the page.
        shape: Size of the pages.
    """
    draw = random.Random(number)  # noqa: S311
    source = source_of(number)
    chance = draw.random()
    if chance < _FAILED:
        failure = Failure(source.uri, "read", "cannot identify image file; check the file")
        return PageResult(failure, seconds=draw.random(), source=source)
    if chance < _FAILED + _SKIPPED:
        return PageResult(Skipped(source.uri, "no image"), source=source)
    count = draw.randint(1, shape.most_lines)
    drawn = [_draw_line(draw, source.uri, index, shape) for index in range(count)]
    return PageResult(
        PageDone(source.uri, sha256_of(source.uri), *_PAGE_PX, "finder", count),
        tuple(line for line in drawn if isinstance(line, ReadLine)),
        tuple(line for line in drawn if isinstance(line, Failure)),
        PageQuality(draw.random(), draw.uniform(-1, 1), draw.random()),
        300.0,
        draw.random(),
        draw.random(),
        source,
    )


def _draw_line(draw: random.Random, uri: str, index: int, shape: Shape) -> ReadLine | Failure:
    name = f"f{index}"
    if draw.random() < _FAILED:
        return Failure(uri, "recognise", f"line {name}: the strip is empty", name)
    characters = tuple(
        Character(letter, draw.random(), _draw_alternatives(draw))
        for letter in draw.choices(_LETTERS, k=_about(draw, shape.line_characters))
    )
    y = 100 * index
    upper, lower = (_draw_points(draw, len(characters), y + rise) for rise in (0, 80))
    line = Line(name, index, baseline=lower, polygon=(*upper, *reversed(lower)), region_id="r1")
    text = "".join(character.text for character in characters)
    transcript = Transcript(
        uri, line, text, draw.random(), characters, draw.random(), draw.random()
    )
    return ReadLine(transcript, StripQuality(draw.random(), 0.3, 0.1, 0.1))


def _about(draw: random.Random, count: int) -> int:
    return max(1, draw.randint(count * 3 // 4, count * 5 // 4))


def _draw_alternatives(draw: random.Random) -> tuple[tuple[str, float], ...]:
    if draw.random() > _ALTERNATIVES:
        return ()
    return ((draw.choice(_LETTERS), draw.random()),)


def _draw_points(draw: random.Random, count: int, y: float) -> tuple[tuple[float, float], ...]:
    places = range(0, 28 * count + _PIXELS_A_POINT, _PIXELS_A_POINT)
    return tuple((x + draw.randint(0, 40), y + draw.randint(0, 20)) for x in places)


def again(result: PageResult) -> PageResult:
    """Return the result of a page in the next run, which tries only failed pages again."""
    if isinstance(result.outcome, Failure):
        return result
    return PageResult(Skipped(result.uri, SkipReason.UNCHANGED), source=result.source)


def renamed(result: PageResult, source: PageSource) -> PageResult:
    """Return the result of a page under the name of another page.

    Args:
        result: Result of some page.
        source: The other page.
    """
    uri = source.uri
    outcome = replace(result.outcome, uri=uri)
    if isinstance(outcome, PageDone):
        outcome = replace(outcome, sha256=sha256_of(uri))
    lines = (replace(line.transcript, page_uri=uri) for line in result.lines)
    return replace(
        result,
        outcome=outcome,
        lines=tuple(ReadLine(line, old.quality) for line, old in zip(lines, result.lines)),
        failures=tuple(replace(failure, uri=uri) for failure in result.failures),
        source=source,
    )


def read_page(source: PageSource, shape: Shape) -> PageResult:
    """Return the simulated result of a page.

    Args:
        source: The page.
        shape: Size of the pages.
    """
    drawn = drawn_pages(shape)
    place = int.from_bytes(key_of(source.uri)[:8], "big") % len(drawn)
    return renamed(drawn[place], source)


@lru_cache(maxsize=1)
def drawn_pages(shape: Shape) -> tuple[PageResult, ...]:
    """Generate the results that all pages share."""
    return tuple(
        draw_result(number, shape) for number in range(shape.drawn_portions * PORTION_PAGES)
    )


class FakePortions:
    """Table rows of whole portions, made once and renamed by column, for loops over millions.

    Args:
        results: Results from `drawn_pages`, or those of the same pages in the next run.
        run_id: Identifier of the run.
    """

    def __init__(self, results: Sequence[PageResult], run_id: str):
        self._portions = [
            _Portion(results[start : start + PORTION_PAGES], run_id)
            for start in range(0, len(results), PORTION_PAGES)
        ]

    def named(self, first: int) -> PageRows:
        """Return the rows of a portion.

        Args:
            first: Number of its first page, a multiple of `PORTION_PAGES`.
        """
        portion = self._portions[first // PORTION_PAGES % len(self._portions)]
        return portion.named([source_of(first + place).uri for place in range(PORTION_PAGES)])


class _Portion:
    def __init__(self, results: Sequence[PageResult], run_id: str):
        place_of = {result.uri: place for place, result in enumerate(results)}
        tables = zip(*(rows_of(result, run_id) for result in results))
        self._rows = PageRows(*(pa.concat_tables(rows).combine_chunks() for rows in tables))
        self._places = [
            pa.array([place_of[uri] for uri in rows[column].to_pylist()], pa.int32())
            for rows, column in zip(self._rows, ("page_uri", "uri", "page_uri"))
        ]

    def named(self, uris: Sequence[str]) -> PageRows:
        names = pa.array(uris)
        lines, failures, pages = (names.take(places) for places in self._places)
        digests = pa.array(map(sha256_of, uris))
        is_read = pc.not_equal(self._rows.pages["sha256"], "")
        return PageRows(
            _with(self._rows.lines, page_uri=lines),
            _with(self._rows.failures, uri=failures),
            _with(
                self._rows.pages,
                page_uri=pages,
                address=pages,
                sha256=pc.if_else(is_read, digests, ""),
            ),
        )


def _with(rows: pa.Table, **columns: pa.Array) -> pa.Table:
    for name, values in columns.items():
        place = rows.schema.get_field_index(name)
        rows = rows.set_column(place, rows.schema.field(place), values)
    return rows
