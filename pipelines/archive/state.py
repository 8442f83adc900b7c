"""The state of an archive: what the tables say of each page, held by short keys of its name."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.archive.columns import column, is_in, positions, run_numbers
from pipelines.archive.folder import Archive
from pipelines.archive.loss import Loss, find_loss
from pipelines.archive.page_keys import NOT_READ
from pipelines.archive.portions import portion_file, whole_portions
from pipelines.files.key_set import key_of, short_keys
from pipelines.files.zip_members import split_member
from pipelines.formats.addresses import is_address
from pipelines.formats.names import file_of
from pipelines.pages.names import KnownNames, ancestors
from pipelines.tables.missing import Missing
from pipelines.tables.runs import RunStart, digest_of, flags_of
from schemas.changes import Change
from schemas.records import SkipReason

_COLUMNS = [
    "page_uri", "document", "status", "reason", "run_id", "sha256", "lines_sha256", "read_run_id",
]  # fmt: skip
_SAMPLED_PAGES = 100
# What a row says of its page.
_READ, _FAILED, _SEEN, _GONE, _LISTED, _LOST = range(6)


@dataclass(frozen=True)
class EarlierRun:
    """How a run read its pages.

    Attributes:
        run_id: Identifier of the run.
        model_digest: As of `RunStart`.
        preprocess_digest: As of `RunStart`.
        line_source: Where lines came from, `--lines`; empty if that is unknown.
    """

    run_id: str
    model_digest: str = ""
    preprocess_digest: str = ""
    line_source: str = ""

    @classmethod
    def of(cls, row: dict) -> EarlierRun:
        """Return the run of a row of `runs`."""
        flags = flags_of(row["flags"])
        digests = row["model_digest"], row["preprocess_digest"]
        return cls(row["run_id"], *digests, flags.get("line_source", ""))

    @property
    def digest(self) -> str:
        """Identifies model and preprocessing together."""
        return digest_of(self.model_digest, self.preprocess_digest)

    def differs(self, run: RunStart) -> Change | None:
        """Return why a page that this run has read is read again; None for no reason."""
        if self.model_digest != run.model_digest:
            return Change.MODEL
        if self.preprocess_digest == run.preprocess_digest:
            return None
        is_other = self.line_source not in ("", run.flags.get("line_source"))
        return Change.LINES if is_other else Change.FINDER


class Earlier(NamedTuple):
    """What the tables say of some pages; zeros for those that they do not have.

    Attributes:
        read: As of `EarlierPages`, and so are the others.
        images: Short key of the digest of the image.
        lines: Likewise of the file that describes its lines.
        is_gone: Whether it was gone.
        is_image: Whether it is a page.
        is_lost: Whether its newest reading lacks lines or failures, whose file is gone.
    """

    read: np.ndarray
    images: np.ndarray
    lines: np.ndarray
    is_gone: np.ndarray
    is_image: np.ndarray
    is_lost: np.ndarray


@dataclass(frozen=True, eq=False)
class EarlierPages:
    """What the tables say of each page and document.

    All arrays are as long as `keys`. Runs are numbered from 1 in the order in which they began;
    0 stands for none.

    Attributes:
        runs: The runs, run 1 first.
        files: The files of `pages`.
        keys: Short keys of the names, sorted.
        read: Newest run that read the page.
        failed: Newest run in which it failed.
        last: Newest run with a row of the page.
        listed: Newest run with a row of it, or of a page of the document.
        gone: Newest run that found it gone.
        images: Short key of the digest of the image in its newest reading.
        lines: Likewise of the file that describes its lines.
        lines_of: Run that has the lines of that reading, which is an older one if it holds again.
        lost: Newest run whose reading of the page lacks lines or failures, which is none then.
        names: What the names are like.
        loss: What is gone from the archive.
    """

    runs: tuple[EarlierRun, ...]
    files: tuple[str, ...]
    keys: np.ndarray
    read: np.ndarray
    failed: np.ndarray
    last: np.ndarray
    listed: np.ndarray
    gone: np.ndarray
    images: np.ndarray
    lines: np.ndarray
    lines_of: np.ndarray
    lost: np.ndarray
    names: KnownNames
    loss: Loss = field(default_factory=Loss)

    @cached_property
    def is_gone(self) -> np.ndarray:
        """Whether each page was gone when it was last looked for."""
        return (self.gone > 0) & (self.gone == self.last)

    @cached_property
    def is_failing(self) -> np.ndarray:
        """Whether each page failed in the last run that tried to read it, or its pages."""
        return (self.failed > 0) & (self.failed == self.listed)

    @cached_property
    def is_image(self) -> np.ndarray:
        """Whether each page is one; other files were skipped, and have no digest."""
        (nothing,) = short_keys([""])
        was_read = (self.read > 0) & (self.images != nothing)
        return (self.failed > 0) | (self.lost > 0) | was_read

    @cached_property
    def is_lost(self) -> np.ndarray:
        """Whether the newest reading of each page lacks lines or failures."""
        return self.lost > self.read

    def missing(self) -> Missing:
        """Return the files that are missing, and what that means for the pages."""
        unknown_count = int((self.places_of(self.loss.pages) < 0).sum())
        lacking_count = int((self.is_lost & ~self.is_gone).sum())
        return Missing(self.loss.files, self.loss.missed, lacking_count, unknown_count)

    def has_lines(self, rows: pa.RecordBatch | pa.Table) -> np.ndarray:
        """Return which rows of `pages` are not of readings whose lines or failures are gone."""
        return ~self.loss.concerns(rows)

    def places(self, names: Sequence[str]) -> np.ndarray:
        """Return the positions in the arrays of some names; -1 for unknown ones."""
        return self.places_of(short_keys(names))

    def places_of(self, keys: np.ndarray) -> np.ndarray:
        """Return the positions in the arrays of some short keys; -1 for unknown ones."""
        return positions(keys, self.keys)

    def of(self, keys: np.ndarray) -> Earlier:
        """Return what the tables say of some pages, by the short keys of their names."""
        places = positions(keys, self.keys)
        known = places >= 0
        facts = []
        known_facts = self.read, self.images, self.lines, self.is_gone, self.is_image, self.is_lost
        for fact in known_facts:
            facts.append(np.zeros(len(keys), fact.dtype))
            facts[-1][known] = fact[places[known]]
        return Earlier(*facts)

    def run_numbers(self, rows: pa.RecordBatch) -> np.ndarray:
        """Return the number of each row's run; 0 for a run that is not finished."""
        return run_numbers(column(rows, "run_id"), [run.run_id for run in self.runs])


