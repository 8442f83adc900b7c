"""How a training run computes: precision and threads as asked for, or those that are fastest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from model.line_images.preprocess import input_width_px, padded_width_px
from model.networks.presets import preset_named
from model.training.config import LineFiles, TrainingConfig
from model.training.optimisation.compute import Compute, Timing
from model.training.optimisation.trial import TrialTimer, resumed, settle, untimed
from model.training.trial import Trial

# Timing takes half a minute or more: a run of fewer multiplications is over in some two minutes.
_LEAST_PRODUCTS = 4e12
# A training step computes forward, and backward for inputs and for weights.
_PRODUCTS_FACTOR = 3


def settle_compute(
    asked: Compute,
    config: TrainingConfig,
    train: LineFiles,
    checkpoint: Path,
    report: Callable[[str], None],
) -> Timing:
    """Choose precision and threads, by timing a few steps where a run is long enough to gain by it.

    Args:
        asked: What the flags prescribe.
        config: Configuration of the run.
        train: Lines to train on.
        checkpoint: File that an interrupted run has left; it goes on in its precision.
        report: Is given each line of output.

    Returns:
        The precision and the threads that are in use now, and the speed in lines a second; 0 if
        nothing was timed.
    """
    asked = resumed(asked, checkpoint)
    if _is_short(config, train):
        report("a short run, of some two minutes unless the machine is busy")
        return untimed(asked)
    trial = Trial(
        train.paths,
        train.charset.characters,
        train.preprocess,
        config.preset,
        config.batch.width_px,
    )
    return settle(asked, TrialTimer("model.training.trial", asdict(trial)), report)


def _is_short(config: TrainingConfig, train: LineFiles) -> bool:
    """Whether a run takes some two minutes at most; reads no more lines than that takes."""
    products_a_px = preset_named(config.preset).products_per_px(train.charset.class_count)
    products = 0.0
    for example in train.examples():
        width_px = padded_width_px(
            input_width_px(example.width_px, train.preprocess), train.preprocess
        )
        products += _PRODUCTS_FACTOR * products_a_px * width_px * config.epochs
        if products >= _LEAST_PRODUCTS:
            return False
    return True
