"""Files through Beam's FileSystems: local, gs:// and whatever else it knows."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import BinaryIO

import apache_beam as beam
from apache_beam.io import fileio
from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems

from pipelines.options import UsageError


def read_bytes(uri: str) -> bytes:
    """Read a whole file.

    Raises:
        OSError: If it cannot be read.
    """
    # A file called .gz or .bz2 is given as it is.
    with FileSystems.open(uri, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        return file.read()


def write_bytes(uri: str, data: bytes) -> None:
    """Write a whole file."""
    with FileSystems.create(uri, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        file.write(data)


class BeamFiles:
    """`pipelines.formats.source.Files` on Beam's FileSystems."""

    def open(self, uri: str) -> BinaryIO:
        """Open a file for reading."""
        return FileSystems.open(uri, compression_type=CompressionTypes.UNCOMPRESSED)

    def first_existing(self, uris: Iterable[str]) -> str | None:
        """Find the first of some files that is there."""
        return first_existing(uris)


def first_existing(uris: Iterable[str]) -> str | None:
    """Find the first of some files that is there."""
    return next((uri for uri in uris if FileSystems.exists(uri)), None)


def input_patterns(inputs: Iterable[str], flag: str = "--input") -> tuple[str, ...]:
    """Turn the values of a flag into patterns, each of which matches something.

    Args:
        inputs: Files, folders (taken with all that is beneath them), globs, and '@' with a
            file that lists such, one a line.
        flag: The flag, for errors.

    Returns:
        Patterns for Beam's FileSystems.

    Raises:
        UsageError: If one matches no file, or a list cannot be read.
    """
    named = [name for given in inputs for name in _listed(given, flag)]
    patterns = tuple(map(_pattern, named))
    for given, pattern in zip(named, patterns):
        if not _matches_something(pattern):
            raise UsageError(f"{given}: no such file or folder, or nothing in it; check {flag}")
    return patterns


def _listed(given: str, flag: str) -> list[str]:
    if not given.startswith("@"):
        return [given]
    try:
        lines = read_bytes(given[1:]).decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{given}: list cannot be read ({error}); check {flag}") from None
    return [line.strip() for line in lines if line.strip()]


def _pattern(given: str) -> str:
    if any(character in given for character in "*?["):
        return given
    beneath = FileSystems.join(given, "**")
    return beneath if _matches_something(beneath) or os.path.isdir(given) else given


def _matches_something(pattern: str) -> bool:
    try:
        return any(result.metadata_list for result in FileSystems.match([pattern], limits=[1]))
    except BeamIOError:
        return False


class MatchFiles(beam.PTransform):
    """List the files that some patterns match, spread over the workers.

    Args:
        patterns: What `input_patterns` gave.
    """

    def __init__(self, patterns: tuple[str, ...]):
        super().__init__()
        self._patterns = patterns

    def expand(self, begin):
        return (
            begin
            | "Patterns" >> beam.Create(self._patterns)
            | "Match" >> fileio.MatchAll(fileio.EmptyMatchTreatment.ALLOW)
            | "Path" >> beam.Map(lambda metadata: metadata.path)
            | "Once" >> beam.Distinct()
        )
