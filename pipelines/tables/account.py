"""The account of a run: what became of each page and line that came in."""

from __future__ import annotations

import json
from dataclasses import asdict, astuple, dataclass, fields
from operator import add

import apache_beam as beam

from pipelines.files.filesystem import read_bytes, write_bytes
from schemas.records import Failure


class AccountError(RuntimeError):
    """The sums do not match: something was lost or counted twice."""


@dataclass(frozen=True)
class Account:
    """Counts of pages and lines by what became of them.

    Attributes:
        pages_in: Pages found in the input.
        pages_ok: Pages read.
        pages_failed: Pages with a row in `failures`.
        pages_skipped: Files skipped on purpose.
        lines_in: Lines on the pages that were read.
        lines_ok: Lines written.
        lines_failed: Lines with a row in `failures`.
        lines_dropped: Training lines left out because another split has them, too.
        pages_unchanged: Of the skipped pages, those that an earlier run has read.
    """

    pages_in: int
    pages_ok: int
    pages_failed: int
    pages_skipped: int
    lines_in: int
    lines_ok: int
    lines_failed: int
    lines_dropped: int = 0
    pages_unchanged: int = 0

    @classmethod
    def read(cls, path: str) -> Account:
        """Return the account that `WriteAccount` wrote.

        Raises:
            AccountError: If the sums do not match.
        """
        account = cls(**json.loads(read_bytes(path)))
        account.check()
        return account

    def __add__(self, other: Account) -> Account:
        return Account(*map(add, astuple(self), astuple(other)))

    def check(self) -> None:
        """Check that the sums match.

        Raises:
            AccountError: If they do not.
        """
        pages = self.pages_ok + self.pages_failed + self.pages_skipped
        if pages != self.pages_in:
            raise AccountError(f"{self.pages_in} pages came in but {pages} are accounted for")
        lines = self.lines_ok + self.lines_failed + self.lines_dropped
        if lines != self.lines_in:
            raise AccountError(f"{self.lines_in} lines came in but {lines} are accounted for")

    @property
    def failure_rate(self) -> float:
        """The share of pages or of lines that failed, whichever is larger.

        Pages that an earlier run has read count as read, not as skipped.
        """
        left_out = self.pages_skipped - self.pages_unchanged
        return max(
            self.pages_failed / max(1, self.pages_in - left_out),
            self.lines_failed / max(1, self.lines_in),
        )

    def columns(self) -> dict[str, int]:
        """Return the account as columns of the table `runs`."""
        return asdict(self)

    def __str__(self):
        dropped = f" + {self.lines_dropped} dropped" if self.lines_dropped else ""
        # With those that were renamed, or have the image of another page.
        unchanged = f" ({self.pages_unchanged} read before)" if self.pages_unchanged else ""
        return (
            f"pages: {self.pages_in} in = {self.pages_ok} ok + {self.pages_failed} failed"
            f" + {self.pages_skipped} skipped{unchanged}\n"
            f"lines: {self.lines_in} in = {self.lines_ok} ok + {self.lines_failed} failed"
            f"{dropped}"
        )


class WriteAccount(beam.PTransform):
    """Write the fields of `pipelines.tables.account.Account` as JSON.

    Args:
        path: The file.
    """

    def __init__(self, path: str):
        super().__init__()
        self._path = path

    def expand(self, outcomes: dict[str, beam.PCollection]):
        """Count `inputs`, `done` pages, `failures`, `skipped` files, `lines` and `dropped`.

        Lines that are `dropped` are among `lines`, too, and are subtracted there.
        """
        done, failures = outcomes["done"], outcomes["failures"]
        numbers = (
            _ones(outcomes["inputs"], "pages_in"),
            _ones(done, "pages_ok"),
            failures | "Failed" >> beam.Map(_failed),
            _ones(outcomes["skipped"], "pages_skipped"),
            done | "Lines in" >> beam.Map(lambda page: ("lines_in", page.line_count)),
            _ones(outcomes["lines"], "lines_ok"),
            outcomes["dropped"] | "Minus" >> beam.Map(lambda line: ("lines_ok", -1)),
            _ones(outcomes["dropped"], "lines_dropped"),
        )
        return (
            numbers
            | "All" >> beam.Flatten()
            | "Sums" >> beam.CombinePerKey(sum)
            | "Together" >> beam.combiners.ToDict()
            | "Write" >> beam.Map(_write, self._path)
        )


def _ones(elements: beam.PCollection, name: str) -> beam.PCollection:
    return elements | name >> beam.Map(lambda element, name: (name, 1), name)


def _failed(failure: Failure) -> tuple[str, int]:
    return ("lines_failed" if failure.line_id else "pages_failed"), 1


def _write(counts: dict[str, int], path: str) -> None:
    # A count without elements is missing from the sums.
    zeros = dict.fromkeys((field.name for field in fields(Account)), 0)
    write_bytes(path, json.dumps(zeros | counts, sort_keys=True).encode())
