"""Transcribe page images into Parquet tables."""

from __future__ import annotations

import argparse
import os
import re
import sys

from apache_beam.options.pipeline_options import PipelineOptions

from model import DEFAULT_MODEL
from model.decoding.config import AUTO_LANGUAGE, GREEDY, NO_LANGUAGE, DecodingConfig
from model.networks.session import AUTO, DEVICES, uses_gpu
from model.recogniser.quality import ReadingChoice, choose_reading
from pipelines.cli.interruption import Interrupted, interruptible
from pipelines.cli.jobs import add_jobs_flag, jobs_of
from pipelines.cli.main import command_main
from pipelines.cli.metrics import add_metrics_flag
from pipelines.cli.options import (
    EXIT_OK,
    UsageError,
    add_failure_flag,
    finish,
    output_folder,
    verb_parser,
)
from pipelines.cli.parts import Part, add_part_flag, part_of
from pipelines.cli.processes import worker_processes
from pipelines.cli.reading import add_reading_flags
from pipelines.engines.flags import add_engine_flags
from pipelines.engines.running import run_beam_verb
from pipelines.files.cached import local_model
from pipelines.pages.flags import add_input_flag, add_page_flags, pages_config
from pipelines.pages.time_limit import add_time_limit_flag, page_time_limit_s
from pipelines.tables.recorded import record_run
from pipelines.tables.shown_failures import show_failures
from pipelines.tables.skipped import check_some_page
from pipelines.transcription.config import TranscribeConfig, Transcribed
from pipelines.transcription.forecast import Terms
from pipelines.transcription.parts import run_part
from pipelines.transcription.pipeline import run_transcribe
from pipelines.transcription.plan_pipeline import run_plan
from pipelines.transcription.read_pages import LINE_SOURCES
from pipelines.transcription.recognise import Recognition
from schemas.process_end import end_process

_ESTIMATED_PAGES = 1000


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("transcribe", __doc__)
    add_input_flag(parser)
    parser.add_argument(
        "--model",
        default=DEFAULT_MODEL,
        help="folder that train wrote, on a disk or in a bucket; default: the bundled model",
    )
    add_reading_flags(parser)
    parser.add_argument("--beam_width", type=int, help="prefixes that the beam search keeps")
    parser.add_argument(
        "--lexicon",
        default="",
        help="text file of words that the beam search takes as known, besides those of training",
    )
    parser.add_argument(
        "--device", choices=DEVICES, default=AUTO, help="auto: a GPU if ONNX Runtime finds one"
    )
    parser.add_argument(
        "--output",
        type=output_folder,
        required=True,
        help="folder of the tables; what earlier runs wrote there is kept",
    )
    parser.add_argument(
        "--collection",
        type=collection,
        default="all",
        help="partition of the tables to write to; unchanged pages stay in theirs",
    )
    parser.add_argument(
        "--redo", action="store_true", help="read pages again that an earlier run has read"
    )
    parser.add_argument(
        "--lines",
        choices=LINE_SOURCES,
        default="auto",
        help="given: from the PAGE or ALTO file beside the image; find: by the line finder; "
        "auto: given if there is such a file, otherwise find; whole: each image is one line",
    )
    parser.add_argument(
        "--root",
        default="",
        help="folder that the input is in; pages are known by their paths below it, so that they "
        "are the same by another mount",
    )
    parser.add_argument(
        "--only",
        choices=["new"],
        help="new: read only what is new or changed, even if another model or version read the "
        "other pages",
    )
    add_part_flag(parser)
    add_jobs_flag(parser)
    add_engine_flags(parser)
    add_time_limit_flag(parser)
    add_page_flags(parser)
    add = parser.add_argument_group("planning").add_argument
    add(
        "--dry_run",
        action="store_true",
        help="count new, changed and unchanged pages, transcribe a few as a probe, estimate what "
        "a run would take, and stop",
    )
    add(
        "--pages",
        type=int,
        metavar="N",
        help="also estimate for so many pages like these; 1,000 are always among the estimates",
    )
    add(
        "--workers",
        type=int,
        metavar="N",
        help="for the estimate, one core each (default: that of --jobs)",
    )
    add("--price_per_core_hour", type=float, default=0.0, help="for the estimate")
    add_failure_flag(parser)
    add_metrics_flag(parser)
    return parser


