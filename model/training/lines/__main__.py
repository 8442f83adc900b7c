"""Train the line network: `python -m model.training.lines`."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from model.dataset.line_pages import read_line_pages
from model.training.lines.config import LineTrainingConfig
from model.training.lines.model_files import ONNX_FILE, write_line_model
from model.training.optimisation.backend import check_backend
from model.training.optimisation.compute import Compute, Timing
from model.training.optimisation.flags import add_compute_flags, compute_asked
from model.training.optimisation.trial import TrialTimer, resumed, settle, untimed
from schemas.process_end import end_process
from schemas.program import program_name
from schemas.records import Page

# Steps of a run that is worth timing.
_LEAST_STEPS = 200


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=program_name("model.training.lines"),
        description="Train a line network. An interrupted run resumes when run again.",
        allow_abbrev=False,
    )
    defaults = LineTrainingConfig()
    add = parser.add_argument
    add(
        "--train",
        type=Path,
        nargs="+",
        required=True,
        help="page files that pipelines.lines_dataset wrote",
    )
    add(
        "--partial",
        type=Path,
        nargs="*",
        default=[],
        help="more such files, of pages where lines may be missing",
    )
    add("--eval", type=Path, nargs="+", required=True, help="such files to evaluate on")
    add("--output", type=Path, required=True, help="folder to write the model to")
    add("--steps", type=int, default=defaults.steps, help="training steps")
    add("--batch_size", type=int, default=defaults.batch_size, help="page crops in a batch")
    add("--side_px", type=int, default=defaults.side_px, help="height and width of a crop")
    add("--learning_rate", type=float, default=defaults.learning_rate, help="peak learning rate")
    add(
        "--mark_share",
        type=float,
        default=defaults.mark_share,
        help="weight of line starts and ends in the loss",
    )
    add(
        "--meeting_weight",
        type=float,
        default=defaults.meeting_weight,
        help="weight of places where lines meet in the loss",
    )
    add("--judge_steps", type=int, default=defaults.judge_steps, help="steps between evaluations")
    add_compute_flags(add)
    add("--seed", type=int, default=0, help="seed of weights, crops and augmentation")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments without the program's name; None for those of the process (`sys.argv`).

    Returns:
        The exit status: 0, or 2 for arguments or data that are not valid.
    """
    args = _parse(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        check_backend()
        _train(args)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _train(args: argparse.Namespace) -> None:
    from model.training.lines.batches import load_pages
    from model.training.lines.loop import STATE_FILE, LineTrainingRun
    from model.training.optimisation.device import describe_device

    config = LineTrainingConfig(
        steps=args.steps,
        batch_size=args.batch_size,
        side_px=args.side_px,
        learning_rate=args.learning_rate,
        mark_share=args.mark_share,
        meeting_weight=args.meeting_weight,
        judge_steps=args.judge_steps,
        seed=args.seed,
    )
    if (args.output / ONNX_FILE).exists():
        raise ValueError(f"{args.output / ONNX_FILE} exists; choose another --output")
    folder = args.output.with_name(f"{args.output.name}.training")
    asked = resumed(compute_asked(vars(args)), folder / STATE_FILE)
    config = replace(config, precision=_settle(asked, config).compute.precision)
    _report(describe_device())
    complete, partial, held_out = map(read_line_pages, (args.train, args.partial, args.eval))
    _check_overlap([*complete, *partial], held_out)
    train = [
        *load_pages(complete, complete=True, load=_load),
        *load_pages(partial, complete=False, load=_load),
    ]
    evaluation = load_pages(held_out, complete=True, load=_load)
    _report(f"{len(train)} pages to train on, {len(evaluation)} to evaluate on")
    model, course = LineTrainingRun(config, train, evaluation, folder, _report).run()
    card = {
        "training": asdict(config),
        "pages": len(train),
        "documents": sorted({page.document for page in train}),
        "course": course,
        "parameters": model.count_params(),
        "device": describe_device(),
    }
    write_line_model(args.output, model, config, card)
    _report(f"{args.output / ONNX_FILE} written")


def _settle(asked: Compute, config: LineTrainingConfig) -> Timing:
    """Choose precision and threads, by timing where the run is long enough to gain by it."""
    if config.steps < _LEAST_STEPS:
        return untimed(asked)
    order = {"batch_size": config.batch_size, "side_px": config.side_px}
    return settle(asked, TrialTimer("model.training.lines.trial", order), _report, "steps")


def _load(uri: str) -> np.ndarray:
    from model.images.decode import decode_image

    try:
        return decode_image(Path(uri).read_bytes())
    except ValueError as error:
        raise ValueError(f"{uri}: {error}") from None


def _check_overlap(train: list[Page], evaluation: list[Page]) -> None:
    both = {page.uri for page in train} & {page.uri for page in evaluation}
    if both:
        raise ValueError(f"{min(both)} is in --eval and in training; remove it from one of them")


def _report(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    end_process(main)
