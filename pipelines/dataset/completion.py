"""Finish a dataset when its lines are written: check it against the account, and describe it."""

from __future__ import annotations

import json
import posixpath

from apache_beam.io.filesystems import FileSystems

from model.dataset.summary import DatasetSummary, sample_from_row, sum_digests, summary_from_json
from model.report.contact_sheet import ReportSample
from pipelines.dataset.description import DatasetOrigin, describe_dataset, title_of
from pipelines.dataset.drop import FileContent
from pipelines.files.filesystem import read_bytes
from pipelines.tables.account import Account, AccountError
from pipelines.tables.runs import RunStart
from schemas.features import SPLITS


def complete_dataset(
    dataset: str, notes: str, output: str, account: Account, start: RunStart
) -> None:
    """Put the files in their places, check them, and write what stands beside them.

    Args:
        dataset: Folder with the splits, `failures` and `leaks.jsonl`.
        notes: Folder of what the pipeline found out: `files.jsonl`, `inputs.jsonl`,
            `shown.jsonl`, the summary of the lines and, if there are leaks, of those that
            stay, and `kept`, the files without the lines that leak.
        output: What the dataset's folder will be called.
        account: What was counted as the dataset was written.
        start: The run.

    Raises:
        AccountError: If the dataset does not hold what was counted.
    """
    has_leaks = bool(read_bytes(f"{dataset}/leaks.jsonl"))
    if has_leaks:
        _put_in_place(dataset, f"{notes}/kept")
    name = "kept.json" if has_leaks else "summary.json"
    summary = summary_from_json(read_bytes(f"{notes}/{name}").decode())
    check_files(dataset, _content(f"{notes}/files.jsonl"), summary, account)
    (inputs_digest,) = _rows(f"{notes}/inputs.jsonl")
    origin = DatasetOrigin(title_of(output), start.flags, account, inputs_digest)
    describe_dataset(summary, dataset, origin, _shown(f"{notes}/shown.jsonl"))


def check_files(
    dataset: str, files: list[FileContent], summary: DatasetSummary, account: Account
) -> None:
    """Check that a dataset holds the lines that were cut, in the files that were read back.

    A file that was not moved to its place, is left over from a step that ran twice, or does
    not hold byte for byte what was handed to it, does not pass.

    Args:
        dataset: Folder with the splits.
        files: What its files were found to hold.
        summary: What the lines were summed up to as they were cut.
        account: What was counted.

    Raises:
        AccountError: If they do not agree.
    """
    found = sorted(_names(dataset))
    expected = sorted((file.split, file.name) for file in files)
    if found != expected:
        odd = ", ".join("/".join(file) for file in sorted(set(found) ^ set(expected)))
        raise AccountError(f"the dataset's files are not those that were written: {odd}")
    for split in SPLITS:
        held = sum(file.lines for file in files if file.split == split)
        if held != summary.lines_of_split(split):
            raise AccountError(
                f"{split} holds {held} lines but {summary.lines_of_split(split)} were cut"
            )
    if summary.line_count != account.lines_ok:
        raise AccountError(
            f"the dataset holds {summary.line_count} lines but {account.lines_ok} were counted"
        )
    if sum_digests(file.digest for file in files) != summary.hex_digest():
        raise AccountError("the dataset's lines are not those that were cut; ingest again")


def _put_in_place(dataset: str, kept: str) -> None:
    for split in SPLITS:
        if FileSystems.exists(f"{kept}/{split}"):
            FileSystems.delete([f"{dataset}/{split}"])
            FileSystems.rename([f"{kept}/{split}"], [f"{dataset}/{split}"])


def _names(dataset: str) -> list[tuple[str, str]]:
    matches = FileSystems.match([f"{dataset}/{split}/*" for split in SPLITS])
    return [
        (split, posixpath.basename(metadata.path.replace("\\", "/")))
        for split, match in zip(SPLITS, matches)
        for metadata in match.metadata_list
    ]


def _content(path: str) -> list[FileContent]:
    return [FileContent(**row) for row in _rows(path)]


def _shown(path: str) -> dict[tuple[str, str], ReportSample]:
    samples = map(sample_from_row, _rows(path))
    return {(sample.uri, sample.note): sample for sample in samples}


def _rows(path: str) -> list:
    return list(map(json.loads, read_bytes(path).splitlines()))
