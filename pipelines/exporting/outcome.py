"""What came of an export."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.tables.account import Account


@dataclass(frozen=True)
class Exported:
    """The result of an export.

    Attributes:
        account: Pages and lines; a page is ok if all its files were written.
        file_count: Files written.
        replaced_count: Characters that were replaced by U+FFFD.
        gone_count: Pages that are gone by the tables, which are not in the account.
        missing_count: Pages whose image is missing, of those that were skipped.
        missing: The first of them.
    """

    account: Account
    file_count: int = 0
    replaced_count: int = 0
    gone_count: int = 0
    missing_count: int = 0
    missing: tuple[str, ...] = ()

    def __str__(self):
        text = f"{self.account}\nfiles: {self.file_count} written"
        if self.replaced_count:
            text += f"\n{self.replaced_count} characters that XML cannot hold are now U+FFFD"
        if self.missing_count:
            names = ", ".join([*self.missing, *["..."] * (self.missing_count > len(self.missing))])
            text += (
                f"\nskipped: {_pages(self.missing_count)} whose image is gone ({names}); "
                "transcribe the input again, which marks them"
            )
        if self.gone_count:
            text += f"\nleft out: {_gone(self.gone_count)}; see the recipe gone"
        return text

    @property
    def lack(self) -> str:
        """What the output lacks; empty for nothing."""
        gone, failed = self.gone_count + self.missing_count, self.account.pages_failed
        parts = [f"without {_gone(gone)}"] * bool(gone)
        return " and ".join([*parts, *[f"except {_pages(failed)} that failed"] * bool(failed)])

    @property
    def problem(self) -> str:
        """Why the output is of no use; empty if it is of use."""
        if self.account.pages_ok or not self.missing_count:
            return ""
        return (
            f"no page could be written, as their images do not exist ({self.missing[0]}); mount "
            "their folder, or run from where they were transcribed"
        )


def _gone(count: int) -> str:
    return f"{_pages(count)} that {'is' if count == 1 else 'are'} gone"


def _pages(count: int) -> str:
    return f"{count:,} page{'s' * (count != 1)}"
