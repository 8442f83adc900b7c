"""Find the lines of page images and write them as PAGE XML."""

from __future__ import annotations

import argparse
import sys

from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.cli.options import add_output_flags, finish, run_beam_verb, verb_parser
from pipelines.line_finding.pipeline import LinesConfig, run_lines
from pipelines.pages.flags import add_input_flag, add_page_flags, pages_config
from pipelines.pages.time_limit import add_time_limit_flag, page_time_limit_s


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("lines", __doc__)
    add_input_flag(parser)
    add_output_flags(parser)
    parser.add_argument(
        "--show",
        action="store_true",
        help="draw each page, too, with its lines, their numbers in the reading order and their "
        "polygons, a colour a region",
    )
    add_time_limit_flag(parser)
    add_page_flags(parser)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments without the program's name; None for those of the process.

    Returns:
        The exit status; see `pipelines.cli.options.run_verb`.
    """
    return run_beam_verb(_parser(), _run, argv)


def _run(args: argparse.Namespace, options: PipelineOptions) -> int:
    config = LinesConfig(
        inputs=tuple(args.input),
        output=args.output,
        overwrite=args.overwrite,
        show=args.show,
        page_time_limit_s=page_time_limit_s(args),
        pages=pages_config(args),
    )
    account = run_lines(config, options)
    print(account)
    return finish(account.failure_rate, args.max_failure_rate, f"{args.output}/failures")


if __name__ == "__main__":
    sys.exit(main())
