"""Files through Beam's FileSystems: local, gs:// and other schemes that it supports."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from typing import BinaryIO

import apache_beam as beam
from apache_beam.io import fileio
from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems

from pipelines.cli.options import WILD_CARD, UsageError

# '[' cannot be escaped in Beam's patterns; '?' matches it and any other character.
_LITERAL = {"*": "[*]", "?": "[?]", "[": "?"}


def read_bytes(uri: str) -> bytes:
    """Read a whole file.

    Raises:
        OSError: If it cannot be read.
    """
    # Without this a file named .gz or .bz2 would be decompressed.
    with FileSystems.open(uri, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        return file.read()


def write_bytes(uri: str, data: bytes) -> None:
    """Write a whole file."""
    with FileSystems.create(uri, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        file.write(data)


def write_whole(uri: str, data: bytes) -> None:
    """Write a file atomically: to a temporary name, then rename it."""
    write_bytes(f"{uri}.part", data)
    FileSystems.rename([f"{uri}.part"], [uri])


def printable(path: str) -> str:
    r"""Return a file name as valid UTF-8, invalid bytes escaped.

    A file with an invalid name is then not found, and fails without affecting others.

    Example:
        >>> printable("caf\udce9.png")
        'caf\\udce9.png'
    """
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


class BeamFiles:
    """`pipelines.formats.source.Files` on Beam's FileSystems."""

    def open(self, uri: str) -> BinaryIO:
        """Open a file for reading."""
        return FileSystems.open(uri, compression_type=CompressionTypes.UNCOMPRESSED)

    def first_existing(self, uris: Iterable[str]) -> str | None:
        """Return the first of some files that exists, or None."""
        return first_existing(uris)


def first_existing(uris: Iterable[str]) -> str | None:
    """Return the first of some files that exists, or None."""
    return next((uri for uri in uris if FileSystems.exists(uri)), None)


def input_patterns(inputs: Iterable[str], flag: str = "--input") -> tuple[str, ...]:
    """Turn the values of a flag into patterns, and check that each matches a file.

    Args:
        inputs: Files, folders (with everything beneath them), globs, and '@' followed by a
            file that lists such entries, one per line.
        flag: The flag, for error messages.

    Returns:
        Patterns for Beam's FileSystems.

    Raises:
        UsageError: If a pattern matches no file, or a list cannot be read.
    """
    entries = [entry for given in inputs for entry in _listed(given, flag)]
    patterns = tuple(_pattern(entry, flag) for entry in entries)
    for entry, pattern in zip(entries, patterns):
        if not _matches_something(pattern):
            raise UsageError(f"{entry}: no such file or folder, or nothing in it; check {flag}")
    return patterns


def input_roots(inputs: Iterable[str], patterns: Iterable[str]) -> tuple[str, ...]:
    """Return the folder of each input: itself, or that of a file, or the fixed part of a glob.

    Args:
        inputs: Values of the flag.
        patterns: Result of `input_patterns` for them.
    """
    entries = (entry for given in inputs for entry in _listed(given, "--input"))
    roots = map(_root, map(normalised_path, entries), patterns)
    return tuple(dict.fromkeys(roots))


def _root(given: str, pattern: str) -> str:
    """Return the folder of an input.

    Example:
        >>> _root("d/test", "d/test/**"), _root("d/*/x.xml", "d/*/x.xml"), _root("d/a", "d/a")
        ('d/test', 'd', 'd')
    """
    if pattern in (FileSystems.join(given, "**"), beneath_pattern(given)):
        return given
    fixed = WILD_CARD.split(given)[0] if pattern.endswith(given) else given
    return fixed.rpartition("/")[0]


def _listed(given: str, flag: str) -> list[str]:
    if not given.startswith("@"):
        return [given]
    try:
        return list(list_entries(given[1:]))
    except (OSError, ValueError) as error:
        raise UsageError(f"{given}: list cannot be read ({error}); check {flag}") from None


def list_entries(uri: str) -> Iterator[str]:
    """Read the entries of a list file lazily, one per line.

    Args:
        uri: A text file in UTF-8.

    Yields:
        The lines that are not empty, without surrounding white space.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is not UTF-8.
    """
    with BeamFiles().open(uri) as file, TextIOWrapper(file, "utf-8-sig") as lines:
        yield from filter(None, map(str.strip, lines))


