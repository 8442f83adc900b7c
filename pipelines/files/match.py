"""List the files of the input, and tell what of it cannot be listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import apache_beam as beam

from pipelines.buckets.store import is_bucket
from pipelines.cli.options import UsageError
from pipelines.files.filesystem import files_in, is_left_out, pattern_of, printable
from pipelines.files.objects import matching_objects
from pipelines.files.walk import walk
from schemas.records import Failure, Skipped


def match_files(given: str) -> list[str | Failure | Skipped]:
    """List the files of one input.

    Args:
        given: A file, a folder (with everything beneath it) or a glob.

    Returns:
        Their paths, and for a zip archive those of its members; empty where there are none. For
        what cannot be listed a failure or the reason for skipping it.

    Raises:
        OSError: If the file system cannot be reached.
        ValueError: If no file system supports its scheme.
    """
    return [found for one in listed(pattern_of(given, "the list")) for found in _in_archives(one)]


def listed(pattern: str) -> Iterator[str | Failure | Skipped]:
    """List the files that a pattern from `input_patterns` matches, as `walk` does."""
    if not is_bucket(pattern):
        yield from map(_with_printable_name, walk(pattern))
        return
    yield from map(printable, matching_objects(pattern))


def listed_paths(patterns: Iterable[str], flag: str) -> list[str]:
    """List the files that some patterns match, each once, where all have to be listed.

    Args:
        patterns: Result of `input_patterns`.
        flag: The flag, for error messages.

    Raises:
        UsageError: If a folder or link among them cannot be read.
    """
    found = [one for pattern in patterns for one in listed(pattern)]
    for one in found:
        if isinstance(one, Failure):
            raise UsageError(f"{flag} {one.uri}: {one.error}")
    return sorted({one for one in found if isinstance(one, str)})


def _with_printable_name(found: str | Failure | Skipped) -> str | Failure | Skipped:
    return printable(found) if isinstance(found, str) else replace(found, uri=printable(found.uri))


def _in_archives(found: str | Failure | Skipped) -> list[str | Failure | Skipped]:
    return files_in(found) if isinstance(found, str) else [found]


class Listing(NamedTuple):
    """What `MatchFiles` finds.

    Attributes:
        paths: The files, each once.
        unlisted: Failures and skipped files: what could not be listed.
    """

    paths: beam.PCollection
    unlisted: beam.PCollection


class MatchFiles(beam.PTransform):
    """List the files that some patterns match, and those in zip archives, spread over the workers.

    Args:
        patterns: Patterns from `input_patterns`.
        left_out: Path prefixes of files that are not listed: those that the run writes.
    """

    def __init__(self, patterns: tuple[str, ...], left_out: tuple[str, ...] = ()):
        super().__init__()
        self._patterns, self._left_out = patterns, left_out

    def expand(self, begin):
        found = (
            begin
            | "Patterns" >> beam.Create(self._patterns)
            | "Match"
            >> beam.FlatMap(_listed_records, self._left_out).with_outputs("unlisted", main="paths")
        )
        paths = found.paths | "In archives" >> beam.FlatMap(files_in) | "Once" >> beam.Distinct()
        unlisted = (
            found.unlisted
            | "By name" >> beam.WithKeys(lambda one: one.uri)
            | "Gather" >> beam.GroupByKey()
            | "First" >> beam.Map(lambda of_name: next(iter(of_name[1])))
        )
        return Listing(paths, unlisted)


def _listed_records(pattern: str, left_out: tuple[str, ...]) -> Iterator:
    for one in listed(pattern):
        if isinstance(one, str):
            if not is_left_out(one, left_out):
                yield one
        elif not is_left_out(one.uri, left_out):
            yield beam.pvalue.TaggedOutput("unlisted", one)
