"""Open an archive to change it outside of a run, and say what became of its files."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pipelines.archive.earlier_runs import publish_interrupted
from pipelines.archive.folder import Archive
from pipelines.archive.gone import is_missing_elsewhere
from pipelines.archive.rewrite import Rewritten, sweep
from pipelines.archive.state import EarlierPages, read_state, say_missing
from pipelines.buckets.store import is_bucket
from pipelines.cli.options import UsageError
from pipelines.files.lock import run_lock
from pipelines.pages.names import PageNames

# A query of a person at a screen is over by then.
_WAIT_S = 30.0


@contextmanager
def open_archive(folder: str) -> Iterator[tuple[Archive, EarlierPages]]:
    """Lock an archive, publish what a killed run has done, and read its state.

    Args:
        folder: Folder that transcribe wrote.

    Yields:
        The archive and its state.

    Raises:
        UsageError: If it is none, or another run holds the lock.
    """
    archive = Archive(folder.rstrip("/"))
    if not archive.run_files():
        raise UsageError(f"{folder} has no table runs, so no run has finished; transcribe first")
    archive.make()
    with run_lock(archive.unfinished):
        if remains := publish_interrupted(archive):
            print(remains, file=sys.stderr)
        state = read_state(archive)
        say_missing(archive, state)
        yield archive, state


def say_swept(archive: Archive, done: Rewritten) -> int:
    """Delete the files that were rewritten once nobody reads them, and say which stay.

    Args:
        archive: The archive; this process holds its lock.
        done: What was done.

    Returns:
        Files that stay.
    """
    stay = sweep(archive, _WAIT_S if done.run_id else 0.0)
    if stay:
        print(f"{stay:,} old files stay as long as they may be read; the next run deletes them")
    return stay


def still_there(state: EarlierPages, names: Sequence[str]) -> list[str]:
    """Return the pages whose files are still there, as far as that is known."""
    root = state.names.root
    page_names = PageNames(root=root, root_name=state.names.root_name)
    local = [name for name in names if not is_bucket(name)]
    return [name for name in local if root and not is_missing_elsewhere(name, page_names)]
