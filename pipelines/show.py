"""Show transcribed pages: one as a picture, or several as one HTML file, image beside text."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from pipelines.cli.main import command_main
from pipelines.cli.options import EXIT_FAILURES, EXIT_OK, UsageError, verb_parser
from schemas.process_end import end_process

if TYPE_CHECKING:
    import duckdb

# Some 150 MB of HTML; browsers get slow with more.
_MOST_PAGES = 500


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("show", __doc__, takes_beam_flags=False)
    parser.add_argument("--transcripts", required=True, help="folder that transcribe wrote")
    pages = parser.add_mutually_exclusive_group()
    pages.add_argument(
        "--page",
        default="",
        help="name of the page, its ending may be left out; the first page if empty",
    )
    pages.add_argument(
        "--worst",
        type=_page_count,
        metavar="N",
        help="the N pages with the highest estimated CER",
    )
    pages.add_argument(
        "--sample",
        type=_page_count,
        metavar="N",
        help="N pages at random, the same ones each time",
    )
    parser.add_argument(
        "--output",
        required=True,
        help="file to write, replaced if it exists: .png for a picture of one page, or .html for "
        "one page or several, with their images in it",
    )
    return parser


def _page_count(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= _MOST_PAGES):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of pages between 1 and {_MOST_PAGES}"
        )
    return int(text)


def _run(args: argparse.Namespace) -> int:
    """Return 3 where no image could be opened, 0 otherwise."""
    from pipelines.transcripts.files import naming_damage
    from pipelines.transcripts.picture import draw_page
    from pipelines.transcripts.tables import open_tables

    ending = os.path.splitext(args.output)[1].lower()
    if (args.worst or args.sample) and ending != ".html":
        raise UsageError(f"--output {args.output} does not end in .html")
    if ending not in (".png", ".html"):
        raise UsageError(f"--output {args.output} does not end in .png or .html")
    with naming_damage(args.transcripts):
        connection = open_tables(args.transcripts)
        if ending == ".html":
            return _write_html(connection, args)
        uri = draw_page(connection, args.page, args.output)
    print(f"{args.output} shows {uri}")
    return EXIT_OK


def _write_html(connection: duckdb.DuckDBPyConnection, args: argparse.Namespace) -> int:
    from pipelines.evaluation.results import name_of
    from pipelines.transcripts.page_names import page_of
    from pipelines.transcripts.page_views import (
        first_pages,
        sample_pages,
        worst_pages,
        write_pages,
    )

    if args.worst:
        uris, kind = worst_pages(connection, args.worst), "worst pages"
    elif args.sample:
        uris, kind = sample_pages(connection, args.sample), "random pages"
    elif args.page:
        uris = [page_of(connection, args.page, "--page")]
        kind = name_of(uris[0])
    else:
        uris, kind = first_pages(connection, 1), "first page"
    shown = write_pages(connection, uris, f"{name_of(args.transcripts)}: {kind}", args.output)
    print(f"{args.output} shows {shown}")
    return EXIT_FAILURES if shown.without_image == shown.pages else EXIT_OK


main = command_main(_parser, _run)

if __name__ == "__main__":
    end_process(main)
