"""Train the network that finds lines: `python -m model.training.lines`."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

from model.dataset.line_pages import read_line_pages
from model.training.lines.config import LineTrainingConfig
from model.training.lines.model_files import ONNX_FILE, write_line_model
from model.training.optimisation.device import PRECISIONS
from schemas.program import program_name
from schemas.records import Page


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=program_name("model.training.lines"),
        description="Train a line finder. Run again after it was cut off, it goes on.",
        allow_abbrev=False,
    )
    defaults = LineTrainingConfig()
    add = parser.add_argument
    add("--train", type=Path, nargs="+", required=True, help="what pipelines.lines_dataset wrote")
    add("--partial", type=Path, nargs="*", default=[], help="such pages with lines missing")
    add("--eval", type=Path, nargs="+", required=True, help="such pages to judge by")
    add("--output", type=Path, required=True, help="folder for the model")
    add("--steps", type=int, default=defaults.steps, help="batches to train on")
    add("--batch_size", type=int, default=defaults.batch_size, help="pieces of pages in a batch")
    add("--side_px", type=int, default=defaults.side_px, help="side of a piece")
    add("--learning_rate", type=float, default=defaults.learning_rate, help="peak")
    add("--mark_share", type=float, default=defaults.mark_share, help="of starts and ends")
    add(
        "--meeting_weight",
        type=float,
        default=defaults.meeting_weight,
        help="of places where lines meet",
    )
    add("--judge_steps", type=int, default=defaults.judge_steps, help="from judging to judging")
    add("--precision", choices=PRECISIONS, default="float32", help="to compute in")
    add("--seed", type=int, default=0, help="of weights, pieces and augmentation")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments without the program's name; None for those of the process.

    Returns:
        The exit status: 0, or 2 for arguments or data that cannot be used.
    """
    args = _parse(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        _train(args)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _train(args: argparse.Namespace) -> None:
    from model.training.lines.batches import load_pages
    from model.training.lines.loop import LineTrainingRun
    from model.training.optimisation.device import describe_device

    config = LineTrainingConfig(
        steps=args.steps,
        batch_size=args.batch_size,
        side_px=args.side_px,
        learning_rate=args.learning_rate,
        mark_share=args.mark_share,
        meeting_weight=args.meeting_weight,
        judge_steps=args.judge_steps,
        precision=args.precision,
        seed=args.seed,
    )
    if (args.output / ONNX_FILE).exists():
        raise ValueError(f"{args.output / ONNX_FILE} exists; choose another --output")
    _say(describe_device())
    complete, partial, judged = map(read_line_pages, (args.train, args.partial, args.eval))
    _refuse_overlap([*complete, *partial], judged)
    train = [
        *load_pages(complete, complete=True, load=_load),
        *load_pages(partial, complete=False, load=_load),
    ]
    evaluation = load_pages(judged, complete=True, load=_load)
    _say(f"{len(train)} pages to train on, {len(evaluation)} to judge by")
    folder = args.output.with_name(f"{args.output.name}.training")
    model, course = LineTrainingRun(config, train, evaluation, folder, _say).run()
    card = {
        "training": asdict(config),
        "pages": len(train),
        "documents": sorted({page.document for page in train}),
        "course": course,
        "parameters": model.count_params(),
        "device": describe_device(),
    }
    write_line_model(args.output, model, config, card)
    _say(f"{args.output / ONNX_FILE} written")


def _load(uri: str) -> np.ndarray:
    from model.images.decode import decode_image

    try:
        return decode_image(Path(uri).read_bytes())
    except ValueError as error:
        raise ValueError(f"{uri}: {error}") from None


def _refuse_overlap(train: list[Page], evaluation: list[Page]) -> None:
    both = {page.uri for page in train} & {page.uri for page in evaluation}
    if both:
        raise ValueError(f"{min(both)} is in --eval and in training; take it out of one")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
