"""Time a few real training steps of the recogniser: run by `model.training.speed`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice

from model.dataset.examples import read_examples
from model.line_images.preprocess import PreprocessConfig
from model.networks.presets import preset_named
from model.text.charset import Charset
from model.training.balance import Draw
from model.training.batches import Batch, BatchConfig, make_batches
from model.training.config import TrainingConfig
from model.training.optimisation.device import keras_policy
from model.training.optimisation.trial import median_time, serve_trial
from model.training.samples import SampleMaker, make_samples
from schemas.process_end import end_process

# Lines that the batch is chosen from.
_LINES = 64


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

    @classmethod
    def of_order(cls, order: dict) -> Trial:
        """Return the trial that `dataclasses.asdict` was called on."""
        return cls(**{**order, "preprocess": PreprocessConfig(**order["preprocess"])})


def time_trial(order: dict, precision: str) -> float:
    """Return how many lines a second are prepared and trained on, in this process.

    Args:
        order: A `Trial` as JSON values.
        precision: One of `PRECISIONS`.
    """
    from model.training.losses import compile_crnn
    from model.training.networks.recogniser import build_crnn
    from model.training.optimisation.optimizer import train_on_batch

    trial = Trial.of_order(order)
    charset, preset = Charset(tuple(trial.characters)), preset_named(trial.preset)
    network = build_crnn(preset, charset.class_count, keras_policy(precision))
    compile_crnn(network, TrainingConfig(trial.preset), step_count=100)
    batch, seconds_a_line = _batch(trial, charset)
    step_s = median_time(lambda: train_on_batch(network, batch.strips, [batch.labels] * 2))
    return 1 / (step_s / len(batch.texts) + seconds_a_line)


def _batch(trial: Trial, charset: Charset) -> tuple[Batch, float]:
    """Return a full batch of lines, and the seconds that preparing a line takes."""
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
    return max(batches, key=lambda batch: batch.strips.size), seconds_a_line


def main() -> int:
    """Serve `model.training.speed`."""
    return serve_trial(time_trial)


if __name__ == "__main__":
    end_process(main)
