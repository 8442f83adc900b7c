"""Output that appears whole or not at all: write beside it, then rename."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from apache_beam.io.filesystems import FileSystems

from pipelines.cli.options import UsageError
from pipelines.files.filesystem import starts_beneath

# In each folder that `whole_output` wrote: only such a folder is ever replaced.
_MARK = ".quire"
_PARTIAL, _REPLACED = ".partial", ".replaced"


def check_free(output: str, overwrite: bool) -> None:
    """Refuse to write over something unless told to, and over what is not ours at all.

    Args:
        output: Folder that is to be written.
        overwrite: Whether it may exist.

    Raises:
        UsageError: If it exists and must not, or `whole_output` did not write it.
    """
    output = output.rstrip("/")
    if not FileSystems.exists(output):
        return
    if not overwrite:
        raise UsageError(f"{output} exists; give --overwrite to replace it, or another --output")
    if not FileSystems.exists(f"{output}/{_MARK}"):
        raise UsageError(
            f"{output} was not written by Quire (there is no {_MARK} in it); "
            "give another --output, or take it away yourself"
        )


@contextmanager
def whole_output(output: str) -> Iterator[str]:
    """Give a folder to write in that becomes the output when all went well.

    What was there before is replaced only then; after an error it is untouched.

    Args:
        output: Folder that is to appear.

    Yields:
        The folder to write in.
    """
    output = output.rstrip("/")
    staging, replaced = f"{output}{_PARTIAL}", f"{output}{_REPLACED}"
    discard(staging)
    FileSystems.mkdirs(staging)
    try:
        yield staging
        FileSystems.create(f"{staging}/{_MARK}").close()
        discard(replaced)
        if FileSystems.exists(output):
            FileSystems.rename([output], [replaced])
        FileSystems.rename([staging], [output])
        discard(replaced)
    finally:
        discard(staging)


def output_starts(output: str, *names: str) -> tuple[str, ...]:
    """Tell what the paths of files start with that go into `whole_output`, or were there before.

    Args:
        output: Folder that is to appear.
        names: Of what is written in it, folders with a '/'.
    """
    output = output.rstrip("/")
    folders = (f"{output}{ending}" for ending in ("", _PARTIAL, _REPLACED))
    return tuple(start for folder in folders for start in starts_beneath(folder, _MARK, *names))


@contextmanager
def scratch_folder(output: str) -> Iterator[str]:
    """Give a folder beside an output that is gone afterwards.

    Args:
        output: Folder that is not touched.

    Yields:
        The folder.
    """
    scratch = f"{output.rstrip('/')}.scratch-{uuid.uuid4().hex[:8]}"
    FileSystems.mkdirs(scratch)
    try:
        yield scratch
    finally:
        discard(scratch)


def discard(path: str) -> None:
    """Delete a file or folder, if it is there."""
    if FileSystems.exists(path):
        FileSystems.delete([path])
