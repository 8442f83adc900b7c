"""The training loop of the recogniser: any Keras backend, streamed batches, exact resume."""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import islice, zip_longest
from pathlib import Path

import keras
import numpy as np

from model.dataset.examples import decode_strip
from model.decoding.ctc import decode_greedy
from model.evaluation.metrics import ErrorCount, error_rates
from model.line_images.preprocess import input_width_px, pad_strip, padded_width_px, scale_strip
from model.networks.presets import preset_named
from model.text.duration import format_duration
from model.training.balance import draw_lines, draws_per_epoch
from model.training.batches import Batch, make_batches, shuffle_lines
from model.training.config import EpochResult, LineFiles, TrainingConfig
from model.training.line_store import LineStore
from model.training.losses import compile_crnn
from model.training.networks.recogniser import build_crnn, without_auxiliary
from model.training.optimisation.checkpoint import find_run, load_checkpoint, save_checkpoint
from model.training.optimisation.device import is_out_of_memory
from model.training.optimisation.schedule import learning_rate_at
from model.training.optimisation.weights import averaged_weights, restore, snapshot
from model.training.progress import Curves, ProgressLine, open_curves
from model.training.replicas import Replicas
from model.training.samples import Sample, SampleMaker, make_samples

STATE_FILE = "last.npz"
BEST_FILE = "best.npz"
_SECONDS_BETWEEN_CHECKPOINTS = 300.0
# Steps of a run that was not timed before, after which its duration is told.
_STEPS_TO_FORECAST = 4


def measure(reader: keras.Model, lines: LineFiles, batch_config) -> tuple[ErrorCount, ErrorCount]:
    """Recognise a split with greedy decoding and count the errors.

    Args:
        reader: Network from `without_auxiliary`.
        lines: Lines of the split.
        batch_config: How lines are grouped into batches.

    Returns:
        Character errors and word errors.
    """
    pairs = []
    for batch in make_batches(_plain_samples(lines), batch_config, mix_widths=False):
        for text, logits in zip(batch.texts, reader.predict_on_batch(batch.strips)):
            read = decode_greedy(np.asarray(logits, np.float32), lines.charset)[0]
            pairs.append((text, read))
    return error_rates(pairs)


def _plain_samples(lines: LineFiles) -> Iterator[Sample]:
    """Stream the lines without labels: their texts may have characters outside the charset."""
    for example in lines.examples():
        ink = scale_strip(decode_strip(example), lines.preprocess)
        yield Sample(pad_strip(ink, lines.preprocess), [], example.text, example.page_uri)


@dataclass
class _Progress:
    """How far a run has come.

    Attributes:
        epoch: Number of completed epochs.
        batches: Batches of the current epoch that are done.
        lines: Lines in those batches.
        loss_sum: Sum of the losses of those lines.
        seconds: Time spent on those batches.
        results: Results of the completed epochs.
    """

    epoch: int = 0
    batches: int = 0
    lines: int = 0
    loss_sum: float = 0.0
    seconds: float = 0.0
    results: list[EpochResult] = field(default_factory=list)

    def next_epoch(self) -> None:
        self.epoch += 1
        self.batches, self.lines, self.loss_sum, self.seconds = 0, 0, 0.0, 0.0

    @property
    def best(self) -> EpochResult:
        return min(self.results, key=lambda result: result.characters.rate)


