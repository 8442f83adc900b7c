"""Draw a small archive of handwriting-like lines or pages with their texts."""

from __future__ import annotations

import argparse
import os

from pipelines.cli.main import command_main
from pipelines.cli.options import UsageError, verb_parser
from schemas.process_end import end_process

_DEFAULT_COUNTS = {"lines": 400, "pages": 24}


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("sample", __doc__, takes_beam_flags=False)
    parser.add_argument("--output", required=True, help="folder to create")
    parser.add_argument(
        "--kind",
        choices=list(_DEFAULT_COUNTS),
        default="lines",
        help="lines: line images, each with its .txt; pages: page images, each with its PAGE XML",
    )
    parser.add_argument("--count", type=int, help="images to draw (400 lines or 24 pages)")
    parser.add_argument("--lines_per_page", type=int, default=18, help="lines of each page")
    parser.add_argument("--hands", type=int, default=2, help="number of handwritings")
    parser.add_argument("--seed", type=int, default=0, help="another seed gives another archive")
    return parser


def _run(args: argparse.Namespace) -> int:
    from pipelines.demonstration.archive import SampleConfig, draw_archive

    count = _DEFAULT_COUNTS[args.kind] if args.count is None else args.count
    if min(count, args.lines_per_page, args.hands) < 1:
        raise UsageError("--count, --lines_per_page and --hands must be 1 or more")
    if os.path.exists(args.output):
        raise UsageError(f"{args.output} exists; give another --output")
    config = SampleConfig(args.output, args.kind, count, args.lines_per_page, args.hands, args.seed)
    print(f"{args.output}: {draw_archive(config)} lines drawn")
    return 0


main = command_main(_parser, _run)

if __name__ == "__main__":
    end_process(main)
