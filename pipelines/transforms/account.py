"""Count what became of every page and line that came in."""

from __future__ import annotations

import json

import apache_beam as beam

from pipelines.transforms.files import write_bytes


class WriteAccount(beam.PTransform):
    """Write the fields of `pipelines.account.Account` as JSON.

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
        dropped = _ones(outcomes["dropped"], "Lines dropped")
        minus_dropped = dropped | "Minus" >> beam.Map(lambda one: -one)
        numbers = {
            "pages_in": _ones(outcomes["inputs"], "Pages in"),
            "pages_ok": _ones(done, "Pages ok"),
            "pages_failed": failures
            | "Pages failed" >> beam.Map(lambda failure: int(not failure.line_id)),
            "pages_skipped": _ones(outcomes["skipped"], "Pages skipped"),
            "lines_in": done | "Lines in" >> beam.Map(lambda page: page.line_count),
            "lines_ok": (_ones(outcomes["lines"], "Lines read"), minus_dropped)
            | "Lines kept" >> beam.Flatten(),
            "lines_failed": failures
            | "Lines failed" >> beam.Map(lambda failure: int(bool(failure.line_id))),
            "lines_dropped": dropped,
        }
        totals = tuple(
            collection
            | f"Sum {name}" >> beam.CombineGlobally(sum)
            | f"Name {name}" >> beam.Map(lambda total, name: (name, total), name)
            for name, collection in numbers.items()
        )
        return (
            totals
            | "All" >> beam.Flatten()
            | "Together" >> beam.combiners.ToDict()
            | "Write" >> beam.Map(_write, self._path)
        )


def _ones(elements: beam.PCollection, label: str) -> beam.PCollection:
    return elements | label >> beam.Map(lambda element: 1)


def _write(counts: dict[str, int], path: str) -> None:
    write_bytes(path, json.dumps(counts, sort_keys=True).encode())
