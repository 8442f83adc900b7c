"""Files through Beam's FileSystems: local, gs:// and other schemes that it supports."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from typing import BinaryIO

from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems

from pipelines.buckets.store import is_bucket, store_of
from pipelines.cli.options import WILD_CARD, UsageError
from pipelines.files.folder_index import shared_index
from pipelines.files.objects import matching_objects
from pipelines.files.walk import is_regular, walk
from pipelines.files.zip_members import (
    archive_fault,
    has_member,
    is_archive,
    list_members,
    read_member,
    split_member,
)

# '[' cannot be escaped in Beam's patterns; '?' matches it and any other character.
_LITERAL = {"*": "[*]", "?": "[?]", "[": "?"}


def read_bytes(uri: str) -> bytes:
    """Read a whole file.

    Raises:
        OSError: If it cannot be read.
    """
    if member := split_member(uri):
        return read_member(*member)
    _check_regular(uri)
    # Without this a file named .gz or .bz2 would be decompressed.
    with FileSystems.open(uri, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        return file.read()


def _check_regular(uri: str) -> None:
    """Refuse a pipe or a device, which could be read for ever.

    Raises:
        OSError: If the path is one, or leads nowhere.
    """
    if not is_bucket(uri) and not (is_regular(uri) or os.path.isdir(uri)):
        raise OSError(f"{uri} is a pipe, a socket or a device; give a regular file")


def write_bytes(uri: str, data: bytes) -> None:
    """Write a whole file."""
    if store := store_of(uri):
        store.write(uri, data)
        return
    with FileSystems.create(uri, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        file.write(data)


def make_folder(path: str, output: str) -> None:
    """Create a folder of an output, and those above it, where they do not exist.

    Args:
        path: The folder.
        output: What the user named, for the error message.

    Raises:
        UsageError: If that is not possible.
    """
    if is_bucket(path):
        if not FileSystems.exists(path):
            FileSystems.mkdirs(path)
        return
    with writing(output):
        os.makedirs(path or os.curdir, exist_ok=True)


@contextmanager
def writing(output: str) -> Iterator[None]:
    """Turn an error of the local file system about an output into a usage error.

    Args:
        output: What the user named.

    Raises:
        UsageError: If the output cannot be written, except for want of space.
    """
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        reason = error.strerror or error
        raise UsageError(f"{output} cannot be written ({reason}); choose another place") from None


def printable(path: str) -> str:
    r"""Return a file name as valid UTF-8, invalid bytes escaped.

    A file with an invalid name is then not found, and fails without affecting others.

    Example:
        >>> printable("caf\udce9.png")
        'caf\\udce9.png'
    """
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


@dataclass(frozen=True)
class BeamFiles:
    """`pipelines.formats.source.Files` on Beam's FileSystems.

    Attributes:
        roots: Result of `input_roots`; empty where names in files lead nowhere else.
    """

    roots: tuple[str, ...] = ()

    def open(self, uri: str) -> BinaryIO:
        """Open a file for reading; one in a zip archive is read whole."""
        if member := split_member(uri):
            return io.BytesIO(read_member(*member))
        _check_regular(uri)
        return FileSystems.open(uri, compression_type=CompressionTypes.UNCOMPRESSED)

    def first_existing(self, uris: Iterable[str]) -> str | None:
        """Return the first of some files that exists, or None."""
        return first_existing(uris)

    def alike(self, folder: str, name: str) -> list[str]:
        """List the files directly in a folder whose names differ only in ending, case or form."""
        return shared_index().alike(folder, name)

    def is_inside(self, uri: str) -> bool:
        """Return whether a path lies beneath one of the roots."""
        return any(_is_beneath(uri, root) for root in self.roots)


def _is_beneath(path: str, root: str) -> bool:
    if root in ("", os.curdir):
        return not path.startswith(("/", "../")) and path != ".." and not is_bucket(path)
    return path == root or path.startswith(f"{root.rstrip('/')}/")


def first_existing(uris: Iterable[str]) -> str | None:
    """Return the first of some files that exists, or None."""
    return next(filter(_exists, uris), None)


def _exists(uri: str) -> bool:
    member = split_member(uri)
    if member:
        return has_member(*member)
    # A folder may be named like a file: that of the pages of scan.pdf.
    return FileSystems.exists(uri) and not os.path.isdir(uri)


def files_in(path: str) -> list[str]:
    """Return the files in a zip archive; of other files, and one that cannot be read, itself."""
    # Whoever meets an archive says why it cannot be read.
    if not is_archive(path) or archive_fault(path):
        return [path]
    return [printable(member) for member in list_members(path)]


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
    patterns = tuple(pattern_of(entry, flag) for entry in entries)
    for entry, pattern in zip(entries, patterns):
        if not _matches_something(pattern):
            raise UsageError(f"{entry}: no such file or folder, or nothing in it; check {flag}")
    return patterns


def input_roots(inputs: Iterable[str], flag: str = "--input") -> tuple[str, ...]:
    """Return the folders that the values of a flag lie in.

    Args:
        inputs: As for `input_patterns`.
        flag: The flag, for error messages.

    Returns:
        Each folder that is given itself, the folder of each file, and of each glob the folder
        before its first wildcard.

    Raises:
        UsageError: If a list cannot be read.
    """
    return tuple(dict.fromkeys(map(_root, input_entries(inputs, flag))))


def input_entries(inputs: Iterable[str], flag: str = "--input") -> tuple[str, ...]:
    """Return what the values of a flag name, in their shortest form, with the entries of lists.

    Args:
        inputs: As for `input_patterns`.
        flag: The flag, for error messages.

    Raises:
        UsageError: If a list cannot be read.
    """
    entries = (entry for given in inputs for entry in _listed(given, flag))
    return tuple(map(normalised_path, entries))


def _root(given: str) -> str:
    if WILD_CARD.search(given) and not FileSystems.exists(given):
        return os.path.dirname(WILD_CARD.split(given)[0])
    is_folder = os.path.isdir(given) or _matches_something(beneath_pattern(given))
    return given if is_folder else os.path.dirname(given)


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


def normalised_path(path: str) -> str:
    """Return a local path in its shortest form, so that a page has only one name.

    Example:
        >>> normalised_path("./scans//a.jpg"), normalised_path("gs://scans//a.jpg")
        ('scans/a.jpg', 'gs://scans//a.jpg')
    """
    return path if is_bucket(path) else os.path.normpath(path)


def pattern_of(given: str, flag: str) -> str:
    """Return the pattern of a file, a folder (with everything beneath it) or a glob.

    Args:
        given: What the user gave.
        flag: The flag, for the error message.

    Raises:
        UsageError: If no file system has its scheme.
    """
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
        if not is_bucket(pattern):
            return next(walk(pattern), None) is not None
        return next(matching_objects(pattern), None) is not None
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
    if not is_bucket(folder):
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
    return path if is_bucket(path) else os.path.abspath(path)
