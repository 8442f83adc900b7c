"""Query transcripts with SQL: the views are lines, pages, failures and runs."""

from __future__ import annotations

import argparse
import sys

from pipelines.options import run_verb, verb_parser

_FORMATS = ("table", "csv", "jsonl")


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("query", __doc__, takes_beam_flags=False)
    parser.add_argument("--transcripts", required=True, help="folder that transcribe wrote")
    parser.add_argument("--format", choices=_FORMATS, default="table", help="of the rows on stdout")
    parser.add_argument("query", help='SQL, for instance "SELECT * FROM failures"')
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
    from pipelines.transcripts import open_tables, select, write_rows

    rows = select(open_tables(args.transcripts), args.query)
    write_rows(rows, args.format, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
