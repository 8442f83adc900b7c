"""Take the lines that leak out of the training split."""

from __future__ import annotations

import json

import apache_beam as beam
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.transforms.files import read_bytes, write_bytes
from schemas.features import decode_line


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
    kept = f"{dataset}/train.kept"
    with beam.Pipeline(options=options) as pipeline:
        (
            pipeline
            | "Read" >> beam.io.ReadFromTFRecord(f"{dataset}/train/*")
            | "Keep" >> beam.Filter(_is_kept, dropped)
            | "Write"
            >> beam.io.WriteToTFRecord(
                f"{kept}/lines",
                file_name_suffix=".tfrecord.gz",
                compression_type=CompressionTypes.GZIP,
            )
        )
    FileSystems.delete([f"{dataset}/train"])
    FileSystems.rename([kept], [f"{dataset}/train"])


def _is_kept(record: bytes, dropped: set[tuple[str, str]]) -> bool:
    line = decode_line(record)
    return (line.page_uri, line.line_id) not in dropped
