"""What a run changed in an archive: the rows of `pages` that it writes, and its news."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.archive.columns import is_in
from pipelines.archive.folder import Archive
from pipelines.archive.gone import GonePage, Listing, Seen, find_gone, is_missing_elsewhere
from pipelines.archive.portions import URI_COLUMN, Portions
from pipelines.archive.same_image import SameImages
from pipelines.archive.sources import (
    AlikePages,
    OlderReadings,
    alike_rows,
    copied_pages,
    replaced,
    restored_rows,
    written_by_run,
)
from pipelines.archive.state import EarlierPages
from pipelines.files.key_set import short_keys
from pipelines.pages.records import PageResult
from pipelines.tables.account import AccountError
from pipelines.tables.news import News
from pipelines.tables.rows import page_row, table_of
from pipelines.tables.runs import RunStart
from schemas.changes import Change
from schemas.records import PageSource, Skipped, SkipReason
from schemas.tables import PAGES

_SEEN = ["page_uri", "status", "document"]
# Their rows are replaced by those of the readings that they get; unchanged pages have none.
_NO_ROW = tuple(
    reason.value for reason in (SkipReason.UNCHANGED, SkipReason.RESTORED, SkipReason.ALIKE)
)
_MOST_NAMES = 5
_ROWS_AT_A_TIME = 10_000


class PageChanges:
    """The changes of a run: its rows of `pages`, rows that it copies, and the news.

    Args:
        archive: The output folder.
        run: The run.
        state: What the tables say without it.
        portions: What it has done.
        listing: What it listed; None where that does not tell which pages are gone.
        only_new: Whether readings of any model count.

    Attributes:
        copied: Number of rows by table that are not in the portions; complete once all `rows`
            were taken.
    """

    def __init__(
        self,
        archive: Archive,
        run: RunStart,
        state: EarlierPages,
        portions: Portions,
        listing: Listing | None,
        only_new: bool = False,
    ):
        self._archive, self._run, self._state, self._portions = archive, run, state, portions
        self._listing = listing
        self._usable = {
            number
            for number, earlier in enumerate(state.runs, 1)
            if only_new or earlier.digest == run.digest
        }
        differences = (earlier.differs(run) or Change.REDO for earlier in state.runs)
        self._read_again = np.array(["", *(why.value for why in differences)], object)
        self._counts, self._images = Counter(), SameImages()
        # Pages that are gone, by image; and those of them whose image an earlier name has again.
        self._gone_images: dict[int, list[str]] = {}
        self._moved: set[str] = set()
        # Page and run that was copied, to the pages that got the reading.
        self._copies: dict[tuple[str, str], list[str]] = {}
        self.copied = {"pages": 0, "lines": 0, "failures": 0}

    def rows(self) -> Iterator[pa.Table]:
        """Yield the rows of `pages` that the run writes."""
        alike, older = self._not_read()
        seen = self._seen()
        gone = find_gone(self._archive, self._state, seen, self._listing) if self._listing else []
        alike.choose(self._archive, self._state, self._usable, self._is_gone(gone, seen))
        without = len(alike.rows) - len(alike.sources)
        if without:
            raise AccountError(f"{without} pages have no reading, though their images were read")
        older.choose(self._archive, self._state, self._usable)
        self._remember_images(gone, alike)
        for rows in self._portions.pages():
            yield self._with_changes(rows)
        for rows in older.rows(self._archive, self._state, self._usable, self._run.run_id):
            self._counts[Change.RESTORED.value] += len(rows)
            yield rows
        yield from self._copied_pages(alike)
        yield from self._gone_rows(gone, alike)

    def _not_read(self) -> tuple[AlikePages, OlderReadings]:
        alike, older = [PAGES.empty_table()], []
        for table in self._portions.pages():
            alike.append(alike_rows(table))
            older.append(restored_rows(table))
        return AlikePages(pa.concat_tables(alike)), OlderReadings.of(older)

    def _seen(self) -> Seen:
        names, opened, failed = ([np.empty(0, np.int64)] for _ in range(3))
        for rows in self._portions.pages(_SEEN):
            uris, documents = rows["page_uri"], rows["document"]
            is_open = pc.not_equal(rows["status"], "failed")
            # A document that cannot be opened is itself a page that failed.
            has_pages = pc.or_(is_open, pc.not_equal(uris, documents))
            names.append(short_keys(uris.to_pylist()))
            opened.append(short_keys(uris.filter(is_open).to_pylist()))
            opened.append(short_keys(documents.filter(has_pages).unique().to_pylist()))
            failed.append(short_keys(uris.filter(pc.invert(is_open)).to_pylist()))
        return Seen(*(np.unique(np.concatenate(keys)) for keys in (names, opened, failed)))

    def _is_gone(self, gone: Sequence[GonePage], seen: Seen) -> Callable[[str], bool]:
        found = {page.name for page in gone if page.change is Change.GONE}

        def is_gone(name: str) -> bool:
            (place,) = self._state.places([name])
            if self._listing is None:
                return False
            if name in found or self._state.is_gone[place]:
                return True
            return not seen.lists(name) and is_missing_elsewhere(name, self._listing.names)

        return is_gone

    def _remember_images(self, gone: Sequence[GonePage], alike: AlikePages) -> None:
        taken = set(alike.renamed.values())
        names = [
            page.name for page in gone if page.change is Change.GONE and page.name not in taken
        ]
        images = self._state.of(short_keys(names)).images.tolist()
        for name, image in zip(names, images):
            self._gone_images.setdefault(image, []).append(name)

    def _with_changes(self, rows: pa.Table) -> pa.Table:
        """Return the rows of a portion that are published, with what changed."""
        names = short_keys(rows["page_uri"].to_pylist())
        images, lines = (short_keys(rows[one].to_pylist()) for one in ("sha256", "lines_sha256"))
        earlier = self._state.of(names)
        is_ok, is_returned, is_unchanged = (
            is_in(rows[column], value)
            for column, value in (
                ("status", "ok"),
                ("reason", SkipReason.RETURNED.value),
                ("reason", SkipReason.UNCHANGED.value),
            )
        )
        is_back = is_returned & earlier.is_gone
        self._counts["unchanged"] += int(
            ((is_unchanged | is_returned & ~is_back) & earlier.is_image).sum()
        )
        is_same = (images == earlier.images) & (lines == earlier.lines)
        changes = np.full(len(rows), None, object)
        changes[is_back & earlier.is_image] = Change.BACK.value
        rows = self._renamed_back(rows, changes, earlier.images)
        changes[is_ok] = np.where(is_same, self._read_again[earlier.read], Change.CHANGED.value)[
            is_ok
        ]
        changes[is_ok & (earlier.read == 0)] = Change.NEW.value
        changes[is_ok & earlier.is_lost] = Change.REDO.value
        is_fresh = np.isin(changes.astype(str), (Change.NEW.value, Change.CHANGED.value))
        self._images.add(names[is_fresh], images[is_fresh])
        self._counts.update(change for change in changes if change)
        kept = ~is_in(rows["reason"], *_NO_ROW)
        return replaced(rows, "change", changes.tolist()).filter(pa.array(kept))

    def _renamed_back(self, rows: pa.Table, changes: np.ndarray, images: np.ndarray) -> pa.Table:
        """Mark pages that are back, if a page with their image is gone: they were renamed."""
        old = rows["moved_from"].to_pylist()
        for place in np.flatnonzero(changes == Change.BACK.value):
            if names := self._gone_images.get(int(images[place])):
                old[place], changes[place] = names.pop(), Change.RENAMED.value
                self._moved.add(old[place])
        return replaced(rows, "moved_from", old)

    def _copied_pages(self, alike: AlikePages) -> Iterator[pa.Table]:
        changes = {name: self._change(name, alike) for name in alike.sources}
        tables = copied_pages(self._archive, self._state, alike, self._run.run_id, changes)
        for rows, readings in tables:
            rows = self._with_restored(rows)
            self._counts.update(rows["change"].to_pylist())
            for target, *reading in readings:
                self._copies.setdefault(tuple(reading), []).append(target)
            self.copied["lines"] += pc.sum(rows["lines_ok"]).as_py()
            self.copied["failures"] += pc.sum(rows["lines_failed"]).as_py()
            fresh = rows.filter(pc.not_equal(rows["change"], Change.RENAMED.value))
            self._images.add(
                *(short_keys(fresh[one].to_pylist()) for one in ("page_uri", "sha256"))
            )
            yield rows

    def _with_restored(self, rows: pa.Table) -> pa.Table:
        """Mark pages whose image is that of their newest reading: only the model is another."""
        images, lines = (short_keys(rows[one].to_pylist()) for one in ("sha256", "lines_sha256"))
        earlier = self._state.of(short_keys(rows["page_uri"].to_pylist()))
        is_same = (images == earlier.images) & (lines == earlier.lines)
        is_restored = is_same & is_in(rows["change"], Change.CHANGED.value)
        changes = np.where(is_restored, Change.RESTORED.value, rows["change"].to_pylist())
        return replaced(rows, "change", changes.tolist())

    def _change(self, name: str, alike: AlikePages) -> Change:
        (place,) = self._state.places([name])
        if place >= 0 and self._state.read[place] and not self._state.is_gone[place]:
            return Change.CHANGED
        return Change.RENAMED if name in alike.renamed else Change.NEW

    def _gone_rows(self, gone: Sequence[GonePage], alike: AlikePages) -> Iterator[pa.Table]:
        """Yield the rows that say that pages are gone."""
        pages = {
            page.name: replace(page, change=Change.MOVED) if page.name in self._moved else page
            for page in gone
        }
        for new, old in alike.renamed.items():
            (place,) = self._state.places([old])
            if self._change(new, alike) is Change.RENAMED and not self._state.is_gone[place]:
                document = pages[old].document if old in pages else ""
                pages[old] = GonePage(old, document, Change.MOVED)
        self._images.leave(pages)
        self._counts.update(page.change.value for page in pages.values() if page.change)
        self.copied["pages"] += len(pages)
        rows = [self._gone_row(pages[name]) for name in sorted(pages)]
        for start in range(0, len(rows), _ROWS_AT_A_TIME):
            yield table_of(rows[start : start + _ROWS_AT_A_TIME], PAGES)

    def _gone_row(self, page: GonePage) -> dict:
        source = PageSource(page.name, (), page.document)
        row = page_row(PageResult(Skipped(page.name, SkipReason.GONE), source=source), "")
        change = page.change and page.change.value
        return row | {"run_id": self._run.run_id, "change": change}

    def copied_rows(self, table: str) -> Iterator[pa.Table]:
        """Yield the rows of `lines` or `failures` that are copied for other pages.

        Args:
            table: One of the two; all `rows` must have been taken.
        """
        column = URI_COLUMN[table]
        names = sorted({name for name, _ in self._copies})
        for path in self._archive.files_of_table(table) if names else ():
            for rows in self._archive.read_pages(path, table, column, names):
                keys = zip(rows[column].to_pylist(), rows["run_id"].to_pylist())
                taken = [
                    (place, target)
                    for place, key in enumerate(keys)
                    for target in self._copies.get(key, ())
                ]
                if table == "failures":
                    # That of the whole page is not a line's.
                    has_line = rows["line_id"].to_pylist()
                    taken = [(place, target) for place, target in taken if has_line[place]]
                if taken:
                    places, targets = map(list, zip(*taken))
                    copies = replaced(rows.take(pa.array(places)), column, targets)
                    yield written_by_run(copies, self._run.run_id)

    def news(self) -> News:
        """Return what changed since the earlier runs, once all `rows` were taken."""
        count, images = self._images.shared(self._state)
        names: list[str] = []
        for rows in self._portions.pages(["page_uri", "sha256"]) if count else ():
            is_shared = np.isin(short_keys(rows["sha256"].to_pylist()), images)
            names += rows["page_uri"].filter(pa.array(is_shared)).to_pylist()
            if len(names) >= _MOST_NAMES:
                break
        return News(dict(self._counts), count, tuple(sorted(names)[:_MOST_NAMES]))
