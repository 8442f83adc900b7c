"""Compile images and their texts into a dataset of TFRecords."""

from __future__ import annotations

import argparse
import os
import sys

from apache_beam.options.pipeline_options import PipelineOptions

from model.splits import SplitConfig
from pipelines.formats.detect import MARKUP_FORMATS
from pipelines.ingest_pipeline import IngestConfig, run_ingest
from pipelines.options import (
    UsageError,
    add_output_flags,
    finish,
    run_beam_verb,
    share,
    verb_parser,
)

_DEFAULT_INPUT = "dataset"


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("ingest", __doc__)
    parser.add_argument(
        "--input",
        nargs="+",
        default=[_DEFAULT_INPUT],
        help="images with texts (x.png with x.txt or x.gt.txt), PAGE XML or ALTO 4: files, "
        "folders or quoted globs",
    )
    add_output_flags(parser, default="out/dataset")
    parser.add_argument(
        "--format",
        choices=["auto", *MARKUP_FORMATS, "pair"],
        default="auto",
        help="format of the input; auto looks at the content",
    )
    parser.add_argument("--line_height_px", type=int, default=64, help="height of the line images")
    parser.add_argument("--eval_fraction", type=share, default=0.1, help="share of eval pages")
    parser.add_argument("--test_fraction", type=share, default=0.1, help="share of test pages")
    parser.add_argument("--split_seed", type=int, default=0, help="deals the pages anew")
    parser.add_argument("--shards", type=int, default=4, help="files a split")
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
    if args.input == [_DEFAULT_INPUT] and not os.path.exists(_DEFAULT_INPUT):
        raise UsageError(
            f"./{_DEFAULT_INPUT} is missing; give --input, or draw a sample one with "
            f"python -m pipelines.sample --output {_DEFAULT_INPUT}"
        )
    account = run_ingest(_config(args), options)
    print(account)
    return finish(account.failure_rate, args.max_failure_rate, f"{args.output}/failures")


def _config(args: argparse.Namespace) -> IngestConfig:
    if not 16 <= args.line_height_px <= 256:
        raise UsageError(f"--line_height_px {args.line_height_px} is not between 16 and 256")
    if args.shards < 1:
        raise UsageError(f"--shards {args.shards} is not 1 or more")
    try:
        splits = SplitConfig(args.eval_fraction, args.test_fraction, args.split_seed)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return IngestConfig(
        inputs=tuple(args.input),
        output=args.output,
        overwrite=args.overwrite,
        format_name=args.format,
        line_height_px=args.line_height_px,
        splits=splits,
        shards=args.shards,
    )


if __name__ == "__main__":
    sys.exit(main())
