"""Take the lines that leak out of the training split."""

from __future__ import annotations

import json

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.transforms.files import read_bytes, write_bytes
from pipelines.transforms.write import ReadExamples, WriteExamples
from schemas.records import LineExample


def drop_leaks(dataset: str, options: PipelineOptions) -> None:
    """Sort `leaks.jsonl`, and write the training lines anew without those that it lists.

    Without a leak no line is touched.

    Args:
        dataset: Folder with `train` and `leaks.jsonl`.
        options: Beam's options.
    """
    path = f"{dataset}/leaks.jsonl"
    # The runner wrote them in any order; a dataset is to be the same each time.
    rows = sorted(read_bytes(path).decode().splitlines())
    write_bytes(path, "".join(f"{row}\n" for row in rows).encode())
    leaks = map(json.loads, rows)
    dropped = {(leak["page_uri"], leak["line_id"]) for leak in leaks if leak["split"] == "train"}
    if not dropped:
        return
    kept = f"{dataset}/kept"
    FileSystems.mkdirs(f"{kept}/train")
    with beam.Pipeline(options=options) as pipeline:
        (
            pipeline
            | "Read" >> ReadExamples([f"{dataset}/train/*"])
            | "Keep" >> beam.Filter(_is_kept, dropped)
            | "Write" >> WriteExamples(kept, shards=0)
        )
    FileSystems.delete([f"{dataset}/train"])
    FileSystems.rename([f"{kept}/train"], [f"{dataset}/train"])
    FileSystems.delete([kept])


def _is_kept(line: LineExample, dropped: set[tuple[str, str]]) -> bool:
    return (line.page_uri, line.line_id) not in dropped
