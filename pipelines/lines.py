"""Find the lines of page images and write them as PAGE XML."""

from __future__ import annotations

import argparse
import os

from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.archive.parts import PartDone
from pipelines.cli.jobs import add_jobs_flag, jobs_of
from pipelines.cli.main import command_main
from pipelines.cli.metrics import add_metrics_flag
from pipelines.cli.options import EXIT_OK, add_output_flags, finish, verb_parser
from pipelines.cli.parts import add_part_flag, part_of
from pipelines.cli.processes import worker_processes
from pipelines.engines.flags import add_engine_flags
from pipelines.engines.running import run_beam_verb
from pipelines.line_finding.parts import run_lines_part
from pipelines.line_finding.pipeline import LinesConfig, run_lines
from pipelines.pages.flags import add_input_flag, add_page_flags, pages_config
from pipelines.pages.time_limit import add_time_limit_flag, page_time_limit_s
from pipelines.tables.recorded import record_run
from pipelines.tables.shown_failures import show_failures
from schemas.process_end import end_process


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("lines", __doc__)
    add_input_flag(parser)
    add_output_flags(parser)
    add_metrics_flag(parser)
    parser.add_argument(
        "--show",
        action="store_true",
        help="also draw each page with its lines, their numbers in reading order and their "
        "polygons, one colour per region",
    )
    add_part_flag(parser)
    add_jobs_flag(parser)
    add_engine_flags(parser)
    add_time_limit_flag(parser)
    add_page_flags(parser)
    return parser


def _run(args: argparse.Namespace, options: PipelineOptions) -> int:
    config = LinesConfig(
        inputs=tuple(args.input),
        output=args.output,
        overwrite=args.overwrite,
        show=args.show,
        page_time_limit_s=page_time_limit_s(args),
        pages=pages_config(args),
    )
    part = part_of(args.part, os.environ)
    with worker_processes(jobs_of(args)):
        found = run_lines_part(config, options, part) if part else run_lines(config, options)
    if isinstance(found, PartDone):
        print(found)
        return EXIT_OK
    record_run(found.account, args.output)
    print(*filter(None, [str(found), show_failures(args.output)]), sep="\n")
    return finish(found.account.failure_rate, args.max_failure_rate, f"{args.output}/failures")


main = command_main(_parser, _run, run_beam_verb)

if __name__ == "__main__":
    end_process(main)
