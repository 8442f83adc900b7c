"""A transcription in parts: several processes, on any machines, that read the pages of one run."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import NamedTuple

from apache_beam.options.pipeline_options import PipelineOptions

from model.images.digest import exact_key
from pipelines.archive.deaths import Deaths
from pipelines.archive.earlier_runs import is_published, publish_interrupted, unfinished_run
from pipelines.archive.folder import Archive
from pipelines.archive.parts import (
    PartDone,
    PartsRun,
    all_sums,
    done_parts,
    drop_lost,
    mark_done,
    marked_parts,
    missing_parts,
    one_at_a_time,
    part_line,
    part_locks,
    parts_of,
    remove_locks,
    shortened,
    write_parts,
)
from pipelines.archive.share import PartSums, Share
from pipelines.archive.state import read_state
from pipelines.cli.options import UsageError
from pipelines.cli.parts import Part, check_place
from pipelines.cli.progress import show_progress
from pipelines.files.durable import write_durably
from pipelines.files.filesystem import read_bytes
from pipelines.tables.account import Account
from pipelines.tables.runs import RunStart
from pipelines.transcription.config import TranscribeConfig, Transcribed
from pipelines.transcription.pipeline import Job, begin_job, open_job, publish_job, read_share
from schemas import VERSION

_NOTHING = Account(0, 0, 0, 0, 0, 0, 0)
_CURE = "run the command without --part, which publishes what they have done"


def run_part(
    config: TranscribeConfig, options: PipelineOptions, part: Part
) -> Transcribed | PartDone:
    """Transcribe a share of the pages; the last part to end publishes those of all.

    Args:
        config: What to transcribe and how.
        options: Beam's options.
        part: Which share.

    Returns:
        The outcome of the run, if this part published it; else what the part has done.

    Raises:
        UsageError: If the input or the model is missing, the output is in use, or the run there
            is another one.
        AccountError: If the sums do not match.
    """
    check_place(config.output, part)
    job = open_job(config)
    archive = job.archive
    deaths = Deaths(archive.unfinished, str(part.number))
    with (
        part_locks(archive, part) as still_held,
        show_progress("transcribe", options) as counters,
    ):
        with one_at_a_time(archive.parts, part):
            run = unfinished_run(archive)
            parts = parts_of(archive, run)
            if parts and _is_past(job, run, parts, part):
                archive.clear_unfinished()
                parts = None
            if parts:
                done = _done(archive, parts, part)
                if part.number in done.sums or is_published(archive, run):
                    return _end(_joined(job, run, parts, part), part, done, was_done=True)
            else:
                job = _begun(job, part)
                deaths.begin(forgets=config.redo)
        if parts:
            # All may do this at once, as nothing is published until this part is done.
            job = _joined(job, run, parts, part)
            with one_at_a_time(archive.parts, part):
                deaths.begin(forgets=False)
        share = Share.of(archive, part)
        if share.before:
            print(f"part {part}: {share.before.inputs.count:,} pages kept", file=sys.stderr)
        read_share(job, share, deaths, options, counters)
        sums = share.sums(archive)
        with one_at_a_time(archive.parts, part) as is_alone:
            still_held()
            mark_done(archive, job.run.run_id, part.number, sums)
            is_alone()
            return _end(job, part, _done(archive, parts_of(archive, job.run), part))


def _is_past(job: Job, run: RunStart, parts: PartsRun, part: Part) -> bool:
    """Whether a run is another one, of which only what is published has to be cleared away."""
    if not is_published(job.archive, run):
        return False
    return bool(_refusal(job.started(read_state(job.archive)), parts, part))


def _begun(job: Job, part: Part) -> Job:
    """Publish what an earlier run left, and begin a run in parts."""
    archive = job.archive
    if remains := publish_interrupted(archive, job.listing_of):
        print(remains, file=sys.stderr)
    job, _ = begin_job(job)
    job = replace(job, run=replace(job.run, flags=job.run.flags | {"parts": part.count}))
    write_parts(archive, PartsRun(job.run.run_id, part.count, run_facts(job)))
    write_durably(archive.run_start, job.run.to_json().encode())
    return job


def _joined(job: Job, run: RunStart, parts: PartsRun, part: Part) -> Job:
    """Return the job with the run that another part has begun.

    Raises:
        UsageError: If this is no part of that run.
    """
    mine = job.started(read_state(job.archive))
    if refusal := _refusal(mine, parts, part):
        raise UsageError(f"--part {part}: the run in {job.archive.output} {refusal}, or {_CURE}")
    return replace(mine, run=run)


def _refusal(job: Job, parts: PartsRun, part: Part) -> str:
    """Return why a job is no part of a run; empty if it is one."""
    if part.count != parts.count:
        return f"has {parts.count} parts; give --part K/{parts.count}"
    difference = parts.difference(run_facts(job))
    return f"{difference}; give the same" if difference else ""


def run_facts(job: Job) -> dict[str, tuple[str, str]]:
    """Return what must be the same in all parts of a run: what is compared, and how it is shown.

    Machines may have the disks at different places, if `--root` is given: then names of pages are
    compared, not paths.
    """
    config, run = job.config, job.run
    listed = [*run.listed, *(exact_key(read_bytes(one)) for one in job.inputs.lists)]
    reading = config.recognition
    facts = {
        "Quire": VERSION,
        "--input": (json.dumps(listed), " ".join(config.inputs)),
        "--model": (run.model_digest, f"{run.model} ({reading.precision}, {run.decoding})"),
        "--lines": (run.preprocess_digest, config.line_source),
        "--collection": config.collection,
        "--redo": "on" if config.redo else "off",
        "--only": "new" if config.only_new else "off",
        "--iiif_width_px": str(config.pages.width_px),
        "--mets_group": config.pages.file_group or "none",
    }
    return {name: (fact, fact) if isinstance(fact, str) else fact for name, fact in facts.items()}


class _Done(NamedTuple):
    """Which parts are done.

    Attributes:
        sums: What they have counted, by their numbers; that of the others is not read as long as
            some are missing, as a thousand parts would read a million files.
        missing: Numbers of those that are not done.
    """

    sums: dict[int, PartSums]
    missing: tuple[int, ...]


def _done(archive: Archive, parts: PartsRun, own: Part) -> _Done:
    """Return the parts that are done; once all are, their portions are checked."""
    if missing := missing_parts(marked_parts(archive), parts.count):
        return _Done(done_parts(archive, parts, [own.number]), missing)
    done = done_parts(archive, parts)
    lost = drop_lost(archive, done) if len(done) == parts.count else []
    if lost:
        print(
            f"files of the parts {shortened(lost)} of {parts.count} are damaged or gone; start "
            "these parts again, or run the command without --part",
            file=sys.stderr,
        )
    return _Done(done, missing_parts(done, parts.count))


def _end(job: Job, part: Part, done: _Done, was_done: bool = False) -> Transcribed | PartDone:
    """Publish the run if all its parts are done, and no other one has published it."""
    account = done.sums[part.number].account if part.number in done.sums else _NOTHING
    if is_published(job.archive, job.run):
        job.archive.clear_unfinished()
        return PartDone(part, account, was_done=was_done)
    if done.missing:
        return PartDone(part, account, done.missing, was_done)
    said = f"{part_line(part, account, was_done)}; all {part.count} parts are done"
    transcribed = publish_job(job, read_state(job.archive), *all_sums(done.sums), said)
    remove_locks(job.archive)
    return transcribed
