"""Draw a small archive, then ingest, train, transcribe and query it."""

from __future__ import annotations

import argparse
import os

from pipelines.cli.main import command_main
from pipelines.cli.options import UsageError, verb_parser
from schemas.process_end import end_process


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("demo", __doc__, takes_beam_flags=False)
    parser.add_argument("--output", default="out/demo", help="folder to create")
    parser.add_argument("--pages", type=int, default=48, help="pages to draw")
    parser.add_argument("--epochs", type=int, default=8, help="passes over the training lines")
    return parser


def _run(args: argparse.Namespace) -> int:
    from pipelines.demonstration.steps import DemoConfig, run_demo

    if os.path.exists(args.output):
        raise UsageError(f"{args.output} exists; give another --output, or remove it")
    return run_demo(DemoConfig(args.output, args.pages, args.epochs))


main = command_main(_parser, _run)

if __name__ == "__main__":
    end_process(main)
