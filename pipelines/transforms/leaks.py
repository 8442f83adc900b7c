"""Find the lines that stand in two splits."""

from __future__ import annotations

import apache_beam as beam

from model.leaks import find_leaks, first_leak, leak_keys
from schemas.records import Failure, Leak


class FindLeaks(beam.PTransform):
    """Hold every line against those that share its page image or its look."""

    def expand(self, facts):
        return (
            facts
            | "Under each key" >> beam.FlatMap(lambda fact: [(k, fact) for k in leak_keys(fact)])
            | "Meet" >> beam.GroupByKey()
            | "Compare" >> beam.FlatMap(lambda entry: find_leaks(entry[1]))
            | "Key by line" >> beam.WithKeys(lambda leak: (leak.page_uri, leak.line_id))
            | "Of a line" >> beam.GroupByKey()
            | "First" >> beam.Map(lambda entry: first_leak(entry[1]))
        )


def leak_failure(leak: Leak) -> Failure:
    """Say why a line is dropped, as a row of `failures`."""
    error = (
        f"{leak.kind} of {leak.other_page_uri} {leak.other_line_id} in split "
        f"{leak.other_split}; dropped from {leak.split}"
    )
    return Failure(leak.page_uri, "leak", error, leak.line_id)