class TrainingRun:
    """A training run of the recogniser.

    Args:
        config: Configuration of the run.
        train: Lines to train on.
        evaluation: Lines to evaluate each epoch on.
        folder: Folder for checkpoints; an interrupted run in it is resumed.
        report: Is given each progress line.
        prepare: Is given the new network before the first step, to set its initial weights.
        curves: Is given the number and the values of each epoch.
        speed: Lines a second, from timed steps, to tell how long the run will take; 0 if unknown.
        replay: Lines of other hands, of which as many are mixed in; None for none.

    Raises:
        ValueError: If no line can be trained on, or the folder holds another run.
    """

    def __init__(
        self,
        config: TrainingConfig,
        train: LineFiles,
        evaluation: LineFiles,
        folder: Path,
        report: Callable[[str], None],
        prepare: Callable[[keras.Model], None] | None = None,
        curves: Curves | None = None,
        speed: float = 0.0,
        replay: LineFiles | None = None,
    ):
        self._config, self._train, self._evaluation = config, train, evaluation
        self._replay = replay
        self._folder, self._report = folder, report
        self._curves = curves or open_curves(None)
        preset = preset_named(config.preset)
        self._maker = SampleMaker(
            train.charset, train.preprocess, preset, config.augmentation, config.seed
        )
        self._line_count, step_count = self._count_lines()
        keras.utils.set_random_seed(config.seed)
        self._replicas = Replicas()
        with self._replicas.scope():
            network = replace(preset, dropout=config.dropout)
            self._model = build_crnn(network, train.charset.class_count, config.policy, config.seed)
            if prepare:
                prepare(self._model)
            compile_crnn(self._model, config, step_count * config.epochs)
        self._reader = without_auxiliary(self._model)
        self._progress = _Progress()
        self._saved_at = time.monotonic()
        self._resume()
        self._forecast(speed)

    def run(self) -> tuple[keras.Model, list[EpochResult]]:
        """Train to the end.

        Returns:
            The network with the averaged weights of its best epoch, and the results of all
            epochs.

        Raises:
            ValueError: If the eval split has no text, or the disk is full.
        """
        config, progress = self._config, self._progress
        while progress.epoch < config.epochs and not self._is_out_of_patience():
            self._run_epoch()
            self._evaluate()
        weights, _ = load_checkpoint(self._folder / BEST_FILE)
        model = build_crnn(preset_named(config.preset), self._train.charset.class_count)
        model.set_weights(weights["weights"])
        return model, progress.results

    def _count_lines(self) -> tuple[int, int]:
        """Return the draws and the steps of an epoch; set how often each document is drawn."""
        store, usable, width_px = self._usable(self._train, "to train on")
        if not usable:
            raise ValueError("split train has no line to train on; ingest more pages")
        draws = draws_per_epoch(usable, self._config.balance)
        self._sources = [(store, draws)]
        draw_count, drawn_px = (
            sum(counts[name] * times for name, times in draws.items())
            for counts in (usable, width_px)
        )
        if self._replay:
            store, others, others_px = self._usable(self._replay, "of other hands to mix in")
            times = min(1.0, draw_count / max(1, others.total()))
            self._sources.append((store, dict.fromkeys(others, times)))
            draw_count += times * others.total()
            drawn_px += times * others_px.total()
        return round(draw_count), math.ceil(drawn_px / self._config.batch.width_px)

    def _usable(self, files: LineFiles, what: str) -> tuple[LineStore, Counter[str], Counter[str]]:
        """Return the lines that can be learnt, and their number and width by document."""
        store, usable, width_px, skipped = LineStore(self._folder), Counter(), Counter(), 0
        for example in files.examples():
            if self._maker.is_learnable(example):
                store.add(example)
                usable[example.document] += 1
                width_px[example.document] += padded_width_px(
                    input_width_px(example.width_px, files.preprocess), files.preprocess
                )
            else:
                skipped += 1
        self._report(
            f"{usable.total()} lines {what}, {skipped} left out (too narrow for their text)"
        )
        return store, usable, width_px

    def _forecast(self, speed: float) -> None:
        """Report once how long the rest of the run takes at a number of lines/s, if it is known."""
        self._is_forecast = bool(speed)
        if not speed:
            return
        epochs, progress = self._config.epochs, self._progress
        left = self._line_count * (epochs - progress.epoch) - progress.lines
        self._report(
            f"{epochs} epochs of {self._line_count:,} lines: about "
            f"{format_duration(left / speed)}, and a little more to evaluate each"
        )

    def _settings(self) -> str:
        return json.dumps(
            {
                "config": asdict(self._config),
                "characters": self._train.charset.characters,
                "preprocess": asdict(self._train.preprocess),
                "lines": self._line_count,
            },
            sort_keys=True,
        )

    def _resume(self) -> None:
        found = find_run(self._folder / STATE_FILE, self._settings(), "lines")
        if found is None:
            return
        groups, facts = found
        restore(self._model, groups)
        saved = facts["course"]
        results = [EpochResult.from_dict(result) for result in saved.pop("results")]
        self._progress = _Progress(**saved, results=results)
        self._report(f"resuming after {saved['epoch']} epochs and {saved['batches']} batches")

    def _save(self) -> None:
        groups = snapshot(self._model)
        if not all(np.isfinite(array).all() for arrays in groups.values() for array in arrays):
            raise ValueError(self._diverged())
        progress = asdict(self._progress)
        progress["results"] = [result.to_dict() for result in self._progress.results]
        facts = {"settings": self._settings(), "course": progress}
        save_checkpoint(self._folder / STATE_FILE, groups, facts)
        self._saved_at = time.monotonic()

    def _batches(self) -> Iterable[Batch]:
        """Return the batches of this epoch that are still to be trained on."""
        config, epoch = self._config, self._progress.epoch
        streams = [
            draw_lines(store.shuffled(config.seed, epoch), draws, epoch)
            for store, draws in self._sources
        ]
        # Alternately, as the buffer, which moves draws of one line apart, may be smaller than a
        # stream.
        mixed = (draw for turn in zip_longest(*streams) for draw in turn if draw is not None)
        draws = shuffle_lines(mixed, config.batch, epoch)
        samples = make_samples(draws, self._maker, config.processes)
        learnable = (sample for sample in samples if sample is not None)
        return islice(make_batches(learnable, config.batch), self._progress.batches, None)

    def _run_epoch(self) -> None:
        """Train on the batches of this epoch that are still to be trained on."""
        config, progress = self._config, self._progress
        line = ProgressLine(self._line_count, config.epochs, self._report)
        first = progress.lines, progress.seconds
        for batch in self._batches():
            started = time.monotonic()
            share = (progress.epoch + progress.lines / self._line_count) / config.epochs
            self._model.optimizer.learning_rate = learning_rate_at(share, config.learning_rate)
            loss = self._step(batch)
            if not math.isfinite(loss):
                raise ValueError(self._diverged())
            progress.loss_sum += loss * len(batch.texts)
            progress.lines += len(batch.texts)
            progress.batches += 1
            progress.seconds += time.monotonic() - started
            # The first step is slower than the others.
            if progress.batches == 1:
                first = progress.lines, progress.seconds
            elif progress.batches == _STEPS_TO_FORECAST and not self._is_forecast:
                lines, seconds = progress.lines - first[0], progress.seconds - first[1]
                self._forecast(lines / max(seconds, 1e-9))
            line.update(progress.epoch, progress.lines, progress.loss_sum / progress.lines)
            if time.monotonic() - self._saved_at > _SECONDS_BETWEEN_CHECKPOINTS:
                self._save()

    def _diverged(self) -> str:
        folder, has_best = self._folder, bool(self._progress.results)
        kept = f"; the best weights so far are kept in {folder}" * has_best
        return (
            f"the loss is not a number after {self._progress.lines:,} lines of epoch "
            f"{self._progress.epoch + 1}{kept}; start anew, without {folder}, with a lower "
            f"--learning_rate than {self._config.learning_rate:g}"
        )

    def _step(self, batch: Batch) -> float:
        """Train on one batch and return its loss.

        Raises:
            ValueError: If the device has too little memory for the batch.
        """
        try:
            return self._replicas.train_on_batch(self._model, batch)
        # Each backend raises another type of error.
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise ValueError(
                f"out of memory on a batch of {batch.strips.shape[0]} lines, each "
                f"{batch.strips.shape[2]} px wide; lower --batch_width_px from "
                f"{self._config.batch.width_px}"
            ) from error

    def _evaluate(self) -> None:
        """Evaluate the averaged weights on the eval split; save them if they are the best."""
        progress = self._progress
        speed = progress.lines / max(progress.seconds, 1e-9)
        loss = progress.loss_sum / max(progress.lines, 1)
        with self._replicas.scope(), averaged_weights(self._model):
            errors = measure(self._reader, self._evaluation, self._config.batch)
            result = EpochResult(progress.epoch + 1, loss, *errors, speed)
            if not result.characters.length:
                raise ValueError("split eval has no text; raise --eval_fraction and ingest again")
            progress.results.append(result)
            if progress.best is result:
                weights = {"weights": self._model.get_weights()}
                save_checkpoint(self._folder / BEST_FILE, weights, result.to_dict())
        progress.next_epoch()
        self._save()
        self._report(str(result))
        self._curves(result.epoch, result.scalars())

    def _is_out_of_patience(self) -> bool:
        results, patience = self._progress.results, self._config.patience_epochs
        return (
            bool(patience and results) and results[-1].epoch - self._progress.best.epoch >= patience
        )
