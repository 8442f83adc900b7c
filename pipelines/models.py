"""List the models that there are: date, base, data, CER, digest, and the runs that used them."""

from __future__ import annotations

import argparse
import os
import sys

from pipelines.cli.main import command_main
from pipelines.cli.options import EXIT_OK, verb_parser
from schemas.process_end import end_process

_MODELS = "out/models"
_FORMATS = ("table", "csv", "jsonl")


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("models", __doc__, takes_beam_flags=False)
    parser.add_argument(
        "--models",
        nargs="+",
        metavar="FOLDER",
        help=f"folders that train wrote; default: {_MODELS}, if it exists",
    )
    parser.add_argument(
        "--transcripts",
        nargs="+",
        default=[],
        metavar="FOLDER",
        help="folders that transcribe wrote, whose runs are listed",
    )
    parser.add_argument("--format", choices=_FORMATS, default="table", help="of the printed rows")
    return parser


def _run(args: argparse.Namespace) -> int:
    # They take a moment to import, and --help does not need them.
    from pipelines.transcripts.model_table import print_models, runs_of_models
    from pipelines.transcripts.models import list_models

    folders = args.models
    if folders is None:
        folders = [_MODELS] if os.path.isdir(_MODELS) else []
    models = list_models(folders, runs_of_models(args.transcripts))
    print_models(models, args.format, sys.stdout)
    return EXIT_OK


main = command_main(_parser, _run)

if __name__ == "__main__":
    end_process(main)