def read_state(archive: Archive, unfinished: RunStart | None = None) -> EarlierPages:
    """Read what the tables say of each page.

    Args:
        archive: The output folder.
        unfinished: A run that was killed, whose portions count too; None for none.

    Raises:
        UsageError: If a file is damaged.
    """
    rows = sorted(archive.finished_runs(), key=lambda run: run["run_id"])
    runs = [EarlierRun.of(row) for row in rows]
    files = archive.files_of_table("pages")
    if unfinished:
        digests = unfinished.model_digest, unfinished.preprocess_digest
        runs.append(EarlierRun(unfinished.run_id, *digests))
        files += [
            portion_file(archive.portions, "pages", n) for n in whole_portions(archive.portions)
        ]
    loss = find_loss(archive)
    collected = _Collected(tuple(run.run_id for run in runs), loss)
    for path in files:
        for batch in archive.read_batches(path, _COLUMNS):
            collected.add(batch)
    root, root_name = _root(rows)
    names = KnownNames(frozenset(collected.folders), collected.sample(), root, root_name)
    return EarlierPages(tuple(runs), tuple(files), **collected.arrays(), names=names, loss=loss)


def say_missing(archive: Archive, state: EarlierPages, is_reading: bool = False) -> None:
    """Say which files of the tables are missing, if pages lack what was in them.

    Args:
        archive: The output folder.
        state: What the tables say.
        is_reading: Whether pages are about to be read.
    """
    if text := state.missing().text(archive.output, is_reading):
        print(text, file=sys.stderr)


def _root(runs: Sequence[dict]) -> tuple[str, str | None]:
    """Return the root of the newest run that recorded one, and how the names in it start."""
    for run in reversed(runs):
        if run.get("root"):
            return run["root"], run["root_name"]
    return "", None


