"""`lines` in parts: several processes, on any machines, that write one output together.

OUTPUT.parts/run.json      the run that they are parts of, how many there are, and its facts
OUTPUT.parts/K/            tables and counts of a part; its file done.json is written last
OUTPUT.parts/files/        the files of the pages; in a bucket they are in their places at once
OUTPUT.parts/*lock         as of the parts of transcribe
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import apache_beam as beam
import pyarrow as pa
from apache_beam.options.pipeline_options import PipelineOptions

from model.images.digest import exact_key
from pipelines.archive.folder import read_table
from pipelines.archive.parts import (
    PartDone,
    PartsRun,
    lock_with_shared,
    missing_parts,
    one_at_a_time,
)
from pipelines.cli.options import UsageError, is_local
from pipelines.cli.parts import Part, check_place
from pipelines.cli.progress import show_progress
from pipelines.files.durable import write_durably
from pipelines.files.filesystem import first_existing, make_folder, read_bytes, write_bytes
from pipelines.files.lock import Check, shared_output_lock
from pipelines.files.output import (
    PARTS,
    begin_together,
    check_free,
    discard,
    end_together,
    written_together,
)
from pipelines.line_finding.pipeline import (
    COUNTS,
    SKIPPED,
    FoundLines,
    LinesConfig,
    begin_lines,
    build_lines,
    end_lines,
    finding_of,
    listing_of,
)
from pipelines.pages.inputs import page_inputs
from pipelines.tables.account import Account
from pipelines.tables.runs import RunStart
from pipelines.tables.skipped import SkippedFiles, check_some_page
from pipelines.tables.write import parquet_bytes
from schemas import VERSION
from schemas.tables import TABLES

_TABLES = ("pages", "failures")
_DONE = "done.json"


@dataclass(frozen=True)
class PartsFolder:
    """Where the parts of a run leave what they have in common.

    Attributes:
        output: What they write together.
    """

    output: str

    @property
    def folder(self) -> str:
        """The folder, beside the output."""
        return f"{self.output}{PARTS}"

    @property
    def run(self) -> str:
        """File of the run, and of what must be the same in all parts."""
        return f"{self.folder}/run.json"

    @property
    def staging(self) -> str:
        """Folder for the files of pages, on a disk."""
        return f"{self.folder}/files"

    def of(self, number: int, name: str) -> str:
        """Return the path of a file of a part."""
        return f"{self.folder}/{number}/{name}"

    def is_done(self, number: int) -> bool:
        """Return whether a part is done."""
        return first_existing([self.of(number, _DONE)]) is not None


def run_lines_part(
    config: LinesConfig, options: PipelineOptions, part: Part
) -> FoundLines | PartDone:
    """Find the lines of a share of the pages; the last part to end completes the output.

    Args:
        config: Input and output, the same for all parts.
        options: Beam's options.
        part: Which share.

    Returns:
        What came of all parts, if this one was the last; else what the part has done.

    Raises:
        UsageError: If the input is missing, the output is in use or exists, or the run there is
            another one.
        AccountError: If the sums do not match.
    """
    check_place(config.output, part)
    if not is_local(options):
        raise UsageError(
            f"--part {part} is read on this machine, and another engine was given; leave out one "
            "of them"
        )
    folder = PartsFolder(config.output.rstrip("/"))
    listing, start = listing_of(config), begin_lines(config)
    with _locked(folder, part) as still_held, show_progress("lines", options) as counters:
        with one_at_a_time(folder.folder, part):
            start = _begun(config, folder, part, start)
        was_done = folder.is_done(part.number)
        if not was_done:
            with TemporaryDirectory(prefix="quire-") as tables:
                with beam.Pipeline(options=options) as pipeline:
                    staging = written_together(folder.output, folder.staging)
                    finding = finding_of(config, staging, start)
                    build_lines(pipeline, listing, finding, start.run_id, counters, part, tables)
                still_held()
                _keep(folder, part.number, tables)
        with one_at_a_time(folder.folder, part) as is_alone:
            is_alone()
            return _end(config, folder, part, start, was_done)


@contextmanager
def _locked(folder: PartsFolder, part: Part) -> Iterator[Check]:
    make_folder(folder.folder, folder.output)
    shared = shared_output_lock(folder.output, f"part {part}")
    with lock_with_shared(folder.folder, part, shared) as still_held:
        yield still_held


def _begun(config: LinesConfig, folder: PartsFolder, part: Part, start: RunStart) -> RunStart:
    """Return the run that the first part has begun.

    Raises:
        UsageError: If it is another run, or none can begin.
    """
    facts = _facts(config, start)
    if first_existing([folder.run]) is None:
        check_free(folder.output, config.overwrite)
        begin_together(folder.output, folder.staging)
        start = replace(start, flags=start.flags | {"parts": part.count})
        run = asdict(PartsRun(start.run_id, part.count, facts)) | {"start": start.to_json()}
        write_durably(folder.run, json.dumps(run).encode())
        return start
    values = json.loads(read_bytes(folder.run))
    begun = RunStart.from_json(values["start"])
    told = {name: tuple(fact) for name, fact in values["facts"].items()}
    run = PartsRun(begun.run_id, values["count"], told)
    refusal = run.difference(facts)
    if part.count != run.count:
        refusal = f"has {run.count} parts"
    if refusal:
        raise UsageError(
            f"--part {part}: the run in {folder.folder} {refusal}; give the same, or delete that "
            "folder to begin anew"
        )
    return begun


def _facts(config: LinesConfig, start: RunStart) -> dict[str, tuple[str, str]]:
    """Return what must be the same in all parts: what is compared, and how it is shown."""
    lists = [exact_key(read_bytes(one)) for one in page_inputs(config.inputs).lists]
    facts = {
        "Quire": VERSION,
        "--input": (json.dumps([config.inputs, lists]), " ".join(config.inputs)),
        "line finder": start.model_digest,
        "--show": "on" if config.show else "off",
        "--iiif_width_px": str(config.pages.width_px),
        "--mets_group": config.pages.file_group or "none",
    }
    return {name: (fact, fact) if isinstance(fact, str) else fact for name, fact in facts.items()}


def _keep(folder: PartsFolder, number: int, tables: str) -> None:
    """Put what a part has counted where the others find it; the file that says so is last."""
    Account.read(f"{tables}/{COUNTS}")
    make_folder(f"{folder.folder}/{number}", folder.output)
    for table in _TABLES:
        (path,) = Path(tables, table).glob("*.parquet")
        write_bytes(folder.of(number, f"{table}.parquet"), path.read_bytes())
    for name in (COUNTS, SKIPPED):
        write_bytes(folder.of(number, name), Path(tables, name).read_bytes())
    write_durably(folder.of(number, _DONE), b"{}")


def _end(
    config: LinesConfig, folder: PartsFolder, part: Part, start: RunStart, was_done: bool
) -> FoundLines | PartDone:
    done = [number for number in range(1, part.count + 1) if folder.is_done(number)]
    if missing := missing_parts(done, part.count):
        account = Account.read(folder.of(part.number, COUNTS))
        return PartDone(part, account, missing, was_done)
    account, skipped = Account(0, 0, 0, 0, 0, 0, 0), SkippedFiles()
    for number in done:
        account += Account.read(folder.of(number, COUNTS))
        skipped.merge(SkippedFiles.read(folder.of(number, SKIPPED)))
    check_some_page(account, skipped)
    output = written_together(folder.output, folder.staging)
    for table in _TABLES:
        rows = [read_table(folder.of(number, f"{table}.parquet")) for number in done]
        whole = pa.concat_tables([TABLES[table].empty_table(), *rows])
        write_bytes(f"{output}/{table}/{table}.parquet", parquet_bytes(whole))
    write_bytes(f"{output}/{COUNTS}", json.dumps(asdict(account)).encode())
    end_lines(config, output, start, account)
    end_together(folder.output, folder.staging)
    discard(folder.folder)
    return FoundLines(account, skipped)
