"""Draw a transcribed page: its image with the lines and their texts."""

from __future__ import annotations

import argparse
import sys

from pipelines.cli.main import command_main
from pipelines.cli.options import UsageError, verb_parser


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("show", __doc__, takes_beam_flags=False)
    parser.add_argument("--transcripts", required=True, help="folder that transcribe wrote")
    parser.add_argument(
        "--page",
        default="",
        help="name of the page, its ending may be left out; the first page if empty",
    )
    parser.add_argument("--output", required=True, help="PNG file to write")
    return parser


def _run(args: argparse.Namespace) -> int:
    from pipelines.transcripts.files import naming_damage
    from pipelines.transcripts.picture import draw_page
    from pipelines.transcripts.tables import open_tables

    if not args.output.lower().endswith(".png"):
        raise UsageError(f"--output {args.output} does not end in .png")
    with naming_damage(args.transcripts):
        uri = draw_page(open_tables(args.transcripts), args.page, args.output)
    print(f"{args.output} shows {uri}")
    return 0


main = command_main(_parser, _run)

if __name__ == "__main__":
    sys.exit(main())