def match_files(given: str) -> list[str]:
    """List the files of one input.

    Args:
        given: A file, a folder (with everything beneath it) or a glob.

    Returns:
        Their paths; empty where there are none.

    Raises:
        OSError: If the file system cannot be reached.
        ValueError: If no file system supports its scheme.
    """
    (result,) = FileSystems.match([_pattern(given, "the list")])
    return [printable(metadata.path) for metadata in result.metadata_list]


def normalised_path(path: str) -> str:
    """Return a local path in its shortest form, so that a page has only one name.

    Example:
        >>> normalised_path("./scans//a.jpg"), normalised_path("gs://scans//a.jpg")
        ('scans/a.jpg', 'gs://scans//a.jpg')
    """
    return path if FileSystems.get_scheme(path) else os.path.normpath(path)


def _pattern(given: str, flag: str) -> str:
    given = normalised_path(given)
    try:
        beneath = FileSystems.join(given, "**")
    except ValueError:
        # None of Beam's installed file systems has the scheme.
        raise UsageError(f"{given}: scheme is not supported; check {flag}") from None
    if WILD_CARD.search(given):
        if not FileSystems.exists(given):
            # Beam lists the folder named before the wildcard; without one it finds nothing.
            has_folder = os.path.dirname(WILD_CARD.split(given)[0])
            return given if has_folder else os.path.join(os.curdir, given)
        # A file or folder whose name only looks like a glob.
        given, beneath = _literal(given), beneath_pattern(given)
    return beneath if _matches_something(beneath) or os.path.isdir(given) else given


def beneath_pattern(folder: str) -> str:
    """Return the pattern of all files beneath a folder, even if its name looks like a glob.

    Example:
        >>> beneath_pattern("scans/box [2]")
        'scans/box ?2]/**'
    """
    return FileSystems.join(_literal(folder), "**")


def _literal(path: str) -> str:
    return WILD_CARD.sub(lambda found: _LITERAL[found[0]], path)


def _matches_something(pattern: str) -> bool:
    try:
        return any(result.metadata_list for result in FileSystems.match([pattern], limits=[1]))
    except BeamIOError:
        return False


def starts_beneath(folder: str, *names: str) -> tuple[str, ...]:
    """Return the path prefixes of some files in a folder, for `is_left_out`.

    Args:
        folder: The folder.
        names: Prefixes of names in it.

    Example:
        >>> starts_beneath("gs://b/out/", "runs/", "lines/collection=")
        ('gs://b/out/runs/', 'gs://b/out/lines/collection=')
    """
    folders = [_absolute(folder)]
    if not FileSystems.get_scheme(folder):
        folders.append(os.path.realpath(folder))
    return tuple(f"{each.rstrip('/')}/{name}" for each in dict.fromkeys(folders) for name in names)


def is_left_out(path: str, starts: tuple[str, ...]) -> bool:
    """Return whether a path begins with one of the prefixes from `starts_beneath`.

    Example:
        >>> is_left_out("d/../out/runs/r", starts_beneath("out", "runs/"))
        True
    """
    # Most listings leave nothing out; skip the work, as they may be long.
    return bool(starts) and _absolute(path).startswith(starts)


def _absolute(path: str) -> str:
    return path if FileSystems.get_scheme(path) else os.path.abspath(path)


class MatchFiles(beam.PTransform):
    """List the files that some patterns match, spread over the workers.

    Args:
        patterns: Patterns from `input_patterns`.
        left_out: Path prefixes of files that are not listed: those that the run writes.
    """

    def __init__(self, patterns: tuple[str, ...], left_out: tuple[str, ...] = ()):
        super().__init__()
        self._patterns, self._left_out = patterns, left_out

    def expand(self, begin):
        left_out = self._left_out
        return (
            begin
            | "Patterns" >> beam.Create(self._patterns)
            | "Match" >> fileio.MatchAll(fileio.EmptyMatchTreatment.ALLOW)
            | "Path" >> beam.Map(lambda metadata: printable(metadata.path))
            | "Not ours"
            >> beam.Filter(lambda path, starts: not is_left_out(path, starts), left_out)
            | "Once" >> beam.Distinct()
        )
