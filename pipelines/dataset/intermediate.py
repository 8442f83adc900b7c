"""The intermediate files of ingest: the pipeline writes them, the steps after it read them.

.unfinished/counts.json       the account: pages and lines in, ok, failed, skipped, dropped
.unfinished/skipped.json      the files that were left out
.unfinished/summary.json      what the lines that were cut add up to
.unfinished/kept.json         the same for the lines that stay, if there are leaks
.unfinished/kept/SPLIT/       the files without the lines that leak, if there are leaks
.unfinished/files.jsonl       the content of each file, as it was read back
.unfinished/inputs.jsonl      the digest of all page images
.unfinished/left_out.jsonl    the characters that were left out of texts
.unfinished/warnings.jsonl    what was wrong with images, counted
.unfinished/shown.jsonl       the lines of those leaks that the report shows
.unfinished/splits.jsonl      what decided the splits, counted
.unfinished/facts.../         what the search for leaks compares
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from apache_beam.io.filesystems import FileSystems

from model.dataset.audit import CharacterAudit
from model.dataset.split_outcome import SplitOutcome
from model.dataset.splits import SplitConfig
from model.dataset.summary import DatasetSummary, sample_from_row, summary_from_json
from model.report.contact_sheet import ReportSample
from pipelines.dataset.drop import FileContent
from pipelines.dataset.leaks import FACT_FOLDERS
from pipelines.dataset.split_counts import read_outcome
from pipelines.files.filesystem import read_bytes
from pipelines.files.output import discard
from pipelines.tables.account import Account
from pipelines.transforms.write import UNFINISHED_FOLDER
from schemas.features import SPLITS


@dataclass(frozen=True)
class IntermediateFiles:
    """Where the intermediate files are, and what they hold once the pipeline has ended.

    Attributes:
        dataset: Folder of the dataset that is being written.
    """

    dataset: str

    @property
    def folder(self) -> str:
        """Folder of all intermediate files, and of the facts of `FindLeaks`."""
        return f"{self.dataset}/{UNFINISHED_FOLDER}"

    @property
    def account(self) -> str:
        """File of `WriteAccount`."""
        return f"{self.folder}/counts.json"

    @property
    def skipped(self) -> str:
        """File of `WriteSkipped`."""
        return f"{self.folder}/skipped.json"

    @property
    def summary(self) -> str:
        """File of `WriteSummary` for all lines that were cut."""
        return f"{self.folder}/summary.json"

    @property
    def kept_summary(self) -> str:
        """File of `WriteSummary` for the lines that stay."""
        return f"{self.folder}/kept.json"

    @property
    def kept(self) -> str:
        """Folder of `DropLeaks`, with a folder for each split."""
        return f"{self.folder}/kept"

    @property
    def contents(self) -> str:
        """File of the `FileContent` rows, for `WriteJsonLines`: without `.jsonl`."""
        return f"{self.folder}/files"

    @property
    def inputs(self) -> str:
        """File of the digest of all page images, for `WriteJsonLines`: without `.jsonl`."""
        return f"{self.folder}/inputs"

    @property
    def left_out(self) -> str:
        """File of the `LeftOutCharacters`, for `WriteJsonLines`: without `.jsonl`."""
        return f"{self.folder}/left_out"

    @property
    def warnings(self) -> str:
        """File of the `ImageWarning`s, for `WriteJsonLines`: without `.jsonl`."""
        return f"{self.folder}/warnings"

    @property
    def shown(self) -> str:
        """File of the lines of leaks to show, for `WriteJsonLines`: without `.jsonl`."""
        return f"{self.folder}/shown"

    @property
    def splits(self) -> str:
        """File of the counts of `CountSplits`, for `WriteJsonLines`: without `.jsonl`."""
        return f"{self.folder}/splits"

    def make(self) -> None:
        """Make the folders that the pipeline writes to."""
        for name in FACT_FOLDERS:
            FileSystems.mkdirs(f"{self.folder}/{name}")

    def discard(self) -> None:
        """Delete the intermediate files."""
        discard(self.folder)

    def read_account(self) -> Account:
        """Return the account of the run.

        Raises:
            AccountError: If its sums do not match.
        """
        return Account.read(self.account)

    def read_summary(self, has_leaks: bool) -> DatasetSummary:
        """Return the summary of the lines that the finished dataset has to hold.

        Args:
            has_leaks: Whether leaks were found: only then files were written without them.
        """
        path = self.kept_summary if has_leaks else self.summary
        return summary_from_json(read_bytes(path).decode())

    def read_left_out(self) -> CharacterAudit:
        """Return the counts of the characters that were left out of texts."""
        audit = CharacterAudit()
        for row in _read_rows(self.left_out):
            audit.add_left_out(*row)
        return audit

    def read_warnings(self) -> list[list]:
        """Return the rows (warning, number of pages, first page) of what was wrong with images."""
        return _read_rows(self.warnings)

    def read_contents(self) -> list[FileContent]:
        """Return what each file of the dataset held when it was read back."""
        return [FileContent(**row) for row in _read_rows(self.contents)]

    def read_inputs_digest(self) -> str:
        """Return the sum of the digests of all page images, hex."""
        (digest,) = _read_rows(self.inputs)
        return digest

    def read_splits(self, config: SplitConfig, has_leaks: bool) -> SplitOutcome:
        """Return what decided the splits, and the lines that they hold.

        Args:
            config: What was asked for.
            has_leaks: Whether leaks were found.
        """
        summary = self.read_summary(has_leaks)
        lines = {split: summary.lines_of_split(split) for split in SPLITS}
        return read_outcome(dict(_read_rows(self.splits)), config, lines)

    def read_shown(self) -> dict[tuple[str, str], ReportSample]:
        """Return the lines of the leaks to show, by page with line, and split."""
        samples = map(sample_from_row, _read_rows(self.shown))
        return {(sample.uri, sample.note): sample for sample in samples}


def _read_rows(prefix: str) -> list:
    return list(map(json.loads, read_bytes(f"{prefix}.jsonl").splitlines()))
