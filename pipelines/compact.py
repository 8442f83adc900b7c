"""Write the many small files of an output of transcribe as few files."""

from __future__ import annotations

import argparse

from pipelines.cli.main import command_main
from pipelines.cli.options import EXIT_OK, UsageError, output_folder, verb_parser
from schemas.process_end import end_process


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("compact", __doc__, takes_beam_flags=False)
    parser.add_argument(
        "--transcripts", type=output_folder, required=True, help="folder that transcribe wrote"
    )
    parser.add_argument(
        "--older_than",
        type=float,
        metavar="DAYS",
        help="drop rows of runs that began so many days ago, if a newer reading replaces them; "
        "without it, all rows are kept",
    )
    return parser


def _run(args: argparse.Namespace) -> int:
    # Beam takes seconds to import, and --help does not need it.
    from pipelines.archive.keeping import open_archive, say_swept
    from pipelines.archive.upkeep import compact

    if args.older_than is not None and not args.older_than >= 0:
        raise UsageError(f"--older_than {args.older_than} is not a number of days")
    with open_archive(args.transcripts) as (archive, state):
        done = compact(archive, state, args.older_than)
        print(done if done.run_id else "nothing to do: there are few files already")
        say_swept(archive, done)
    print("complete")
    return EXIT_OK


main = command_main(_parser, _run)

if __name__ == "__main__":
    end_process(main)
