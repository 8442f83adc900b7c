"""Time a few real training steps in a process of their own: `python -m model.training.trial`.

The number of threads can be set only once in a process, and a way to compute that is too slow has
to be stopped in the middle of a step.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import model
from model.dataset.examples import read_examples
from model.line_images.preprocess import PreprocessConfig
from model.networks.presets import preset_named
from model.text.charset import Charset
from model.training.balance import Draw
from model.training.batches import Batch, BatchConfig, make_batches
from model.training.config import TrainingConfig
from model.training.optimisation.compute import Compute, use_threads
from model.training.optimisation.device import keras_policy
from model.training.samples import SampleMaker, make_samples

# Lines that the batch is chosen from.
_LINES = 64
_LEAST_STEPS, _MOST_STEPS, _ENOUGH_S = 3, 8, 2.0
# The first trial loads the backend from disk. The others may take so many times as long as the
# fastest one, or so long.
_FIRST_LIMIT_S, _LIMIT_FACTOR, _LEAST_LIMIT_S = 600.0, 2.0, 20.0


@dataclass(frozen=True)
class Trial:
    """What is timed.

    Attributes:
        paths: TFRecord files of the train split.
        characters: Characters of the network.
        preprocess: How a line strip becomes network input.
        preset: Name of the preset.
        batch_width_px: Total padded width of the lines of a batch.
    """

    paths: tuple[str, ...]
    characters: tuple[str, ...]
    preprocess: PreprocessConfig
    preset: str
    batch_width_px: int


class TrialTimer:
    """Measures the speed of ways to compute, each in a new process.

    Args:
        trial: What is timed.

    Attributes:
        error: Last line of what a trial that failed printed; empty if none did.
    """

    def __init__(self, trial: Trial):
        self._trial = trial
        self._limit_s = _FIRST_LIMIT_S
        self.error = ""

    def __call__(self, compute: Compute) -> float:
        """Return lines a second; 0 if it failed, or takes far longer than another."""
        order = {"trial": asdict(self._trial), "compute": asdict(compute)}
        root = str(Path(model.__file__).parents[1])
        paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        started = time.monotonic()
        try:
            run = subprocess.run(
                [sys.executable, "-m", "model.training.trial"],
                input=json.dumps(order),
                capture_output=True,
                text=True,
                timeout=self._limit_s,
                env={**os.environ, "PYTHONPATH": paths},
            )
        except subprocess.TimeoutExpired:
            return 0.0
        if run.returncode:
            self.error = (run.stderr.strip().splitlines() or ["no reason given"])[-1]
            return 0.0
        longest_s = max(_LEAST_LIMIT_S, _LIMIT_FACTOR * (time.monotonic() - started))
        self._limit_s = min(self._limit_s, longest_s)
        return float(json.loads(run.stdout.splitlines()[-1]))


def main() -> int:
    """Time the trial that stdin describes, and print lines a second as the last line."""
    order = json.load(sys.stdin)
    facts = order["trial"]
    preprocess = PreprocessConfig(**facts.pop("preprocess"))
    trial = Trial(**{**facts, "preprocess": preprocess})
    compute = Compute(**order["compute"])
    use_threads(compute.threads)
    print(json.dumps(time_trial(trial, compute.precision)))
    return 0


def time_trial(trial: Trial, precision: str) -> float:
    """Return how many lines a second are prepared and trained on, in this process.

    Args:
        trial: What is timed.
        precision: One of `PRECISIONS`.
    """
    from model.training.losses import compile_crnn
    from model.training.networks.recogniser import build_crnn
    from model.training.optimisation.optimizer import train_on_batch

    charset, preset = Charset(tuple(trial.characters)), preset_named(trial.preset)
    network = build_crnn(preset, charset.class_count, keras_policy(precision))
    compile_crnn(network, TrainingConfig(trial.preset), step_count=100)
    batch, seconds_a_line = _batch(trial, charset)
    step_s = median_time(lambda: train_on_batch(network, batch.strips, [batch.labels] * 2))
    return 1 / (step_s / len(batch.texts) + seconds_a_line)


def _batch(trial: Trial, charset: Charset) -> tuple[Batch, float]:
    """Return a batch of lines of usual width, and the seconds that preparing a line takes."""
    maker = SampleMaker(
        charset, trial.preprocess, preset_named(trial.preset), TrainingConfig().augmentation
    )
    draws = [Draw(example, 0) for example in islice(read_examples(trial.paths), _LINES)]
    started = time.monotonic()
    samples = [sample for sample in make_samples(draws, maker) if sample is not None]
    seconds_a_line = (time.monotonic() - started) / max(1, len(draws))
    if not samples:
        raise ValueError("no line to time; see which are left out")
    batches = list(make_batches(samples, BatchConfig(trial.batch_width_px), mix_widths=False))
    # Full ones of a width that occurs often.
    return max(batches, key=lambda batch: batch.strips.size), seconds_a_line


def median_time(step: Callable[[], object]) -> float:
    """Return the seconds that a step takes, after a first one that is not counted."""
    step()
    times: list[float] = []
    while len(times) < _LEAST_STEPS or (sum(times) < _ENOUGH_S and len(times) < _MOST_STEPS):
        started = time.monotonic()
        step()
        times.append(time.monotonic() - started)
    return statistics.median(times)


if __name__ == "__main__":
    sys.exit(main())
