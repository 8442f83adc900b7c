"""Readings in the tables that stand for pages which a run did not read.

A page whose image was read as another page gets a copy of that reading: it was renamed if the
other page is gone. A page that is as an older run read it refers to that run.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.archive.columns import column, positions
from pipelines.archive.folder import Archive
from pipelines.archive.page_keys import page_of_file
from pipelines.archive.state import EarlierPages
from pipelines.files.key_set import short_keys
from pipelines.tables.rows import with_all_columns
from schemas.changes import Change
from schemas.records import SkipReason
from schemas.tables import PAGES

_CONTENT = [
    "page_uri", "status", "run_id", "sha256", "file_sha256", "lines_sha256", "read_run_id",
]  # fmt: skip
# What a copied row keeps of its own page.
_OWN = ("address", "document", "place", "label", "canvas_width_px", "canvas_height_px")


class Source(NamedTuple):
    """The reading that a page has instead of one of its own.

    Attributes:
        name: The page that it is of.
        run: Number of the run that read it.
        path: File of `pages` that it is in.
    """

    name: str
    run: int
    path: str


def _contents(rows: pa.Table | pa.RecordBatch) -> Iterator[tuple[str, ...]]:
    """Yield what identifies the image and lines of each page: one text, or two."""
    names, lines, digests, files = (
        column(rows, one).to_pylist()
        for one in ("page_uri", "lines_sha256", "sha256", "file_sha256")
    )
    for name, lines_sha256, sha256, file_sha256 in zip(names, lines, digests, files):
        images = [sha256, page_of_file(file_sha256, name) if file_sha256 else ""]
        yield tuple(f"{image} {lines_sha256}" for image in images if image)


@dataclass(eq=False)
class AlikePages:
    """Pages whose images were read as other pages, and the readings that they get.

    Attributes:
        rows: Their rows in the portions.
        sources: Page to the reading that it gets.
        renamed: Page to the page that it was before.
    """

    rows: pa.Table
    sources: dict[str, Source] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)

    def choose(
        self,
        archive: Archive,
        state: EarlierPages,
        usable_runs: Collection[int],
        is_gone: Callable[[str], bool],
    ) -> None:
        """Choose the reading of each page, first those of pages that are gone.

        Args:
            archive: The output folder.
            state: What the tables say.
            usable_runs: Runs with the same model and preprocessing.
            is_gone: Returns whether a page is gone.
        """
        wanted: dict[str, list[str]] = {}
        for name, contents in zip(self.rows["page_uri"].to_pylist(), _contents(self.rows)):
            for content in contents:
                wanted.setdefault(content, []).append(name)
        readings = self._readings(archive, state, usable_runs, wanted)
        taken: set[str] = set()
        for content in sorted(wanted):
            targets = sorted(set(wanted[content]) - self.sources.keys())
            found = sorted(readings.get(content, {}).values())
            current = [one for one in found if self._is_current(one, state)]
            gone = [one for one in current if one.name not in taken and is_gone(one.name)]
            for target, source in zip(targets, gone):
                self.sources[target], self.renamed[target] = source, source.name
                taken.add(source.name)
            for target in targets[len(gone) :]:
                if found:
                    self.sources[target] = max(found, key=lambda one: (one.run, one.name))

    def _is_current(self, source: Source, state: EarlierPages) -> bool:
        (place,) = state.places([source.name])
        return state.read[place] == source.run

    def _readings(
        self,
        archive: Archive,
        state: EarlierPages,
        usable_runs: Collection[int],
        wanted: dict[str, list[str]],
    ) -> dict[str, dict[str, Source]]:
        """Return by content the newest usable reading of each page that has it."""
        digests = pa.array(sorted(set(self.rows["sha256"].to_pylist()) - {""}), pa.string())
        files = set(self.rows["file_sha256"].to_pylist()) - {"", None}
        files = pa.array(sorted(files), pa.string())
        readings: dict[str, dict[str, Source]] = {}
        for path in state.files:
            for rows in archive.read_batches(path, _CONTENT):
                may_be = pc.or_(
                    pc.is_in(column(rows, "sha256"), value_set=digests),
                    pc.is_in(column(rows, "file_sha256"), value_set=files),
                )
                rows = rows.filter(pc.and_(may_be, pc.equal(column(rows, "status"), "ok")))
                rows = rows.filter(pa.array(state.has_lines(rows)))
                names, numbers = column(rows, "page_uri").to_pylist(), state.run_numbers(rows)
                for name, number, contents in zip(names, numbers.tolist(), _contents(rows)):
                    for content in contents:
                        if content in wanted and number in usable_runs:
                            of_content = readings.setdefault(content, {})
                            known = of_content.get(name)
                            if known is None or known.run < number:
                                of_content[name] = Source(name, number, path)
        return readings


@dataclass(eq=False)
class OlderReadings:
    """Pages that are as an older run read them.

    Attributes:
        keys: Short keys of the pages, sorted.
        images: Short keys of the digests of their images; of those of their files where unknown.
        lines: Short keys of the digests of the files that describe their lines.
        runs: Newest run that read each page so; 0 for none yet.
    """

    keys: np.ndarray
    images: np.ndarray
    lines: np.ndarray
    runs: np.ndarray

    @classmethod
    def of(cls, rows: Sequence[pa.Table]) -> OlderReadings:
        """Return the pages of some rows of portions."""
        parts = [
            (
                short_keys(table["page_uri"].to_pylist()),
                short_keys(
                    [
                        sha256 or file_sha256
                        for sha256, file_sha256 in zip(
                            table["sha256"].to_pylist(), table["file_sha256"].to_pylist()
                        )
                    ]
                ),
                short_keys(table["lines_sha256"].to_pylist()),
            )
            for table in rows
        ]
        empty = (np.empty(0, np.int64),) * 3
        keys, images, lines = map(np.concatenate, zip(empty, *parts))
        order = np.argsort(keys)
        return cls(keys[order], images[order], lines[order], np.zeros(len(keys), np.int32))

    def choose(self, archive: Archive, state: EarlierPages, usable_runs: Collection[int]) -> None:
        """Choose the newest run that read each page as it is now; arguments as `AlikePages`."""
        if not len(self.keys):
            return
        for path in state.files:
            for rows in archive.read_batches(path, _CONTENT):
                places, chosen, numbers = self._matching(rows, state, usable_runs)
                np.maximum.at(self.runs, places[chosen], numbers[chosen])

    def _matching(
        self, rows: pa.RecordBatch, state: EarlierPages, usable_runs: Collection[int]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        places = positions(short_keys(column(rows, "page_uri").to_pylist()), self.keys)
        numbers = state.run_numbers(rows)
        is_ok = pc.equal(column(rows, "status"), "ok").to_numpy(zero_copy_only=False)
        images, files, lines = (
            short_keys(pc.fill_null(column(rows, one), "").to_pylist())
            for one in ("sha256", "file_sha256", "lines_sha256")
        )
        is_same = (images == self.images[places]) | (files == self.images[places])
        is_usable = np.isin(numbers, np.fromiter(usable_runs, np.int64, len(usable_runs)))
        chosen = (places >= 0) & is_ok & is_same & (lines == self.lines[places]) & is_usable
        chosen &= state.has_lines(rows)
        return places, chosen, numbers

    def rows(
        self, archive: Archive, state: EarlierPages, usable_runs: Collection[int], run_id: str
    ) -> Iterator[pa.Table]:
        """Yield a row of `pages` for each page, which refers to the run that read it."""
        if not len(self.keys):
            return
        for path in state.files:
            for batch in archive.read_batches(path, PAGES.names):
                places, chosen, numbers = self._matching(batch, state, usable_runs)
                chosen &= numbers == self.runs[places]
                if chosen.any():
                    rows = typed(batch.filter(pa.array(chosen)))
                    readings = pc.coalesce(rows["read_run_id"], rows["run_id"])
                    rows = replaced(rows, "read_run_id", readings)
                    yield written_by_run(replaced(rows, "change", Change.RESTORED.value), run_id)


def typed(rows: pa.RecordBatch) -> pa.Table:
    """Return rows of `pages` with the types of the schema."""
    return with_all_columns(pa.Table.from_batches([rows]), PAGES)


def replaced(rows: pa.Table, name: str, values) -> pa.Table:
    """Return a table with other values in a column: one for all rows, or one for each."""
    place = rows.schema.get_field_index(name)
    field_ = rows.schema.field(name)
    if values is None or isinstance(values, (str, int)):
        values = [values] * len(rows)
    if not isinstance(values, (pa.Array, pa.ChunkedArray)):
        values = pa.array(values, field_.type)
    return rows.set_column(place, field_, values)


def written_by_run(rows: pa.Table, run_id: str) -> pa.Table:
    """Return rows of another run as a run writes them."""
    return replaced(replaced(rows, "run_id", run_id), "compaction", None)


def copied_pages(
    archive: Archive, state: EarlierPages, pages: AlikePages, run_id: str, changes: dict
) -> Iterator[tuple[pa.Table, list[tuple[str, str, str]]]]:
    """Yield the rows of `pages` of pages that get the reading of another page.

    Args:
        archive: The output folder.
        state: What the tables say.
        pages: The pages.
        run_id: Identifier of the run.
        changes: Page to its `Change`.

    Yields:
        Rows; and for each where its lines are: (page, page that was read, run that read it).
    """
    own = {row["page_uri"]: row for row in pages.rows.to_pylist()}
    by_source: dict[tuple[str, int], list[str]] = {}
    for name, source in sorted(pages.sources.items()):
        by_source.setdefault((source.name, source.run), []).append(name)
    for path in sorted({source.path for source in pages.sources.values()}):
        for batch in archive.read_batches(path, PAGES.names):
            found = zip(column(batch, "page_uri").to_pylist(), state.run_numbers(batch).tolist())
            taken = [
                (place, target)
                for place, key in enumerate(found)
                for target in by_source.get(key, ())
                if pages.sources[target].path == path
            ]
            if not taken:
                continue
            places, targets = zip(*taken)
            rows = typed(batch.take(pa.array(places)))
            readings = pc.coalesce(rows["read_run_id"], rows["run_id"]).to_pylist()
            lines = list(zip(targets, rows["page_uri"].to_pylist(), readings))
            rows = replaced(rows, "moved_from", rows["page_uri"])
            rows = replaced(replaced(rows, "page_uri", list(targets)), "read_run_id", None)
            for name in _OWN:
                rows = replaced(rows, name, [own[target][name] for target in targets])
            rows = replaced(rows, "change", [changes[target].value for target in targets])
            yield written_by_run(rows, run_id), lines


def alike_rows(rows: pa.Table) -> pa.Table:
    """Return the rows of a portion of pages that get the reading of another page."""
    return rows.filter(pc.equal(rows["reason"], SkipReason.ALIKE.value))


def restored_rows(rows: pa.Table) -> pa.Table:
    """Return the rows of a portion of pages that are as an older run read them."""
    return rows.filter(pc.equal(rows["reason"], SkipReason.RESTORED.value))
