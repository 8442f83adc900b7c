"""The log of corrections: one file beside the tables, which grows unless pages are forgotten.

Each line of the file is a JSON object. It is written under a lock, and is on the disk before the
writer says so: a process that is killed loses nothing that was acknowledged. What a killed writer
left in the middle of a line is skipped, and told.
"""

from __future__ import annotations

import fcntl
import os
import posixpath
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import BinaryIO

from model.text.charset import normalise_text
from pipelines.buckets.store import is_bucket
from pipelines.cli.options import UsageError
from pipelines.files.durable import flush, write_durably
from pipelines.formats.names import file_of
from pipelines.formats.tables.corrections import (
    CORRECTIONS_FILE,
    CORRECTIONS_FOLDER,
    corrections_in,
)
from schemas.corrections import Correction


class Conflict(Exception):
    """Another person corrected the same line meanwhile.

    Attributes:
        newer: The correction that the caller has not seen.
    """

    def __init__(self, newer: Correction):
        super().__init__(
            f"{newer.author} corrected line {newer.line_id or 'of the page'} of {newer.page_uri} "
            "meanwhile; look at both"
        )
        self.newer = newer


@dataclass
class CorrectionState:
    """All corrections, and the newest of each line and page.

    Attributes:
        all: The corrections, in the order in which they were written.
        latest: Page and line, which is empty for a page, to the newest correction of it.
        damaged: Number of lines of the file that hold no correction.
        generation: How often the file was read anew, as pages were forgotten.
    """

    all: list[Correction] = field(default_factory=list)
    latest: dict[tuple[str, str], Correction] = field(default_factory=dict)
    damaged: int = 0
    generation: int = 0

    def add(self, correction: Correction) -> None:
        """Add a correction that was written after all others."""
        self.all.append(correction)
        self.latest[correction.place] = correction


class CorrectionLog:
    """The corrections of an archive.

    Args:
        transcripts: Folder that transcribe wrote, on a disk.

    Raises:
        UsageError: If the folder is in a bucket.
    """

    def __init__(self, transcripts: str | os.PathLike):
        if is_bucket(str(transcripts)):
            raise UsageError(
                f"{transcripts}: corrections are kept on a disk, where a file can grow; "
                "copy the tables there"
            )
        self._path = Path(transcripts, CORRECTIONS_FOLDER, CORRECTIONS_FILE)
        self._state, self._end, self._inode = CorrectionState(), 0, 0

    def state(self) -> CorrectionState:
        """Return what the log holds now; only what was written since the last call is read.

        Raises:
            OSError: If the file cannot be read.
        """
        try:
            with open(self._path, "rb") as file:
                return self._read_on(file)
        except FileNotFoundError:
            return self._state

    def append(self, correction: Correction, seen: str = "") -> Correction:
        """Write a correction; it is on the disk when this returns.

        Args:
            correction: What a person says; its identifier, its time and what it supersedes are
                filled in.
            seen: Identifier of the newest correction of that line or page that the person saw;
                empty for none.

        Returns:
            The correction as it was written.

        Raises:
            Conflict: If there is a newer one.
            OSError: If it could not be written; the log then holds no part of it that counts.
        """
        (written,) = self.append_all([(correction, seen)])
        return written

    def append_all(self, corrections: list[tuple[Correction, str]]) -> list[Correction]:
        """Write some corrections, all or none.

        Args:
            corrections: As the arguments of `append`, each of another line or page.

        Returns:
            The corrections as they were written.

        Raises:
            Conflict: If there is a newer one of one of them; none is written then.
            OSError: As `append`.
        """
        with self._locked() as file:
            state, written = self._read_on(file), []
            for correction, seen in corrections:
                newest = state.latest.get(correction.place)
                if newest is not None and newest.correction_id != seen:
                    raise Conflict(newest)
                now = datetime.now(timezone.utc).isoformat(timespec="microseconds")
                written.append(
                    replace(
                        correction,
                        correction_id=uuid.uuid4().hex,
                        time=now,
                        supersedes=seen,
                        text=normalise_text(correction.text),
                    )
                )
            self._write(file, written)
            return written

    def forget(self, pages: Collection[str]) -> int:
        """Remove what was said of some pages, for good.

        Args:
            pages: Their names.

        Returns:
            The number of corrections that were removed.
        """
        if not self._path.exists():
            return 0
        with self._locked() as file:
            state = self._read_on(file)
            kept = [one for one in state.all if one.page_uri not in pages]
            if len(kept) < len(state.all):
                write_durably(str(self._path), _lines_of(kept))
            return len(state.all) - len(kept)

    @contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        self._path.parent.mkdir(exist_ok=True)
        # Not the log itself, which `forget` replaces. The lock goes with the process.
        with open(self._path.parent / "lock", "ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            is_new = not self._path.exists()
            with open(self._path, "a+b", buffering=0) as file:
                if is_new:
                    flush(str(self._path.parent))
                    flush(str(self._path.parent.parent))
                yield file

    def _write(self, file: BinaryIO, written: list[Correction]) -> None:
        end = file.seek(0, os.SEEK_END)
        is_cut = False
        if end:
            file.seek(end - 1)
            is_cut = file.read(1) != b"\n"
        data = b"\n" * is_cut + _lines_of(written)
        try:
            done = 0
            while done < len(data):
                done += file.write(data[done:])
            os.fsync(file.fileno())
        except OSError:
            # Under the lock nobody else has written behind it.
            file.truncate(end)
            raise
        self._read_on(file)

    def _read_on(self, file: BinaryIO) -> CorrectionState:
        """Read the whole lines that came since the last time."""
        found = os.fstat(file.fileno())
        if found.st_ino != self._inode or found.st_size < self._end:
            # Pages were forgotten, or a write that failed was taken back.
            self._state = CorrectionState(generation=self._state.generation + 1)
            self._end, self._inode = 0, found.st_ino
        file.seek(self._end)
        data = file.read()
        data = data[: data.rfind(b"\n") + 1]
        for _, one in corrections_in(data.split(b"\n")):
            if isinstance(one, Correction):
                self._state.add(one)
            else:
                self._state.damaged += 1
        self._end += len(data)
        return self._state


def _lines_of(corrections: Iterable[Correction]) -> bytes:
    return b"".join(f"{one.to_json()}\n".encode() for one in corrections)


def corrected_images(transcripts: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the logs of some archives, and the folders of the images that they name.

    Args:
        transcripts: Folders that transcribe wrote.

    Raises:
        UsageError: If there is no log in one of them.
    """
    logs, folders = [], set()
    for folder in transcripts:
        log = Path(folder, CORRECTIONS_FOLDER, CORRECTIONS_FILE)
        found = CorrectionLog(folder).state().all
        if not found:
            raise UsageError(
                f"{folder} has no corrections ({CORRECTIONS_FOLDER}/{CORRECTIONS_FILE}); "
                "give --input what transcribe wrote and people corrected"
            )
        logs.append(str(log))
        folders.update(posixpath.dirname(file_of(one.page_uri)) or os.curdir for one in found)
    return tuple(logs), tuple(sorted(folders))
