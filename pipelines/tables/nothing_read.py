"""Why a run read no page at all."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from pipelines.files.filesystem import match_files
from pipelines.formats.addresses import is_address
from pipelines.tables.account import Account

_NAMED_FILES = 5


def why_nothing_read(inputs: Iterable[str], account: Account) -> str:
    """Say that a run read no page, with the names of files that are no images.

    Args:
        inputs: Values of --input.
        account: Account of the run.

    Returns:
        One line with the cure; empty if a page was read, in this run or in an earlier one.
    """
    if account.pages_ok or account.pages_unchanged:
        return ""
    said = f"nothing was read: of {account.pages_in} pages and files, {account.pages_failed} failed"
    if not account.pages_skipped:
        return f"{said}; failures lists each with its cause"
    names = ", ".join(islice(_files(inputs), _NAMED_FILES))
    return (
        f"{said}, {account.pages_skipped} were left out, as they are neither images nor PDF files "
        f"({names}{', ...' if account.pages_skipped > _NAMED_FILES else ''}); check --input"
    )


def _files(inputs: Iterable[str]) -> Iterable[str]:
    for given in inputs:
        if not given.startswith("@") and not is_address(given):
            yield from sorted(match_files(given))
