"""Train a recogniser without TFX: `python -m model.training`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from model.recogniser import bundle
from model.text.charset import Charset
from model.training.comparison import refusal_of
from model.training.flags import OWN, add_training_flags, training_config
from model.training.job import TrainingJob, expand, run_training
from model.training.language.config import language_config
from model.training.optimisation.backend import check_backend
from model.training.optimisation.flags import compute_asked
from schemas.features import LINE_FILES
from schemas.process_end import end_process
from schemas.program import program_name

_MODEL = "model"


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=program_name("model.training"),
        description="Train a recogniser without TFX. An interrupted run resumes when run again.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--dataset", type=Path, required=True, help="dataset folder that pipelines.ingest wrote"
    )
    parser.add_argument("--output", type=Path, required=True, help="folder to write the model to")
    add_training_flags(parser)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments without the program's name; None for those of the process (`sys.argv`).

    Returns:
        The exit status: 0, 2 for arguments that are not valid, or 3 for a model that is no better
        than the one that it was fine-tuned from.
    """
    args = _parse(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        check_backend()
        job = _job(args)
        # Of a run that was killed while it wrote the model.
        shutil.rmtree(job.output, ignore_errors=True)
        comparison = run_training(job)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    is_accepted = comparison is None or comparison.is_better
    output = args.output if is_accepted else args.output.with_name(f"{args.output.name}.refused")
    if not is_accepted:
        shutil.rmtree(output, ignore_errors=True)
    job.output.rename(output)
    shutil.rmtree(job.checkpoints)
    if is_accepted:
        return 0
    print(f"{refusal_of(comparison.to_dict())}; see {output}", file=sys.stderr)
    return 3


def _job(args: argparse.Namespace) -> TrainingJob:
    if args.output.exists():
        raise ValueError(f"{args.output} exists; choose another --output")
    charset_path = args.dataset / bundle.CHARSET_FILE
    if not charset_path.is_file():
        raise ValueError(f"{charset_path} is missing; make the dataset with pipelines.ingest")
    # The model is written beside the checkpoints, so that it appears whole.
    checkpoints = args.output.with_name(f"{args.output.name}.training")
    return TrainingJob(
        train_paths=expand([str(args.dataset / "train" / LINE_FILES)]),
        eval_paths=expand([str(args.dataset / "eval" / LINE_FILES)]),
        charset=Charset.from_json(charset_path.read_text("utf-8")),
        output=checkpoints / _MODEL,
        checkpoints=checkpoints,
        config=training_config(vars(args)),
        init=args.init,
        tensorboard=args.tensorboard,
        language=language_config(vars(args)),
        threads=compute_asked(vars(args)).threads,
        has_own_charset=args.charset == OWN,
        replay=tuple(args.replay or ()),
    )


if __name__ == "__main__":
    end_process(main)
