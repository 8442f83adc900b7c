"""Count pages as they go by, for `pipelines.cli.progress`."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import apache_beam as beam

from pipelines.cli.progress import Tally


def count_pages(
    tally: Tally | None,
    found: Iterable[beam.PCollection],
    finished: Iterable[beam.PCollection],
) -> None:
    """Count the records that stand for a page; the pipeline stays as it is without a tally.

    Args:
        tally: Where to; None where nobody looks.
        found: What is to be read, all of it known before the first page is finished.
        finished: What became of it. Not flattened into one: the local runner would hold
            it back until the step before is through.
    """
    if tally is None:
        return
    for name, path, outputs in (
        ("found", tally.found, found),
        ("finished", tally.finished, finished),
    ):
        for number, records in enumerate(outputs):
            records | f"Count {name} {number}" >> beam.ParDo(_Count(path))


def is_page(record: object) -> bool:
    """Tell a record of a whole page from the failure of one line.

    Example:
        >>> from schemas.records import Failure
        >>> is_page(Failure("a.png", "read", "")), is_page(Failure("a.png", "crop", "", "l1"))
        (True, False)
    """
    return not getattr(record, "line_id", "")


def count_one(path: str) -> None:
    """Add one to a file of `Tally`."""
    # A full disk must not end the run for the sake of its progress.
    with suppress(OSError), open(path, "ab", buffering=0) as file:
        file.write(b".")


class _Count(beam.DoFn):
    def __init__(self, path: str):
        self._path = path

    def process(self, record):
        if is_page(record):
            count_one(self._path)
