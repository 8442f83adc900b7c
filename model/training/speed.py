"""How a training run computes: precision and threads as asked for, or those that are fastest."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keras

from model.line_images.preprocess import input_width_px, padded_width_px
from model.networks.presets import preset_named
from model.training.config import LineFiles, TrainingConfig
from model.training.optimisation.checkpoint import load_checkpoint
from model.training.optimisation.compute import (
    BACKEND_THREADS,
    Compute,
    Timing,
    core_count,
    slowness_warning,
    time_computes,
    timings_line,
    use_threads,
)
from model.training.optimisation.device import AUTO, PRECISIONS
from model.training.trial import Trial, TrialTimer

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
    if checkpoint.is_file():
        asked = replace(asked, precision=_precision_of(checkpoint, asked.precision))
    if _is_short(config, train):
        precision = PRECISIONS[0] if asked.precision == AUTO else asked.precision
        # One thread is never far slower than several on a busy machine; several may be.
        threads = asked.threads or 1
        use_threads(threads)
        return Timing(Compute(precision, threads), 0.0)
    report("timing a few steps ...")
    timer = TrialTimer(
        Trial(
            train.paths,
            train.charset.characters,
            train.preprocess,
            config.preset,
            config.batch.width_px,
        )
    )
    cores = core_count() if keras.backend.backend() != "jax" else BACKEND_THREADS
    chosen, timings = time_computes(asked, cores, timer)
    if not chosen.speed and timer.error:
        report(f"warning: {chosen.compute} could not be timed ({timer.error})")
    report(slowness_warning(chosen, timings, asked) or timings_line(chosen, timings))
    if not use_threads(chosen.compute.threads):
        report("warning: the number of threads stays as it is in this process")
    return chosen


def _precision_of(checkpoint: Path, asked: str) -> str:
    """Return the precision of an interrupted run where none is asked for."""
    if asked != AUTO:
        return asked
    _, facts = load_checkpoint(checkpoint)
    return json.loads(facts["settings"])["config"]["precision"]


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
