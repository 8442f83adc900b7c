"""Add language models to a model and tune its decoding: `python -m model.training.language`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from model import DEFAULT_FOLDER
from model.networks.manifest import changing
from model.recogniser.bundle import model_folder
from model.training.language.build import add_language_model, add_other_language
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
        "--dataset",
        type=Path,
        help="dataset folder that pipelines.ingest wrote; with --beside, --language_model_text may "
        "do without",
    )
    add_language_flags(parser)
    parser.add_argument(
        "--beside",
        action="store_true",
        help="add the model of another --language beside the model's own, for pages that it knows "
        "better",
    )
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
    try:
        paths = _dataset_paths(args)
        _check_model(args.model)
        if args.beside and not args.language:
            raise ValueError("--beside adds the model of another language; name it with --language")
        with changed_as_whole(model_folder(args.model)) as copy:
            add = add_other_language if args.beside else add_language_model
            add(copy, *paths, language_config(vars(args)), print)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _dataset_paths(args: argparse.Namespace) -> list[list[str]]:
    """Return the TFRecord files of the splits train and eval."""
    if args.dataset is None:
        if args.beside and args.language_model_text:
            return [[], []]
        raise ValueError("give --dataset, a folder that pipelines.ingest wrote")
    paths = [sorted(map(str, args.dataset.glob(f"{s}/{LINE_FILES}"))) for s in ("train", "eval")]
    if not paths[0]:
        raise ValueError(
            f"{args.dataset}: no train/{LINE_FILES}; make the dataset with pipelines.ingest"
        )
    return paths


def _check_model(directory: str) -> None:
    if model_folder(directory) == DEFAULT_FOLDER.resolve():
        raise ValueError(
            f"--model {directory} is the model of the installed package, which stays as it is; "
            "copy its folder and give the copy"
        )


@contextmanager
def changed_as_whole(folder: Path) -> Iterator[Path]:
    """Change the files of a model through a copy of it: all of them, or none after an error.

    Args:
        folder: The folder; one that does not exist is not copied.

    Yields:
        The copy, whose files replace those of the folder at the end.
    """
    if not folder.is_dir():
        yield folder
        return
    with TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as beside:
        copy = Path(beside, folder.name)
        shutil.copytree(folder, copy)
        before = {path.name for path in copy.iterdir() if path.is_file()}
        yield copy
        after = {path.name for path in copy.iterdir() if path.is_file()}
        with changing(folder):
            for name in after:
                os.replace(copy / name, folder / name)
            for name in before - after:
                (folder / name).unlink(missing_ok=True)


if __name__ == "__main__":
    end_process(main)
