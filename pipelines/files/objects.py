"""Names of objects in buckets, as they come from the store; other stores as Beam lists them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from apache_beam.io.filesystem import FileSystem
from apache_beam.io.filesystems import FileSystems

from pipelines.buckets.anonymous import is_anonymous, keep_beam_from_looking
from pipelines.buckets.store import store_of
from pipelines.cli.options import WILD_CARD

if is_anonymous():
    keep_beam_from_looking()


def matching_objects(pattern: str) -> Iterator[str]:
    """List the objects that a pattern matches, without holding them all.

    Args:
        pattern: An address, or a glob in which '**' matches any folders.

    Yields:
        Their addresses; not those that end with '/', which stand for folders.
    """
    store = store_of(pattern)
    if store is None:
        for result in FileSystems.match([pattern]):
            yield from (metadata.path for metadata in result.metadata_list)
        return
    regex = re.compile(FileSystem.translate_pattern(pattern))
    for name in store.names(WILD_CARD.split(pattern)[0]):
        if not name.endswith("/") and regex.fullmatch(name):
            yield name


def is_there(path: str) -> bool:
    """Return whether a file or folder is there; a folder in a bucket is what has objects in it."""
    store = store_of(path)
    if store is None:
        return FileSystems.exists(path)
    path = path.rstrip("/")
    # Names that only begin so may lie in between.
    return next(store.names(path), "") == path or next(store.names(f"{path}/"), None) is not None
