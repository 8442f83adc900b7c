"""What ingest says at the end: the account, what was left out, what decided the splits."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from model.dataset.split_outcome import SplitOutcome
from pipelines.tables.account import Account
from pipelines.tables.skipped import SkippedFiles


@dataclass(frozen=True)
class Ingested:
    """What an ingest gave.

    Attributes:
        account: What became of all pages and lines.
        splits: What decided the splits, and the lines that they hold.
        skipped: Files that were left out.
        characters: Which characters were left out of texts, in one line; empty for none.
        warnings: Result of `describe_warnings`.
    """

    account: Account
    splits: SplitOutcome
    skipped: SkippedFiles
    characters: str = ""
    warnings: str = ""

    def __str__(self):
        parts = (self.account, self.skipped, self.warnings, self.characters, self.splits)
        return "\n".join(filter(None, map(str, parts)))

    def problem(self, is_eval_wanted: bool) -> str:
        """Return why no model can be trained and evaluated with the dataset; empty if one can.

        Args:
            is_eval_wanted: Whether a dataset of a single page has to have a split eval, too.
        """
        account = self.account
        if account.lines_ok:
            return self.splits.problem(is_eval_wanted)
        if not account.pages_in:
            return "nothing was read: there is no file in the input; check --input"
        names = ", ".join(map(self.skipped.named, sorted(self.skipped.counts)))
        return (
            f"nothing was read: of {account.pages_in} pages and files, {account.pages_failed} "
            f"failed, {account.pages_skipped} were left out ({names or 'none'}), and "
            f"{account.lines_failed} lines "
            "failed; check --input and --format, and what failures lists"
        )


def describe_warnings(rows: Iterable[Sequence]) -> str:
    """Return one line on what was wrong with images that were read; empty for nothing.

    Args:
        rows: (warning, number of pages, first page) for each warning.

    Example:
        >>> describe_warnings([["no end mark", 2, "d/a.jpg"]])
        "read with a warning: 2 pages, 'no end mark' (a.jpg, ...)"
    """
    each = "; ".join(
        f"{count:,} page{'' if count == 1 else 's'}, '{warning}' "
        f"({posixpath.basename(first)}{', ...' if count > 1 else ''})"
        for warning, count, first in sorted(rows)
    )
    return f"read with a warning: {each}" if each else ""