class _Collected:
    """Rows of the table `pages`, reduced to numbers.

    Args:
        run_ids: The runs, oldest first.
        loss: What is gone from the archive.
    """

    def __init__(self, run_ids: Sequence[str], loss: Loss):
        self._run_ids, self._loss = run_ids, loss
        self._parts: list[tuple[np.ndarray, ...]] = []
        self._sample: dict[bytes, str] = {}
        self.folders: set[str] = set()

    def add(self, rows: pa.RecordBatch) -> None:
        """Add rows of the table."""
        names = column(rows, "page_uri").to_pylist()
        numbers = run_numbers(column(rows, "run_id"), self._run_ids)
        older = run_numbers(column(rows, "read_run_id"), self._run_ids)
        kinds = _kinds(rows)
        kinds[(kinds == _READ) & self._loss.concerns(rows)] = _LOST
        keys = short_keys(names)
        digests = [
            short_keys(pc.fill_null(column(rows, one), "").to_pylist())
            for one in ("sha256", "lines_sha256")
        ]
        lines_of = np.where(older > 0, older, numbers)
        self._parts.append((keys, numbers, kinds, *digests, lines_of))
        documents = column(rows, "document")
        zeros = np.zeros(len(rows), np.int64)
        listed = np.full(len(rows), _LISTED, np.int8)
        # A page that is gone does not show that its document is there.
        is_there = (kinds != _GONE) & ~is_in(documents, "")
        part = (short_keys(documents.to_pylist()), numbers, listed, zeros, zeros, numbers)
        self._parts.append(tuple(array[is_there] for array in part))
        self._learn_names(column(rows, "page_uri"))

    def _learn_names(self, names: pa.Array) -> None:
        # The text up to the last '/'.
        starts = pc.replace_substring_regex(names, "[^/]*$", "").unique().to_pylist()
        folders = {start[:-1] or start for start in starts if not is_address(start)}
        for folder in folders - self.folders:
            self.folders.update(ancestors(folder))
        some = names.take(pa.array(range(0, len(names), 1 + len(names) // _SAMPLED_PAGES)))
        files = {_file(name) for name in some.to_pylist() if not is_address(name)}
        self._sample |= {key_of(file): file for file in files}
        kept = sorted(self._sample)[:_SAMPLED_PAGES]
        self._sample = {key: self._sample[key] for key in kept}

    def sample(self) -> tuple[str, ...]:
        """Return some of the files, the same ones each time."""
        return tuple(self._sample.values())

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays of `EarlierPages`."""
        kinds = (np.int64, np.int32, np.int8, np.int64, np.int64, np.int32)
        empty = tuple(np.empty(0, kind) for kind in kinds)
        keys, *facts = map(np.concatenate, zip(empty, *self._parts))
        unique, places = np.unique(keys, return_inverse=True)
        # Of equal places, the last one counts.
        order = np.argsort(facts[0], kind="stable")
        runs, kinds, images, lines, lines_of, places = (one[order] for one in (*facts, places))

        def newest(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
            result = np.zeros(len(unique), values.dtype)
            result[places[chosen]] = values[chosen]
            return result

        is_read, is_row = kinds == _READ, kinds != _LISTED
        return {
            "keys": unique,
            "read": newest(runs, is_read),
            "failed": newest(runs, kinds == _FAILED),
            "last": newest(runs, is_row),
            "listed": newest(runs, kinds != _GONE),
            "gone": newest(runs, kinds == _GONE),
            "images": newest(images, is_read),
            "lines": newest(lines, is_read),
            "lines_of": newest(lines_of, is_read),
            "lost": newest(runs, kinds == _LOST),
        }


def _file(name: str) -> str:
    """Return the file of a page, and for one in a zip archive that archive."""
    member = split_member(name)
    return member[0] if member else file_of(name)


def is_reading(rows: pa.RecordBatch) -> np.ndarray:
    """Return which rows of `pages` are readings: of pages, or of files that are none."""
    return _kinds(rows) == _READ


def _kinds(rows: pa.RecordBatch) -> np.ndarray:
    reasons = column(rows, "reason")
    kinds = np.full(len(rows), _READ, np.int8)
    kinds[is_in(reasons, *NOT_READ)] = _SEEN
    kinds[is_in(column(rows, "status"), "failed")] = _FAILED
    kinds[is_in(reasons, SkipReason.GONE.value)] = _GONE
    return kinds
