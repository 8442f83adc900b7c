"""Train a recogniser on a dataset and release it if it reads well enough."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from pathlib import Path

from model.presets import PRESETS
from pipelines.options import UsageError, run_verb, share, verb_parser
from pipelines.training_config import (
    DEFAULT_EPOCHS,
    DEFAULT_MAX_CER,
    TrainConfig,
    check_config,
)


def _parser() -> argparse.ArgumentParser:
    # TFX runs its steps in this process, so Beam's flags are not taken.
    parser = verb_parser("train", __doc__, takes_beam_flags=False)
    parser.add_argument("--dataset", default="out/dataset", help="what pipelines.ingest wrote")
    parser.add_argument(
        "--output", default="out/models", help="folder of the models; a run adds a version"
    )
    parser.add_argument(
        "--preset", choices=sorted(PRESETS), default="fast", help="size of the network"
    )
    parser.add_argument(
        "--epochs", type=_positive, default=DEFAULT_EPOCHS, help="passes over the train split"
    )
    parser.add_argument("--seed", type=_seed, default=0, help="of weights, dropout and order")
    parser.add_argument(
        "--max_cer",
        type=share,
        default=DEFAULT_MAX_CER,
        help="CER on the eval split above which the model is not released",
    )
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return value


def _seed(text: str) -> int:
    value = int(text)
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and {2**32 - 1}")
    return value


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments without the program's name; None for those of the process.

    Returns:
        The exit status: 0 released, 1 a component broke, 2 arguments or dataset that
        cannot be used, 3 a model that reads too badly to be released.
    """
    return run_verb(_parser(), _run, argv)


def _run(args: argparse.Namespace) -> int:
    config = TrainConfig(
        dataset=Path(args.dataset).absolute(),
        output=Path(args.output).absolute(),
        preset=args.preset,
        epochs=args.epochs,
        seed=args.seed,
        max_cer=args.max_cer,
    )
    check_config(config)
    _prepare_tensorflow()
    from pipelines.training_run import run_train

    return run_train(config)


def _prepare_tensorflow() -> None:
    """Settle what has to be settled before TensorFlow and Keras are imported."""
    if importlib.util.find_spec("tfx") is None:
        raise UsageError("training needs TFX, which is not installed: pip install 'quire[train]'")
    # TFX judges and serves a SavedModel, which only this backend writes.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    # Its C++ part calls harmless things errors; what breaks comes as an exception.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


if __name__ == "__main__":
    sys.exit(main())
