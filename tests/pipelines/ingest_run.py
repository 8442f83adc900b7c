"""Run `python -m pipelines.ingest` through its main, and read what it wrote."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from model.dataset.tfrecord import read_records
from pipelines.ingest import main
from schemas.features import decode_line
from schemas.records import LineExample

DIRECT = ["--runner", "DirectRunner"]


def ingest(inputs: Iterable[Path | str], output: Path, *flags: str) -> int:
    """Run ingest on the local runner and return its exit status."""
    return main(["--input", *map(str, inputs), "--output", str(output), *DIRECT, *flags])


def examples(dataset: Path, split: str = "*") -> list[LineExample]:
    """Read the examples of one split or of all, sorted by page and line."""
    paths = sorted(str(path) for path in dataset.glob(f"{split}/*.tfrecord.gz"))
    found = [decode_line(record) for path in paths for record in read_records(path)]
    return sorted(found, key=lambda e: (e.page_uri, e.line_id))
