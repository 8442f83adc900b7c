"""Add language models to a model and tune its decoding: `python -m model.training.language`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from model.training.language.build import add_language_model
from model.training.language.config import add_language_flags, language_config
from model.training.optimisation.flags import add_compute_flags
from schemas.features import LINE_FILES
from schemas.process_end import end_process
from schemas.program import program_name


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=program_name("model.training.language"),
        description="Add language models to a trained recogniser, or replace them.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--model", required=True, help="folder of the model; files are added to it")
    parser.add_argument(
        "--dataset", type=Path, required=True, help="dataset folder that pipelines.ingest wrote"
    )
    add_language_flags(parser)
    add_compute_flags(parser.add_argument_group("recurrent language model").add_argument)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments without the program's name; None for those of the process (`sys.argv`).

    Returns:
        The exit status: 0, or 2 for arguments that are not valid.
    """
    args = _parse(argv)
    paths = [sorted(map(str, args.dataset.glob(f"{s}/{LINE_FILES}"))) for s in ("train", "eval")]
    try:
        if not paths[0]:
            raise ValueError(
                f"{args.dataset}: no train/{LINE_FILES}; make the dataset with pipelines.ingest"
            )
        add_language_model(args.model, *paths, language_config(vars(args)), print)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    end_process(main)
