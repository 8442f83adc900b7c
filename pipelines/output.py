"""Output that appears whole or not at all: write beside it, then rename."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from apache_beam.io.filesystems import FileSystems

from pipelines.options import UsageError


def check_free(output: str, overwrite: bool) -> None:
    """Refuse to write over something unless told to.

    Args:
        output: Folder that is to be written.
        overwrite: Whether it may exist.

    Raises:
        UsageError: If it exists and must not.
    """
    if not overwrite and FileSystems.exists(output):
        raise UsageError(f"{output} exists; give --overwrite to replace it, or another --output")


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
    staging, replaced = f"{output}.partial", f"{output}.replaced"
    discard(staging)
    FileSystems.mkdirs(staging)
    try:
        yield staging
        discard(replaced)
        if FileSystems.exists(output):
            FileSystems.rename([output], [replaced])
        FileSystems.rename([staging], [output])
        discard(replaced)
    finally:
        discard(staging)


@contextmanager
def scratch_folder(output: str) -> Iterator[str]:
    """Give a folder beside an output that is gone afterwards.

    Args:
        output: Folder that is not touched.

    Yields:
        The folder.
    """
    scratch = f"{output.rstrip('/')}.scratch"
    discard(scratch)
    FileSystems.mkdirs(scratch)
    try:
        yield scratch
    finally:
        discard(scratch)


def discard(path: str) -> None:
    """Delete a file or folder, if it is there."""
    if FileSystems.exists(path):
        FileSystems.delete([path])
