"""What the parts of a run know of each other: what they have in common, and which are done.

.unfinished/parts/run.json       the run that they are parts of, how many there are, and its facts
.unfinished/parts/done-K.json    written last by a part: what it has counted
.unfinished/parts/K.lock         held while the part runs
.unfinished/parts/held-K-*.keys  the pages that the part has written before it was started again
.unfinished/parts/lock           held by the part that begins, ends or publishes

None of it depends on the clocks of machines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass

from apache_beam.io.filesystems import FileSystems

from pipelines.archive.folder import Archive
from pipelines.archive.portions import Portions, drop_damaged, portion_names, whole_portions
from pipelines.archive.publish import sum_portions
from pipelines.archive.share import PartSums, portion_start
from pipelines.cli.options import UsageError
from pipelines.cli.parts import Part
from pipelines.files.durable import write_durably
from pipelines.files.filesystem import first_existing, make_folder, read_bytes
from pipelines.files.key_set import UriTally
from pipelines.files.lock import Check, lone_lock, shared_lock, waiting_lock
from pipelines.files.output import discard
from pipelines.tables.account import Account
from pipelines.tables.runs import RunStart
from pipelines.tables.skipped import SkippedFiles

# Publishing many millions of lines takes less.
_LONGEST_WAIT_S = 3600.0
_MOST_NUMBERS = 10


@dataclass(frozen=True)
class PartsRun:
    """A run in parts.

    Attributes:
        run_id: Identifier of the run.
        count: How many parts it has.
        facts: What must be the same in all parts, by flag: what is compared, and how it is shown.
    """

    run_id: str
    count: int
    facts: dict[str, tuple[str, str]]

    def difference(self, facts: dict[str, tuple[str, str]]) -> str:
        """Return the first fact in which a part differs; empty for none.

        Example:
            >>> run = PartsRun("r", 2, {"--model": ("5c", "old")})
            >>> run.difference({"--model": ("5c", "same/old")})
            ''
            >>> run.difference({"--model": ("77", "new")})
            'began with --model old, and this part has --model new'
            >>> run.difference({"--model": ("77", "old")})
            'began with --model old, which has another content now'
        """
        for name, (value, shown) in facts.items():
            value_of_run, shown_of_run = self.facts.get(name, ("", "of another version"))
            if value == value_of_run:
                continue
            began = f"began with {name} {shown_of_run}"
            if shown == shown_of_run:
                return f"{began}, which has another content now"
            return f"{began}, and this part has {name} {shown}"
        return ""


@dataclass(frozen=True)
class PartDone:
    """A part that has ended, of a run that it did not publish.

    Attributes:
        part: The part.
        account: What became of its pages.
        missing: Numbers of the parts that are not done; empty if another one has published.
        was_done: Whether it was done before it was started.
    """

    part: Part
    account: Account
    missing: tuple[int, ...] = ()
    was_done: bool = False

    def __str__(self):
        return f"{part_line(self.part, self.account, self.was_done)}; {self._others()}"

    def _others(self) -> str:
        if not self.missing:
            return f"all {self.part.count} parts are done and published"
        done = self.part.count - len(self.missing)
        verb = "is" if done == 1 else "are"
        return (
            f"{done} of {self.part.count} parts {verb} done (not yet {shortened(self.missing)}), "
            "the last one publishes"
        )


def shortened(numbers: Sequence[int]) -> str:
    """Return numbers as a text, only the first of many.

    Example:
        >>> shortened([1, 4]), shortened(range(99))
        ('1, 4', '0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ...')
    """
    return ", ".join(
        [*map(str, numbers[:_MOST_NUMBERS]), *["..."] * (len(numbers) > _MOST_NUMBERS)]
    )


def part_line(part: Part, account: Account, was_done: bool = False) -> str:
    """Return what a part has done, in a few words; `was_done` if that was before it was started.

    Example:
        >>> part_line(Part(3, 8), Account(120, 110, 1, 9, 0, 0, 0))
        'part 3/8 done: 120 pages, 1 failed'
    """
    pages = "1 page" if account.pages_in == 1 else f"{account.pages_in:,} pages"
    failed = f", {account.pages_failed:,} failed" if account.pages_failed else ""
    return f"part {part} {'was done already' if was_done else 'done'}: {pages}{failed}"


@contextmanager
def part_locks(archive: Archive, part: Part) -> Iterator[Check]:
    """Lock a part, and the output for the parts of one run.

    In a bucket, a part that was killed a moment ago is waited for until its lock expires.

    Yields:
        A function that raises `GivenUp` if a lock is lost, as can happen in a bucket; call it
        before what others rely on.

    Raises:
        UsageError: If this part runs already, or a command that needs the output for itself.
    """
    make_folder(archive.parts, archive.output)
    shared = shared_lock(archive.unfinished, f"part {part}")
    with lock_with_shared(archive.parts, part, shared) as still_held:
        yield still_held


@contextmanager
def lock_with_shared(
    parts: str, part: Part, shared: AbstractContextManager[Check]
) -> Iterator[Check]:
    """Hold the lock of a part, and one that all parts of a run share.

    Args:
        parts: Folder of what the parts know of each other; it must exist.
        part: The part.
        shared: The other lock.

    Yields:
        As `part_locks`.

    Raises:
        UsageError: If this part runs already.
    """
    running = f"part {part} runs already ({{other}}); wait for it, or start another part"
    with (
        lone_lock(f"{parts}/{part.number}.lock", running, waits=True) as is_own,
        shared as is_shared,
    ):

        def still_held() -> None:
            is_own()
            is_shared()

        yield still_held


@contextmanager
def one_at_a_time(parts: str, part: Part) -> Iterator[Check]:
    """Let only one part at a time begin, end or publish; the others wait.

    Args:
        parts: Folder of what the parts know of each other.
        part: The part.

    Yields:
        As `part_locks`.
    """
    with waiting_lock(f"{parts}/lock", f"part {part}", _LONGEST_WAIT_S) as is_alone:
        yield is_alone


def parts_of(archive: Archive, run: RunStart | None) -> PartsRun | None:
    """Return the parts of the unfinished run; None if it has none."""
    path = f"{archive.parts}/run.json"
    if run is None or first_existing([path]) is None:
        return None
    try:
        values = json.loads(read_bytes(path))
        facts = {name: tuple(fact) for name, fact in values["facts"].items()}
        found = PartsRun(values["run_id"], values["count"], facts)
    # It was damaged: the run is published as any other that was interrupted.
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return found if found.run_id == run.run_id else None


def write_parts(archive: Archive, run: PartsRun) -> None:
    """Record what the parts of a run have in common."""
    write_durably(f"{archive.parts}/run.json", json.dumps(asdict(run)).encode())


def mark_done(archive: Archive, run_id: str, number: int, sums: PartSums) -> None:
    """Record that a part of a run is done."""
    mark = json.dumps({"run_id": run_id, "sums": sums.to_json()})
    write_durably(_mark(archive, number), mark.encode())


def marked_parts(archive: Archive) -> set[int]:
    """Return the numbers of the parts that have said that they are done, by one listing."""
    (found,) = FileSystems.match([f"{archive.parts}/done-*.json"])
    numbers = (re.search(r"/done-(\d+)\.json$", one.path) for one in found.metadata_list)
    return {int(number[1]) for number in numbers if number}


def done_parts(
    archive: Archive, run: PartsRun, numbers: Collection[int] = ()
) -> dict[int, PartSums]:
    """Return what the parts of a run that are done have counted, by their numbers.

    Args:
        archive: The output folder.
        run: The run.
        numbers: The parts to look at; none for all.
    """
    found = {}
    for number in sorted(marked_parts(archive).intersection(numbers or range(1, run.count + 1))):
        try:
            mark = json.loads(read_bytes(_mark(archive, number)))
            if mark["run_id"] == run.run_id:
                found[number] = PartSums.from_json(mark["sums"])
        # It was damaged: the part is done again, which reads nothing twice.
        except (ValueError, KeyError, TypeError):
            discard(_mark(archive, number))
    return found


def missing_parts(done: Collection[int], count: int) -> tuple[int, ...]:
    """Return the numbers of the parts that are not done.

    Example:
        >>> missing_parts({1, 3}, 4)
        (2, 4)
    """
    return tuple(number for number in range(1, count + 1) if number not in done)


def drop_lost(archive: Archive, done: dict[int, PartSums]) -> list[int]:
    """Remove the marks of parts whose portions do not hold any more what they have counted.

    Args:
        archive: The output folder.
        done: From `done_parts`; without those parts afterwards.

    Returns:
        Their numbers.
    """
    names, whole = portion_names(archive.portions), {*whole_portions(archive.portions)}
    own: dict[str, list[str]] = {portion_start(number): [] for number in done}
    for name in names:
        own.setdefault(f"{name.partition('-')[0]}-", []).append(name)
    lost = []
    for number, sums in done.items():
        held = own[portion_start(number)]
        if not whole.issuperset(held) or sum_portions(Portions(archive, held)).pages != sums.inputs:
            lost.append(number)
    for number in lost:
        drop_damaged(archive.portions, portion_start(number))
        discard(_mark(archive, number))
        del done[number]
    return lost


def all_sums(done: dict[int, PartSums]) -> tuple[UriTally, SkippedFiles]:
    """Return what all parts have counted together."""
    inputs, skipped = UriTally(), SkippedFiles()
    for sums in done.values():
        inputs.merge(sums.inputs)
        skipped.merge(sums.skipped)
    return inputs, skipped


def remove_locks(archive: Archive) -> None:
    """Remove the locks that killed parts have left behind."""
    (found,) = FileSystems.match([f"{archive.parts}/*.lock"])
    for metadata in found.metadata_list:
        # In a bucket, one that has not expired yet stays.
        with suppress(UsageError), lone_lock(metadata.path, "{other}"):
            pass


def _mark(archive: Archive, number: int) -> str:
    return f"{archive.parts}/done-{number}.json"
