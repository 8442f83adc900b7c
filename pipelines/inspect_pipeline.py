"""Look at a dataset that was written: what it really holds, its charset and manifest."""

from __future__ import annotations

import json

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from model.bundle import CHARSET_FILE
from model.charset import Charset
from model.summary import DatasetSummary
from pipelines.account import Account, AccountError
from pipelines.runs import RunStart
from pipelines.transforms.files import read_bytes, write_bytes
from schemas import VERSION
from schemas.features import SPLITS, decode_line
from schemas.tables import SCHEMA_VERSION

MANIFEST_FILE = "manifest.json"


def inspect_dataset(
    dataset: str, account: Account, start: RunStart, options: PipelineOptions
) -> None:
    """Read a dataset through, check it against the account, and describe it.

    Args:
        dataset: Folder with the splits, `counts.json` and `inputs.jsonl`; charset.json and
            manifest.json are written there and take the place of those two.
        account: What was counted as the dataset was written.
        start: The run.
        options: Beam's options.

    Raises:
        AccountError: If the dataset holds more or fewer lines than were counted.
    """
    path = f"{dataset}/summary.json"
    with beam.Pipeline(options=options) as pipeline:
        build_summary(pipeline, dataset, path)
    summary = DatasetSummary.from_json(read_bytes(path).decode())
    if summary.line_count != account.lines_ok:
        raise AccountError(
            f"the dataset holds {summary.line_count} lines but {account.lines_ok} were counted"
        )
    charset = Charset(tuple(sorted(summary.characters)))
    (inputs_digest,) = map(json.loads, read_bytes(f"{dataset}/inputs.jsonl").splitlines())
    manifest = {
        "code_version": VERSION,
        "schema_version": SCHEMA_VERSION,
        "flags": start.flags,
        "counts": account.columns(),
        "splits": {split: summary.lines_of_split(split) for split in SPLITS},
        "sources": sorted({source for source, _ in summary.lines}),
        "charset_size": len(charset.characters),
        "inputs_digest": inputs_digest,
        "dataset_digest": summary.hex_digest(),
    }
    write_bytes(f"{dataset}/{CHARSET_FILE}", charset.to_json().encode())
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
    write_bytes(f"{dataset}/{MANIFEST_FILE}", f"{text}\n".encode())
    FileSystems.delete([path, f"{dataset}/counts.json", f"{dataset}/inputs.jsonl"])


def build_summary(pipeline: beam.Pipeline, dataset: str, path: str) -> None:
    """Wire the pipeline that sums a dataset up.

    Args:
        pipeline: To add to.
        dataset: Folder with the splits.
        path: JSON file to write.
    """
    lines = [
        pipeline | f"Read {split}" >> beam.io.ReadFromTFRecord(f"{dataset}/{split}/*")
        for split in SPLITS
    ]
    (
        lines
        | "All" >> beam.Flatten()
        | "Decode" >> beam.Map(decode_line)
        | "Sum up" >> beam.CombineGlobally(_Summing())
        | "As JSON" >> beam.Map(lambda summary: summary.to_json())
        | "Write" >> beam.Map(lambda text, path: write_bytes(path, text.encode()), path)
    )


class _Summing(beam.CombineFn):
    def create_accumulator(self):
        return DatasetSummary()

    def add_input(self, summary, line):
        summary.add(line)
        return summary

    def merge_accumulators(self, summaries):
        merged = DatasetSummary()
        for summary in summaries:
            merged.merge(summary)
        return merged

    def extract_output(self, summary):
        return summary
