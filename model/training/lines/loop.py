"""The training loop of the line network: any Keras backend, exact resume."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np

from model.augmentation.page import PageAugmentConfig
from model.pictures.line_maps import draw_maps
from model.text.duration import format_duration
from model.training.lines.batches import CropMaker, TrainingPage
from model.training.lines.config import LineTrainingConfig
from model.training.lines.losses import build_line_loss
from model.training.networks.line_finder import build_line_network
from model.training.optimisation.checkpoint import find_run, load_checkpoint, save_checkpoint
from model.training.optimisation.optimizer import build_optimizer, train_on_batch
from model.training.optimisation.schedule import learning_rate_at
from model.training.optimisation.weights import averaged_weights, restore, snapshot

STATE_FILE = "last.npz"
AVERAGED_FILE = "averaged.npz"
PICTURE_FILE = "pieces_{step:06d}.jpg"
_SECONDS_BETWEEN_CHECKPOINTS = 300.0
_SECONDS_BETWEEN_REPORTS = 30.0
# The same batches of the eval pages are used in each evaluation, with less augmentation.
_EVAL_BATCHES = 8
_EVAL_AUGMENTATION = PageAugmentConfig(
    height_px=(12.0, 40.0), rotation=0.0, perspective=0.0, turned=0.0, composed=0.0, share=0.0
)


def compile_network(model: keras.Model, config: LineTrainingConfig) -> Callable:
    """Compile the network with its optimizer and its loss, and return the loss."""
    loss = build_line_loss(config.mark_share)
    optimizer = build_optimizer(model, config, config.steps)
    model.compile(optimizer=optimizer, loss=loss, jit_compile=False)
    return loss


class LineTrainingRun:
    """A training run of the line network.

    Args:
        config: Configuration of the run.
        train: Pages to train on.
        evaluation: Pages to evaluate on.
        folder: Folder for checkpoints and pictures; an interrupted run in it is resumed.
        report: Is given each progress line.

    Raises:
        ValueError: If there is no page to train on, or the folder holds another run.
    """

    def __init__(
        self,
        config: LineTrainingConfig,
        train: Sequence[TrainingPage],
        evaluation: Sequence[TrainingPage],
        folder: Path,
        report: Callable[[str], None],
    ):
        self._config, self._folder, self._report = config, folder, report
        self._pages = [page.uri for page in (*train, *evaluation)]
        self._maker = CropMaker(
            train, config.side_px, config.augmentation, config.seed, config.meeting_weight
        )
        maker = CropMaker(evaluation, config.side_px, _EVAL_AUGMENTATION, config.seed)
        self._eval_batches = [maker.batch(i, config.batch_size) for i in range(_EVAL_BATCHES)]
        keras.utils.set_random_seed(config.seed)
        self._model = build_line_network(config.network, config.policy)
        self._line_loss = compile_network(self._model, config)
        self._step, self._loss, self._results = 0, 0.0, []
        self._saved_at = time.monotonic()
        self._resume()
        self._started_at = self._reported_at = time.monotonic()
        self._first_step = self._step

    def run(self) -> tuple[keras.Model, list[dict[str, float]]]:
        """Train to the end.

        Returns:
            The network with its averaged weights, in float32, and the result of each evaluation.
        """
        config = self._config
        while self._step < config.steps:
            share = self._step / config.steps
            self._model.optimizer.learning_rate = learning_rate_at(share, config.learning_rate)
            images, maps = self._maker.batch(self._step, config.batch_size)
            loss = train_on_batch(self._model, images, maps)
            self._step += 1
            # A moving average over about the last hundred steps.
            weight = max(0.01, 1 / self._step)
            self._loss += (loss - self._loss) * weight
            self._report_progress()
            if self._step % config.judge_steps == 0 or self._step == config.steps:
                self._evaluate()
            elif time.monotonic() - self._saved_at > _SECONDS_BETWEEN_CHECKPOINTS:
                self._save()
        weights, _ = load_checkpoint(self._folder / AVERAGED_FILE)
        model = build_line_network(config.network)
        model.set_weights(weights["weights"])
        return model, self._results

    def _report_progress(self) -> None:
        """Report the progress if the last report is more than half a minute old."""
        now = time.monotonic()
        if now - self._reported_at < _SECONDS_BETWEEN_REPORTS:
            return
        self._reported_at = now
        speed = (self._step - self._first_step) / (now - self._started_at)
        left = format_duration((self._config.steps - self._step) / speed)
        self._report(
            f"step {self._step} of {self._config.steps}  loss {self._loss:.3f}  "
            f"{speed:.2f} steps/s  {left} left"
        )

    def _evaluate(self) -> None:
        """Evaluate the averaged weights on the eval pages, and save them."""
        with averaged_weights(self._model):
            outputs = [np.asarray(self._model.predict_on_batch(i)) for i, _ in self._eval_batches]
            save_checkpoint(
                self._folder / AVERAGED_FILE,
                {"weights": [keras.ops.convert_to_numpy(w) for w in self._model.weights]},
                {"step": self._step, "network": asdict(self._config.network)},
            )
        losses = [
            self._line_loss(maps, output) for (_, maps), output in zip(self._eval_batches, outputs)
        ]
        loss = float(np.mean([keras.ops.convert_to_numpy(one) for one in losses]))
        self._results.append({"step": self._step, "loss": self._loss, "eval_loss": loss})
        picture = PICTURE_FILE.format(step=self._step)
        draw_maps(self._eval_batches[0][0], outputs[0], self._folder / picture)
        self._save()
        self._report(f"step {self._step}: loss {self._loss:.3f}, eval {loss:.3f}, see {picture}")

    def _settings(self) -> str:
        return json.dumps({"config": asdict(self._config), "pages": self._pages}, sort_keys=True)

    def _resume(self) -> None:
        found = find_run(self._folder / STATE_FILE, self._settings(), "pages")
        if found is None:
            return
        groups, facts = found
        restore(self._model, groups)
        self._step, self._loss, self._results = facts["step"], facts["loss"], facts["course"]
        self._report(f"resuming after {self._step} steps")

    def _save(self) -> None:
        facts = {
            "settings": self._settings(),
            "step": self._step,
            "loss": self._loss,
            "course": self._results,
        }
        save_checkpoint(self._folder / STATE_FILE, snapshot(self._model), facts)
        self._saved_at = time.monotonic()
