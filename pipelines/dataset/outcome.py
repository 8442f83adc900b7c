"""What ingest says at the end: the account, what was left out, what decided the splits."""

from __future__ import annotations

from dataclasses import dataclass

from model.dataset.split_outcome import SplitOutcome
from pipelines.tables.account import Account

# Files that were left out which are named; the others are counted.
NAMED_FILES = 5


@dataclass(frozen=True)
class Ingested:
    """What an ingest gave.

    Attributes:
        account: What became of all pages and lines.
        splits: What decided the splits, and the lines that they hold.
        left_out: Some of the files that were left out, each with the reason.
    """

    account: Account
    splits: SplitOutcome
    left_out: tuple[tuple[str, str], ...] = ()

    def __str__(self):
        names = describe_left_out(self.left_out, self.account.pages_skipped)
        return "\n".join([str(self.account), *([names] if names else []), str(self.splits)])

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
        return (
            f"nothing was read: of {account.pages_in} pages and files, {account.pages_failed} "
            f"failed, {account.pages_skipped} were left out, and {account.lines_failed} lines "
            "failed; check --input and --format, and what failures lists"
        )


def describe_left_out(named: tuple[tuple[str, str], ...], count: int) -> str:
    """Name files that were left out, in one line; empty for none.

    Args:
        named: Some of the files, each with the reason.
        count: How many there are.

    Example:
        >>> describe_left_out((("a.zip", "format is not supported"),), 3)
        'left out: a.zip (format is not supported) and 2 more'
    """
    if not named:
        return ""
    names = ", ".join(f"{uri} ({reason})" for uri, reason in named)
    more = f" and {count - len(named)} more" if count > len(named) else ""
    return f"left out: {names}{more}"
