"""Look at a dataset that was written: check it against the account, and describe it."""

from __future__ import annotations

import json

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from model.summary import DatasetSummary
from pipelines.account import Account, AccountError
from pipelines.description import MANIFEST_FILE, DatasetOrigin, describe_dataset, title_of
from pipelines.runs import RunStart
from pipelines.transforms.files import read_bytes
from pipelines.transforms.write import ReadExamples
from schemas.features import SPLITS


def inspect_dataset(
    dataset: str, output: str, account: Account, start: RunStart, options: PipelineOptions
) -> None:
    """Read a dataset through, describe it, and check it against the account.

    Args:
        dataset: Folder with the splits, `failures`, `leaks.jsonl`, `counts.json` and
            `inputs.jsonl`; the last two are gone afterwards, their content is in the
            manifest.
        output: What the folder will be called.
        account: What was counted as the dataset was written.
        start: The run.
        options: Beam's options.

    Raises:
        AccountError: If the dataset holds more or fewer lines than were counted.
    """
    (inputs_digest,) = map(json.loads, read_bytes(f"{dataset}/inputs.jsonl").splitlines())
    origin = DatasetOrigin(title_of(output), start.flags, account, inputs_digest)
    with beam.Pipeline(options=options) as pipeline:
        build_description(pipeline, dataset, origin)
    held = sum(json.loads(read_bytes(f"{dataset}/{MANIFEST_FILE}"))["splits"].values())
    if held != account.lines_ok:
        raise AccountError(f"the dataset holds {held} lines but {account.lines_ok} were counted")
    FileSystems.delete([f"{dataset}/counts.json", f"{dataset}/inputs.jsonl"])


def build_description(pipeline: beam.Pipeline, dataset: str, origin: DatasetOrigin) -> None:
    """Wire the pipeline that sums a dataset up and describes it.

    Args:
        pipeline: To add to.
        dataset: Folder with the splits.
        origin: What it was made from.
    """
    patterns = [f"{dataset}/{split}/*" for split in SPLITS]
    (
        pipeline
        | "Read lines" >> ReadExamples(patterns)
        | "Sum up" >> beam.CombineGlobally(_Summing())
        | "Describe" >> beam.Map(describe_dataset, dataset, origin)
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
