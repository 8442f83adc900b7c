"""Transcribe page images into Parquet tables."""

from __future__ import annotations

import argparse
import sys

from apache_beam.options.pipeline_options import PipelineOptions

from model.bundle import DEFAULT_MODEL, ONNX_FILES
from pipelines.options import (
    UsageError,
    add_output_flags,
    finish,
    run_beam_verb,
    verb_parser,
)
from pipelines.transcribe_pipeline import TranscribeConfig, run_transcribe
from pipelines.transforms.describe import LINE_SOURCES


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("transcribe", __doc__)
    parser.add_argument(
        "--input", nargs="+", required=True, help="page images: files, folders or quoted globs"
    )
    parser.add_argument(
        "--model",
        default=DEFAULT_MODEL,
        help="folder that train pushed; default: the one in the box",
    )
    parser.add_argument(
        "--precision",
        choices=sorted(ONNX_FILES),
        default="fp32",
        help="int8 reads about twice as fast and all but as well",
    )
    add_output_flags(parser)
    parser.add_argument(
        "--lines",
        choices=LINE_SOURCES,
        default="auto",
        help="given: from the PAGE or ALTO file beside the image; find: from the line finder; "
        "auto: given if there, else find; whole: each image is one line",
    )
    parser.add_argument("--shards", type=int, default=1, help="files a table")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments without the program's name; None for those of the process.

    Returns:
        The exit status; see `pipelines.options.run_verb`.
    """
    return run_beam_verb(_parser(), _run, argv)


def _run(args: argparse.Namespace, options: PipelineOptions) -> int:
    if args.shards < 1:
        raise UsageError(f"--shards {args.shards} is not 1 or more")
    config = TranscribeConfig(
        inputs=tuple(args.input),
        model=args.model,
        precision=args.precision,
        output=args.output,
        overwrite=args.overwrite,
        line_source=args.lines,
        shards=args.shards,
    )
    account = run_transcribe(config, options)
    print(account)
    return finish(account.failure_rate, args.max_failure_rate, f"{args.output}/failures")


if __name__ == "__main__":
    sys.exit(main())
