"""Reading and writing artifacts wherever they are: on this disk or in a bucket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tfx.dsl.io import fileio

from model.dataset.tfrecord import read_records_from


def is_remote(uri: str) -> bool:
    """Tell whether a place is none of this machine's folders.

    Example:
        >>> is_remote("gs://bucket/lines"), is_remote("/data/lines")
        (True, False)
    """
    return "://" in uri


def join(folder: str, *names: str) -> str:
    """Give the place of a file in a folder.

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
    """Write a whole file as UTF-8; its folder is made."""
    fileio.makedirs(uri.rpartition("/")[0])
    with fileio.open(uri, "wb") as file:
        file.write(text.encode())


def list_files(folder: str) -> list[str]:
    """List the files that lie directly in a folder, sorted."""
    places = (join(folder, name.rstrip("/")) for name in fileio.listdir(folder))
    return sorted(place for place in places if not fileio.isdir(place))


def read_all_records(uris: Iterable[str]) -> Iterator[bytes]:
    """Read the records of gzip TFRecord files, one at a time."""
    for uri in uris:
        with fileio.open(uri, "rb") as file:
            yield from read_records_from(file, uri)


def fetch(patterns: Iterable[str], folder: Path) -> list[str]:
    """Copy files here.

    Args:
        patterns: What their places match.
        folder: Where to; made.

    Returns:
        Paths of the copies, in the order of the names.
    """
    folder.mkdir(parents=True)
    places = sorted(place for pattern in patterns for place in fileio.glob(pattern))
    copies = [folder / f"{number:05d}-{Path(place).name}" for number, place in enumerate(places)]
    for place, copy in zip(places, copies):
        fileio.copy(place, str(copy), overwrite=True)
    return [str(copy) for copy in copies]


def send(folder: Path, uri: str) -> None:
    """Copy a folder of this machine with all that is in it.

    Args:
        folder: The folder.
        uri: Where to; made.
    """
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        place = join(uri, path.relative_to(folder).as_posix())
        fileio.makedirs(place.rpartition("/")[0])
        fileio.copy(str(path), place, overwrite=True)
