"""Remove pages and all that was read on them from an output of transcribe, for good."""

from __future__ import annotations

import argparse
import sys

from pipelines.cli.main import command_main
from pipelines.cli.options import (
    EXIT_FAILURES,
    EXIT_OK,
    UsageError,
    output_folder,
    verb_parser,
)
from schemas.process_end import end_process

_MOST_NAMES = 10


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("forget", __doc__, takes_beam_flags=False)
    parser.add_argument(
        "--transcripts", type=output_folder, required=True, help="folder that transcribe wrote"
    )
    parser.add_argument(
        "--page",
        nargs="+",
        default=[],
        metavar="NAME",
        help="pages as the table pages names them; a PDF or manifest stands for its pages",
    )
    parser.add_argument(
        "--prefix", nargs="+", default=[], metavar="START", help="starts of names of pages"
    )
    parser.add_argument(
        "--gone",
        action="store_true",
        help="all pages that were no longer in the input when transcribe listed it last",
    )
    parser.add_argument(
        "--dry_run", action="store_true", help="say which pages would be removed, and stop"
    )
    return parser


def _run(args: argparse.Namespace) -> int:
    if not (args.page or args.prefix or args.gone):
        raise UsageError("nothing to forget; give --page, --prefix or --gone")
    if "" in (*args.page, *args.prefix):
        raise UsageError("--page and --prefix need a name; the empty one stands for all pages")
    # Beam takes seconds to import, and --help does not need it.
    from pipelines.archive.keeping import open_archive, say_swept, still_there
    from pipelines.archive.upkeep import choose_pages, forget
    from pipelines.buckets.store import is_bucket
    from pipelines.corrections.log import CorrectionLog

    with open_archive(args.transcripts) as (archive, state):
        pages, unknown = choose_pages(archive, state, args.page, args.prefix, args.gone)
        if unknown:
            raise UsageError(
                f"{unknown[0]}: no page has this name, or a name that starts so; see the view "
                "all_pages"
            )
        names = sorted(pages)
        more = ", ..." if len(names) > _MOST_NAMES else ""
        print(f"pages: {len(names):,} ({', '.join(names[:_MOST_NAMES])}{more})")
        if args.dry_run:
            print("nothing was removed")
            return EXIT_OK
        done = forget(archive, pages, {"pages": len(pages)}, state.missing().lacking())
        print(done if pages else "nothing was removed")
        if not is_bucket(args.transcripts):
            corrections = CorrectionLog(args.transcripts).forget(pages)
            if corrections:
                print(f"{corrections:,} of their corrections were removed, too")
        # What an earlier command left for its readers is deleted, too.
        stay = say_swept(archive, done)
        if there := still_there(state, names):
            print(
                f"{len(there):,} of their files are still there ({there[0]}); a run that lists "
                "them reads them again"
            )
    if stay:
        print(
            "their rows are in no view any more, but still on the disk; end the readers and run "
            "again",
            file=sys.stderr,
        )
        return EXIT_FAILURES
    print("complete")
    return EXIT_OK


main = command_main(_parser, _run)

if __name__ == "__main__":
    end_process(main)
