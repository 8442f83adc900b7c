"""Transcripts held against ground truth, page by page."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
from apache_beam.io.filesystems import FileSystems

from model.metrics import ErrorCount, error_rates
from pipelines.formats.detect import read_markup
from pipelines.formats.pairing import pairing_key
from pipelines.options import UsageError
from pipelines.transforms.files import input_patterns, read_bytes
from schemas.records import Page


@dataclass(frozen=True)
class Evaluation:
    """How well some pages were read.

    Attributes:
        characters: Character errors.
        words: Word errors.
        pages: Pages that were compared.
        lines: Lines with ground truth on them.
        lines_missing: Those that were not transcribed; all their text counts as lost.
    """

    characters: ErrorCount
    words: ErrorCount
    pages: int
    lines: int
    lines_missing: int

    def summary(self) -> dict[str, float | int]:
        """Give the figures as one flat object."""
        return {
            "cer": self.characters.rate,
            "wer": self.words.rate,
            "pages": self.pages,
            "lines": self.lines,
            "lines_missing": self.lines_missing,
            "characters": self.characters.length,
            "words": self.words.length,
        }


def evaluate(connection: duckdb.DuckDBPyConnection, truth: list[str]) -> Evaluation:
    """Compare transcripts with PAGE or ALTO ground truth, line by line.

    Args:
        connection: What `pipelines.transcripts.open_tables` gave.
        truth: PAGE or ALTO files, folders and globs; a page is matched by its file name
            without extension, a line by its identifier.

    Returns:
        The errors, micro-averaged over the lines that have text in the truth.

    Raises:
        UsageError: If a file cannot be read, two have the same name, or no line of the
            truth was transcribed.
    """
    uri_of_page = _transcribed_pages(connection)
    pairs, pages, missing = [], 0, 0
    for name, page in _truth_pages(truth):
        read = _texts_of(connection, uri_of_page.get(name))
        lines = [line for line in page.lines if (line.text or "").strip()]
        pairs += [(line.text, read.get(line.line_id, "")) for line in lines]
        missing += sum(line.line_id not in read for line in lines)
        pages += 1
    if missing == len(pairs):
        raise UsageError(
            "no line of --truth is in --transcripts; transcribe those pages with --lines given"
        )
    return Evaluation(*error_rates(pairs), pages, len(pairs), missing)


def _transcribed_pages(connection) -> dict[str, str]:
    uris = [uri for (uri,) in connection.sql("SELECT page_uri FROM pages").fetchall()]
    return {_page_name(uri): uri for uri in uris}


def _truth_pages(truth: list[str]) -> Iterator[tuple[str, Page]]:
    seen: dict[str, str] = {}
    for match in FileSystems.match(list(input_patterns(truth))):
        for metadata in sorted(match.metadata_list, key=lambda m: m.path):
            name = _page_name(metadata.path)
            if name in seen:
                raise UsageError(f"--truth: {metadata.path} has the name of {seen[name]}; give one")
            seen[name] = metadata.path
            try:
                yield name, read_markup(read_bytes(metadata.path))
            except ValueError as error:
                raise UsageError(f"--truth {metadata.path}: {error}") from None


def _texts_of(connection, uri: str | None) -> dict[str, str]:
    query = "SELECT line_id, text FROM lines WHERE page_uri = ?"
    return dict(connection.execute(query, [uri]).fetchall()) if uri else {}


def _page_name(uri: str) -> str:
    return posixpath.basename(pairing_key(uri))
