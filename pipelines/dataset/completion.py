"""Complete a dataset after its lines are written: check it against the account, describe it."""

from __future__ import annotations

import posixpath

from apache_beam.io.filesystems import FileSystems

from model.dataset.summary import DatasetSummary, sum_digests
from pipelines.dataset.description import DatasetOrigin, describe_dataset, title_of
from pipelines.dataset.drop import FileContent
from pipelines.dataset.intermediate import IntermediateFiles
from pipelines.files.filesystem import read_bytes
from pipelines.files.objects import is_there
from pipelines.files.output import discard, move_folder
from pipelines.tables.account import Account, AccountError
from pipelines.tables.runs import RunStart
from schemas.features import SPLITS


def complete_dataset(
    intermediate: IntermediateFiles, output: str, account: Account, start: RunStart
) -> bool:
    """Move the files to their places, check them, and write the files that describe them.

    Args:
        intermediate: What the pipeline left beside the splits, `failures` and `leaks.jsonl`.
        output: Folder that the dataset will be moved to.
        account: What was counted as the dataset was written.
        start: The run.

    Returns:
        Whether lines leak from one split into another.

    Raises:
        AccountError: If the dataset does not hold what was counted.
    """
    dataset = intermediate.dataset
    has_leaks = bool(read_bytes(f"{dataset}/leaks.jsonl"))
    if has_leaks:
        _replace_splits(dataset, intermediate.kept)
    summary = intermediate.read_summary(has_leaks)
    check_files(dataset, intermediate.read_contents(), summary, account)
    summary.audit.merge(intermediate.read_left_out())
    inputs_digest = intermediate.read_inputs_digest()
    origin = DatasetOrigin(title_of(output), start.flags, account, inputs_digest)
    describe_dataset(summary, dataset, origin, intermediate.read_shown())
    return has_leaks


def check_files(
    dataset: str, files: list[FileContent], summary: DatasetSummary, account: Account
) -> None:
    """Check that a dataset holds the lines that were cut, in the files that were read back.

    Rejects a file that was not moved to its place, that is left over from a step that ran twice,
    or that does not hold the bytes that were written to it.

    Args:
        dataset: Folder with the splits.
        files: What its files held when they were read back.
        summary: What the lines added up to as they were cut.
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


def _replace_splits(dataset: str, kept: str) -> None:
    for split in SPLITS:
        if is_there(f"{kept}/{split}"):
            discard(f"{dataset}/{split}")
            move_folder(f"{kept}/{split}", f"{dataset}/{split}")


def _names(dataset: str) -> list[tuple[str, str]]:
    """Return the split and the name of each file."""
    matches = FileSystems.match([f"{dataset}/{split}/*" for split in SPLITS])
    return [
        (split, posixpath.basename(metadata.path.replace("\\", "/")))
        for split, match in zip(SPLITS, matches)
        for metadata in match.metadata_list
    ]
