"""Take over what people corrected elsewhere: PAGE or ALTO files of pages that were transcribed."""

from __future__ import annotations

import argparse
import getpass

from pipelines.cli.main import command_main
from pipelines.cli.options import (
    EXIT_OK,
    UsageError,
    add_failure_flag,
    finish,
    output_folder,
    verb_parser,
)
from pipelines.cli.places import local_fault
from schemas.process_end import end_process


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("correct", __doc__, takes_beam_flags=False)
    parser.add_argument(
        "--transcripts", type=output_folder, required=True, help="folder that transcribe wrote"
    )
    parser.add_argument(
        "--input",
        nargs="+",
        required=True,
        help="PAGE or ALTO files as export wrote them and people corrected them; files, folders or "
        "quoted globs",
    )
    parser.add_argument(
        "--author", default="", help="who corrected them; by default the user of this machine"
    )
    parser.add_argument(
        "--dry_run", action="store_true", help="say what would be taken over, and stop"
    )
    add_failure_flag(parser)
    return parser


def _run(args: argparse.Namespace) -> int:
    if fault := local_fault(args.transcripts):
        raise UsageError(f"--transcripts {args.transcripts} {fault}")
    from pipelines.correcting.importing import import_corrections

    imported = import_corrections(
        args.transcripts, args.input, args.author or getpass.getuser(), args.dry_run
    )
    print(imported)
    if args.dry_run:
        print("nothing was written")
        return EXIT_OK
    return finish(imported.failure_rate, args.max_failure_rate, "the list above")


main = command_main(_parser, _run)

if __name__ == "__main__":
    end_process(main)
