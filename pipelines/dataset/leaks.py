"""Find the lines that occur in two splits."""

from __future__ import annotations

import posixpath
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator

import apache_beam as beam
import numpy as np
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from model.dataset.leak_keys import (
    entries,
    keys_in_two_splits,
    partition_by_key,
    shared_keys,
    short_key,
)
from model.dataset.leaks import find_leaks, first_leak
from pipelines.dataset.tfrecord import read_records
from pipelines.transforms.write import WriteRecords
from schemas.line_fact import decode_fact, encode_fact
from schemas.records import Failure, Leak

# Keys and lines are compared in parts, of which one at a time is in memory.
_KEY_PARTS = 64
_LINE_PARTS = 16
# Keys that a worker gathers before it passes them on.
_MOST_ENTRIES = 1 << 18
_END_OF_KEY = b"\n"
_ALL_FACTS = "facts"
_FACTS_OF_PART = tuple(f"facts-{part:02}" for part in range(_LINE_PARTS))
# The folders that `FindLeaks` writes to.
FACT_FOLDERS = _ALL_FACTS, *_FACTS_OF_PART


class FindLeaks(beam.PTransform):
    """Compare every line with those of the same page image and those that look alike.

    The facts of each line are written to files. Only lines with a key that occurs in two
    splits, which are few, are read back and distributed to other files by their keys. So
    never more lines are in memory than one of these parts has.

    Args:
        folder: Folder for the files; it must have the `FACT_FOLDERS`.
    """

    def __init__(self, folder: str):
        super().__init__()
        self._folder = folder

    def expand(self, facts):
        shared = (
            facts
            | "Short keys" >> beam.ParDo(_ShortKeys())
            | "Of a part" >> beam.GroupByKey()
            | "In two splits" >> beam.Map(lambda part: _shared_of_part(part[1]))
        )
        return (
            facts
            | "Write" >> WriteRecords(self._folder, self._folder, lambda _: _ALL_FACTS, encode_fact)
            | "Spread" >> beam.Reshuffle()
            | "Read" >> beam.FlatMap(facts_under_keys, beam.pvalue.AsIter(shared))
            | "Distribute" >> WriteRecords(self._folder, self._folder, _folder_of, _pack)
            | "Key by part" >> beam.WithKeys(posixpath.dirname)
            | "Lines of a part" >> beam.GroupByKey()
            | "Compare" >> beam.FlatMap(lambda part: leaks_of_part(part[1]))
            | "Key by line" >> beam.WithKeys(lambda leak: (leak.page_uri, leak.line_id))
            | "Of a line" >> beam.GroupByKey()
            | "First" >> beam.Map(lambda entry: first_leak(entry[1]))
        )


class _ShortKeys(beam.DoFn):
    """Gather the keys of many lines, and emit them part by part."""

    def start_bundle(self):
        self._entries = array("Q")

    def process(self, fact):
        self._entries.extend(entries(fact))
        if len(self._entries) >= _MOST_ENTRIES:
            yield from self._parts()

    def finish_bundle(self):
        for part in self._parts():
            yield WindowedValue(part, GlobalWindow().max_timestamp(), [GlobalWindow()])

    def _parts(self) -> Iterator[tuple[int, bytes]]:
        gathered = np.array(self._entries, np.uint64)
        self._entries = array("Q")
        for part, chosen in partition_by_key(gathered, _KEY_PARTS):
            yield part, chosen.tobytes()


def _shared_of_part(packed: Iterable[bytes]) -> bytes:
    return keys_in_two_splits(np.frombuffer(b"".join(packed), np.uint64)).tobytes()


def facts_under_keys(path: str, packed_keys: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Read the facts of a file that have one of some keys.

    Args:
        path: File of facts.
        packed_keys: Short keys as the bytes of uint64, in parts.

    Yields:
        (key, encoded fact) for each of those keys of a fact.
    """
    short_keys = np.sort(np.frombuffer(b"".join(packed_keys), np.uint64))
    if not short_keys.size:
        return
    for record in read_records(path):
        for key in shared_keys(decode_fact(record), short_keys):
            yield key, record


def leaks_of_part(paths: Iterable[str]) -> Iterator[Leak]:
    """Find the leaks among the lines of some keys.

    Args:
        paths: All files of those keys.

    Yields:
        The results of `find_leaks` for each key.
    """
    facts_of_key = defaultdict(list)
    for path in paths:
        for record in read_records(path):
            key, fact = record.split(_END_OF_KEY, 1)
            facts_of_key[key].append(fact)
    for facts in facts_of_key.values():
        yield from find_leaks(map(decode_fact, facts))


def _folder_of(entry: tuple[str, bytes]) -> str:
    return _FACTS_OF_PART[short_key(entry[0]) % _LINE_PARTS]


def _pack(entry: tuple[str, bytes]) -> bytes:
    return entry[0].encode() + _END_OF_KEY + entry[1]


def leak_failure(leak: Leak) -> Failure:
    """Return the failure that says why a line is dropped."""
    error = (
        f"{leak.kind} of {leak.other_page_uri} {leak.other_line_id} in split "
        f"{leak.other_split}; dropped from {leak.split}"
    )
    return Failure(leak.page_uri, "leak", error, leak.line_id)
