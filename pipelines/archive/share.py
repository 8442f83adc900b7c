"""The share of the pages that a process reads, and what it counts of them."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass
from functools import lru_cache

import pyarrow.compute as pc

from pipelines.archive.folder import Archive
from pipelines.archive.page_keys import NOT_READ, name_key
from pipelines.archive.portions import Portions, drop_damaged, portion_names
from pipelines.archive.publish import sum_portions
from pipelines.cli.parts import Part
from pipelines.files.filesystem import read_bytes, write_bytes
from pipelines.files.key_set import KeySet, UriTally, sorted_keys
from pipelines.pages.fetched import is_no_image
from pipelines.tables.account import Account
from pipelines.tables.skipped import SkippedFiles
from schemas.records import PageSource, Skipped, SkipReason


@dataclass(frozen=True)
class PartSums:
    """What a part has counted of its share.

    Attributes:
        inputs: Tally of the pages that came in.
        account: What became of them.
        skipped: The files that are no pages.
    """

    inputs: UriTally
    account: Account
    skipped: SkippedFiles

    def to_json(self) -> str:
        """Return what `from_json` reads."""
        inputs = self.inputs.count, self.inputs.total
        skipped = self.skipped.counts, self.skipped.names
        return json.dumps({"inputs": inputs, "account": asdict(self.account), "skipped": skipped})

    @classmethod
    def from_json(cls, text: str) -> PartSums:
        """Return the sums that `to_json` serialised."""
        values = json.loads(text)
        account = Account(**values["account"])
        return cls(UriTally(*values["inputs"]), account, SkippedFiles(*values["skipped"]))


@dataclass(frozen=True)
class Share:
    """What a process reads of the pages of a run, and where it writes what it counts.

    Attributes:
        inputs: File for the tally of the pages.
        skipped: File for the files that are no pages.
        start: How the names of its portions start.
        part: Which pages are its own; None for all.
        held: File with the keys of the pages that its portions hold already; empty for none.
        before: What it has counted of those; None for nothing.
    """

    inputs: str
    skipped: str
    start: str = ""
    part: Part | None = None
    held: str = ""
    before: PartSums | None = None

    @classmethod
    def whole(cls, archive: Archive) -> Share:
        """Return all pages."""
        return cls(archive.inputs, archive.skipped)

    @classmethod
    def of(cls, archive: Archive, part: Part) -> Share:
        """Return the share of a part, which this process has locked; damaged portions are deleted.

        Args:
            archive: The output folder, in which a run in parts has begun.
            part: The part.
        """
        start = portion_start(part.number)
        drop_damaged(archive.portions, start)
        portions = Portions(archive, portion_names(archive.portions, start))
        files = (f"{archive.parts}/{what}-{part.number}.json" for what in ("inputs", "skipped"))
        if not portions.names:
            return cls(*files, start, part)
        before = _sums(portions)
        # Workers cache what they read: another attempt has a file of another name.
        held = f"{archive.parts}/held-{part.number}-{uuid.uuid4().hex}.keys"
        names = (rows["page_uri"].to_pylist() for rows in portions.pages(["page_uri"]))
        write_bytes(held, sorted_keys(name_key(name, "") for some in names for name in some))
        return cls(*files, start, part, held, before)

    def sums(self, archive: Archive) -> PartSums:
        """Return what the part has counted, once it has read all; its portions must hold that.

        Raises:
            AccountError: If they do not.
        """
        inputs, skipped = UriTally(*json.loads(read_bytes(self.inputs))), SkippedFiles()
        skipped.merge(SkippedFiles.read(self.skipped))
        if self.before:
            inputs.merge(self.before.inputs)
            skipped.merge(self.before.skipped)
        found = sum_portions(Portions(archive, portion_names(archive.portions, self.start)))
        found.check(inputs)
        return PartSums(inputs, found.account, skipped)


@lru_cache(maxsize=1)
def _held_keys(path: str) -> KeySet:
    return KeySet(read_bytes(path) if path else b"")


def is_to_read(source: PageSource, part: Part, held: str) -> bool:
    """Whether a part reads a page: it is in its share, and not in its portions yet.

    Args:
        source: The page.
        part: The part.
        held: As of `Share`.
    """
    return part.takes(source.uri) and name_key(source.uri, "") not in _held_keys(held)


def portion_start(number: int) -> str:
    """Return how the names of the portions of a part start.

    Example:
        >>> portion_start(3)
        'part3-'
    """
    return f"part{number}-"


def _sums(portions: Portions) -> PartSums:
    """Return what portions hold; pages that were read twice are left out of them from now on."""
    sums, skipped = sum_portions(portions), SkippedFiles()
    for rows in portions.pages(["page_uri", "status", "reason"]):
        for row in rows.filter(pc.equal(rows["status"], "skipped")).to_pylist():
            uri, reason = row["page_uri"], row["reason"]
            if reason not in NOT_READ:
                skipped.add(Skipped(uri, reason))
            elif is_no_image(PageSource(uri, (uri,))):
                skipped.add(Skipped(uri, SkipReason.NO_IMAGE))
    return PartSums(sums.pages, sums.account, skipped)