def collection(text: str) -> str:
    """Return a flag's value if it can name a partition.

    Example:
        >>> collection("registers-1858")
        'registers-1858'
    """
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a name of a collection; use letters, digits, '-', '_' and '.'"
        )
    return text


def _recognition(args: argparse.Namespace, choice: ReadingChoice) -> Recognition:
    is_language_named = args.language not in (AUTO_LANGUAGE, NO_LANGUAGE)
    if choice.decoding == GREEDY and (
        args.lexicon or args.beam_width is not None or is_language_named
    ):
        cure = "add --decoding beam"
        if args.decoding is None and choice.notes:
            cure = f"{choice.notes[0]}; python -m model.training.language adds one"
        raise UsageError(f"--lexicon, --beam_width and --language need the beam search; {cure}")
    try:
        decoding = DecodingConfig(
            choice.decoding, args.beam_width, args.lexicon, language=args.language
        )
    except ValueError as error:
        raise UsageError(str(error)) from None
    return Recognition(args.model, choice.precision, decoding, args.device)


def _say(quality: str, choice: ReadingChoice) -> None:
    for note in choice.notes:
        print(f"--quality {quality}: {note}")


def _terms(args: argparse.Namespace) -> Terms:
    counts = tuple(dict.fromkeys([_ESTIMATED_PAGES, args.pages or _ESTIMATED_PAGES]))
    workers = args.workers or jobs_of(args, uses_gpu(args.device)).count
    return Terms(counts, workers, args.price_per_core_hour)


def _part(args: argparse.Namespace) -> Part | None:
    part = part_of(args.part, os.environ)
    if part and args.dry_run:
        raise UsageError(
            f"--part {args.part} and --dry_run exclude each other: a dry run is of all pages; "
            f"leave out --part, and give --workers {part.count} for the estimate"
        )
    return part


def _run(args: argparse.Namespace, options: PipelineOptions) -> int:
    for flag in ("workers", "pages"):
        value = getattr(args, flag)
        if value is not None and value < 1:
            raise UsageError(f"--{flag} {value} is not 1 or more")
    if args.only and args.redo:
        raise UsageError("--only new and --redo exclude each other; give one of them")
    if args.price_per_core_hour < 0:
        raise UsageError(f"--price_per_core_hour {args.price_per_core_hour} is below 0")
    part = _part(args)
    choice = choose_reading(
        local_model(args.model),
        args.quality,
        args.decoding,
        args.precision,
        uses_gpu(args.device),
        args.model,
    )
    recognition = _recognition(args, choice)
    config = TranscribeConfig(
        inputs=tuple(args.input),
        recognition=recognition,
        output=args.output,
        redo=args.redo,
        collection=args.collection,
        line_source=args.lines,
        page_time_limit_s=page_time_limit_s(args),
        pages=pages_config(args),
        root=args.root,
        only_new=args.only == "new",
    )
    if args.dry_run:
        # It imports the writers of formats, which a run does not need.
        from pipelines.exporting.sizes import export_bytes

        print(run_plan(config, _terms(args), options, export_bytes))
        _say(args.quality, choice)
        return EXIT_OK
    try:
        with interruptible(), worker_processes(jobs_of(args, uses_gpu(args.device))):
            transcribed = (
                run_part(config, options, part) if part else run_transcribe(config, options)
            )
    except Interrupted as interrupted:
        print(interrupted, file=sys.stderr)
        return interrupted.status
    if not isinstance(transcribed, Transcribed):
        print(transcribed)
        return EXIT_OK
    files = f"failures/collection=*/{transcribed.run_id}-*.parquet"
    record_run(transcribed.account, args.output, files)
    print(*filter(None, [str(transcribed), show_failures(args.output, files)]), sep="\n")
    _say(args.quality, choice)
    check_some_page(transcribed.account, transcribed.skipped)
    failure_rate = transcribed.account.failure_rate
    return finish(failure_rate, args.max_failure_rate, f"{args.output}/failures")


main = command_main(_parser, _run, run_beam_verb)

if __name__ == "__main__":
    end_process(main)
