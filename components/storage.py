"""Reading and writing artifacts, on the local disk or in a bucket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tfx.dsl.io import fileio

from model.dataset.tfrecord import read_records_from


def is_remote(uri: str) -> bool:
    """Whether a URI is not a local path.

    Example:
        >>> is_remote("gs://bucket/lines"), is_remote("/data/lines")
        (True, False)
    """
    return "://" in uri


def join(folder: str, *names: str) -> str:
    """Return the URI of a file in a folder.

    Example:
        >>> join("gs://bucket/lines/", "train", "a.gz")
        'gs://bucket/lines/train/a.gz'
    """
    return "/".join([folder.rstrip("/"), *names])


def read_bytes(uri: str) -> bytes:
    """Read a whole file."""
    with fileio.open(uri, "rb") as file:
        return file.read()


def write_text(uri: str, text: str) -> None:
    """Write a whole file as UTF-8; its folder is created if missing."""
    fileio.makedirs(uri.rpartition("/")[0])
    with fileio.open(uri, "wb") as file:
        file.write(text.encode())


def list_files(folder: str) -> list[str]:
    """List the files directly in a folder, sorted."""
    uris = (join(folder, name.rstrip("/")) for name in fileio.listdir(folder))
    return sorted(uri for uri in uris if not fileio.isdir(uri))


def read_all_records(uris: Iterable[str]) -> Iterator[bytes]:
    """Read the records of gzip TFRecord files, one at a time."""
    for uri in uris:
        with fileio.open(uri, "rb") as file:
            yield from read_records_from(file, uri)


def fetch(patterns: Iterable[str], folder: Path) -> list[str]:
    """Copy files to a local folder.

    Args:
        patterns: Glob patterns of their URIs.
        folder: Local folder, which is created.

    Returns:
        Paths of the copies, in the order of the URIs.
    """
    folder.mkdir(parents=True)
    uris = sorted(uri for pattern in patterns for uri in fileio.glob(pattern))
    copies = [folder / f"{number:05d}-{Path(uri).name}" for number, uri in enumerate(uris)]
    for uri, copy in zip(uris, copies):
        fileio.copy(uri, str(copy), overwrite=True)
    return [str(copy) for copy in copies]


def send(folder: Path, uri: str) -> None:
    """Copy a local folder with everything in it.

    Args:
        folder: The local folder.
        uri: Folder to copy to; created if missing.
    """
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        target = join(uri, path.relative_to(folder).as_posix())
        fileio.makedirs(target.rpartition("/")[0])
        fileio.copy(str(path), target, overwrite=True)
