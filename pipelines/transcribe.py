"""Transcribe page images into Parquet tables."""

from __future__ import annotations

import argparse
import re
import sys

from apache_beam.options.pipeline_options import PipelineOptions

from model import DEFAULT_MODEL
from model.decoding.config import DECODINGS, GREEDY, DecodingConfig
from model.networks.session import AUTO, DEVICES
from model.recogniser.bundle import ONNX_FILES
from pipelines.cli.interruption import Interrupted, interruptible
from pipelines.cli.main import command_main
from pipelines.cli.options import (
    EXIT_OK,
    UsageError,
    add_failure_flag,
    finish,
    output_folder,
    verb_parser,
)
from pipelines.pages.flags import add_input_flag, add_page_flags, pages_config
from pipelines.pages.time_limit import add_time_limit_flag, page_time_limit_s
from pipelines.tables.skipped import check_some_page
from pipelines.transcription.pipeline import TranscribeConfig, run_transcribe
from pipelines.transcription.plan_pipeline import PlanConfig, run_plan
from pipelines.transcription.read_pages import LINE_SOURCES
from pipelines.transcription.recognise import Recognition


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("transcribe", __doc__)
    add_input_flag(parser)
    parser.add_argument(
        "--model",
        default=DEFAULT_MODEL,
        help="folder that train wrote; default: the bundled model",
    )
    parser.add_argument(
        "--precision",
        choices=sorted(ONNX_FILES),
        default="fp32",
        help="int8 reads a page about 1.6 times as fast and makes hardly more errors",
    )
    parser.add_argument(
        "--decoding",
        choices=DECODINGS,
        default=GREEDY,
        help="greedy: the most probable label at each time step, fast; beam: a search with the "
        "model's language model, with fewer errors",
    )
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
    add_time_limit_flag(parser)
    add_page_flags(parser)
    add = parser.add_argument_group("planning").add_argument
    add(
        "--dry_run",
        action="store_true",
        help="count new, changed and unchanged pages, transcribe a few as a probe, estimate what "
        "a run would take, and stop",
    )
    add("--workers", type=int, default=1, help="for the estimate, one core each")
    add("--price_per_core_hour", type=float, default=0.0, help="for the estimate")
    add_failure_flag(parser)
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


def _run(args: argparse.Namespace, options: PipelineOptions) -> int:
    if args.workers < 1:
        raise UsageError(f"--workers {args.workers} is not 1 or more")
    if args.decoding == GREEDY and (args.lexicon or args.beam_width is not None):
        raise UsageError("--lexicon and --beam_width need the beam search; add --decoding beam")
    if args.price_per_core_hour < 0:
        raise UsageError(f"--price_per_core_hour {args.price_per_core_hour} is below 0")
    try:
        decoding = DecodingConfig(args.decoding, args.beam_width, args.lexicon)
    except ValueError as error:
        raise UsageError(str(error)) from None
    config = TranscribeConfig(
        inputs=tuple(args.input),
        recognition=Recognition(args.model, args.precision, decoding, args.device),
        output=args.output,
        redo=args.redo,
        collection=args.collection,
        line_source=args.lines,
        page_time_limit_s=page_time_limit_s(args),
        pages=pages_config(args),
    )
    if args.dry_run:
        planning = PlanConfig(args.workers, args.price_per_core_hour)
        print(run_plan(config, planning, options))
        return EXIT_OK
    try:
        with interruptible():
            transcribed = run_transcribe(config, options)
    except Interrupted as interrupted:
        print(interrupted, file=sys.stderr)
        return interrupted.status
    print(transcribed)
    check_some_page(transcribed.account, transcribed.skipped)
    failure_rate = transcribed.account.failure_rate
    return finish(failure_rate, args.max_failure_rate, f"{args.output}/failures")


main = command_main(_parser, _run, runs_beam=True)

if __name__ == "__main__":
    sys.exit(main())
