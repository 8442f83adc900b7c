"""Pages that killed the process that read them, as far as that is known.

Each process writes the name of the page that it reads into a file of its own, and removes it
afterwards. What is left behind was read by a process that died. A page that killed two is not tried
a third time: it would stop the run again.
"""

from __future__ import annotations

import json
import os
import re
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from pipelines.buckets.store import is_bucket
from pipelines.cli.main_process import is_running
from pipelines.cli.processes import at_orphaned, current_workers
from pipelines.formats.names import file_of

# Processes of several machines may leave notes in one folder.
_HOST = re.sub("[^A-Za-z0-9]", "_", socket.gethostname())
# So often a page may kill a process.
MOST_DEATHS = 2
_DEADLY = (
    "reading it ended the process twice, perhaps as memory ran out; check the image and replace "
    "it, or run with --redo to try it again"
)


@contextmanager
def being_read(folder: str, uri: str) -> Iterator[None]:
    """Leave word that this process reads a page, for as long as the context lasts.

    Args:
        folder: Folder of such notes; empty for none.
        uri: The page.
    """
    if not folder:
        yield
        return
    _clean_up_when_orphaned(folder)
    path = Path(folder, f"{_own_start()}{uuid.uuid4().hex}")
    # Without a note the page is read as well.
    with suppress(OSError):
        path.write_text(uri, "utf-8", "surrogatepass")
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()


def _own_start() -> str:
    return f"{_HOST}-{os.getpid()}-"


def deadly_error(uri: str, deadly: tuple[str, ...]) -> str:
    """Return why a page is not read; empty for one that is.

    Args:
        uri: The page.
        deadly: From `Deaths.deadly`.
    """
    return _DEADLY if uri in deadly else ""


@dataclass(frozen=True)
class Deaths:
    """The pages that killed a process, in the folder of an unfinished run.

    Attributes:
        unfinished: That folder. Only one on a disk of this machine is used.
        part: Number of the part whose pages they are, as only the part itself knows whether one
            that left a note has died; empty for all of them.
    """

    unfinished: str
    part: str = ""

    @property
    def notes(self) -> str:
        """Folder of the notes for `being_read`; empty if there can be none."""
        if is_bucket(self.unfinished):
            return ""
        return f"{self.unfinished}/reading{self.part and '-'}{self.part}"

    @property
    def _file(self) -> Path:
        return Path(self.unfinished, "deaths.json")

    def begin(self, forgets: bool) -> None:
        """Count what processes of earlier runs have left behind.

        Args:
            forgets: Whether all pages are to be tried again.
        """
        if not self.notes:
            return
        counts = {} if forgets else self._read()
        notes = self._notes() if self.part else self._notes("reading*")
        for note in notes:
            uri = _content(note)
            if uri and not forgets:
                count, mark = counts.get(uri, (0, ""))
                now = _mark(uri)
                counts[uri] = (count + 1 if mark == now else 1, now)
            with suppress(OSError):
                note.unlink()
        for folder in () if self.part else Path(self.unfinished).glob("reading-*"):
            with suppress(OSError):
                folder.rmdir()
        Path(self.notes).mkdir(parents=True, exist_ok=True)
        if counts or self._file.exists():
            fresh = self._file.with_suffix(".new")
            fresh.write_text(json.dumps(counts), "ascii")
            fresh.replace(self._file)

    def deadly(self) -> tuple[str, ...]:
        """Return the pages that are not to be read: those whose file did not change since."""
        return tuple(
            uri
            for uri, (count, mark) in self._read().items()
            if count >= MOST_DEATHS and mark == _mark(uri)
        )

    def end(self, has_worker_died: bool) -> None:
        """Remove what the processes of this run have left behind, but not what killed one.

        Args:
            has_worker_died: Whether one died; then the notes of those that are gone are kept. Else
                they were stopped, and no page is to blame.
        """
        for note in self._notes():
            host, pid = note.name.split("-")[:2]
            is_gone = host == _HOST and pid.isdigit() and not is_running(int(pid))
            if has_worker_died and is_gone:
                continue
            with suppress(OSError):
                note.unlink()

    def _notes(self, folders: str = "") -> list[Path]:
        if not self.notes:
            return []
        folders = folders or Path(self.notes).name
        return sorted(Path(self.unfinished).glob(f"{folders}/*-*"))

    def _read(self) -> dict[str, tuple[int, str]]:
        if not self.notes:
            return {}
        try:
            counts = json.loads(self._file.read_text("ascii"))
            return {str(uri): (int(count), str(mark)) for uri, (count, mark) in counts.items()}
        # It was cut off, or there is none: no page is known to be deadly.
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            return {}


@lru_cache
def _clean_up_when_orphaned(folder: str) -> None:
    at_orphaned.append(partial(_forget_own, folder))


def _forget_own(folder: str) -> None:
    """Remove the notes of this process, which ends for another reason than its page."""
    for note in Path(folder).glob(f"{_own_start()}*"):
        with suppress(OSError):
            note.unlink()


def _content(note: Path) -> str:
    try:
        return note.read_text("utf-8", "surrogatepass")
    except (OSError, ValueError):
        return ""


def _mark(uri: str) -> str:
    """Return what changes when the file of a page is replaced."""
    if is_bucket(uri):
        return "remote"
    try:
        status = os.stat(file_of(uri))
    except (OSError, ValueError):
        return "gone"
    return f"{status.st_size} {status.st_mtime_ns}"


@contextmanager
def blaming(deaths: Deaths) -> Iterator[None]:
    """Keep the notes of a worker that died, and remove those of workers that were stopped."""
    try:
        yield
    except BaseException:
        workers = current_workers()
        deaths.end(has_worker_died=workers is not None and workers.has_died)
        raise
    if deaths.notes:
        # All processes have ended, and left nothing.
        with suppress(OSError):
            os.rmdir(deaths.notes)
