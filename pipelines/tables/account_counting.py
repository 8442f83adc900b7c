"""Count what became of every page and line that came in."""

from __future__ import annotations

import json
from dataclasses import fields

import apache_beam as beam

from pipelines.files.filesystem import write_bytes
from pipelines.tables.account import Account
from schemas.records import Failure


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

        Of `lines` those that are `dropped` again do not count.
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
    # Nothing was seen of what has no sum.
    zeros = dict.fromkeys((field.name for field in fields(Account)), 0)
    write_bytes(path, json.dumps(zeros | counts, sort_keys=True).encode())
