"""What all writers of an export have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from pipelines.cli.options import UsageError
from pipelines.formats.page_text import PageText
from schemas.records import Failure


class PageWriter(Protocol):
    """Writes pages in one format.

    Attributes:
        wholes: Path of each file of several pages that it writes, and its document as `Changes`
            has it.
    """

    wholes: dict[str, str]

    def wants(self, page: PageText) -> bool:
        """Return whether it has to be given a page, for a file that changes."""

    def add(self, page: PageText) -> Iterator[Failure]:
        """Write a page, or keep it until its document is complete; yield what failed."""

    def close(self) -> Iterator[Failure]:
        """Write what is left; yield what failed."""


def trying(page: PageText, name: str, stage: str, step: Callable[[], None]) -> Iterator[Failure]:
    """Take a step of a page; yield a failure if it raises an error."""
    try:
        step()
    except UsageError:
        raise
    except (OSError, ValueError) as error:
        yield Failure(page.uri, stage, f"{name}: {error}")
