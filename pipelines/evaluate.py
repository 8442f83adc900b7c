"""Measure CER and WER of transcripts against PAGE or ALTO ground truth."""

from __future__ import annotations

import argparse
import json
import sys

from pipelines.options import run_verb, verb_parser


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("evaluate", __doc__, takes_beam_flags=False)
    parser.add_argument("--transcripts", required=True, help="folder that transcribe wrote")
    parser.add_argument(
        "--truth", nargs="+", required=True, help="PAGE or ALTO files, folders or quoted globs"
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments without the program's name; None for those of the process.

    Returns:
        The exit status; see `pipelines.options.run_verb`.
    """
    return run_verb(_parser(), _run, argv)


def _run(args: argparse.Namespace) -> int:
    from pipelines.evaluation import evaluate
    from pipelines.transcripts import open_tables

    evaluation = evaluate(open_tables(args.transcripts), args.truth)
    print(
        f"CER {evaluation.characters.rate:.2%}, WER {evaluation.words.rate:.2%} on "
        f"{evaluation.lines} lines of {evaluation.pages} pages "
        f"({evaluation.lines_missing} lines missing, counted as lost)"
    )
    print(json.dumps(evaluation.summary()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
