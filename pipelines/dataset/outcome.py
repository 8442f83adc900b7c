"""What ingest says at the end: the account, what was left out, what decided the splits."""

from __future__ import annotations

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
    """

    account: Account
    splits: SplitOutcome
    skipped: SkippedFiles
    characters: str = ""

    def __str__(self):
        parts = (self.account, self.skipped, self.characters, self.splits)
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
