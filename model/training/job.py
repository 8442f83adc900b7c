"""A training run of the recogniser, in TFX (`run_fn`) or alone (`python -m model.training`)."""

from __future__ import annotations

import glob
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from model.dataset.tfrecord import read_records
from model.decoding.config import BEAM
from model.line_images.preprocess import PreprocessConfig
from model.networks.presets import preset_named
from model.recogniser.bundle import Bundle, model_name, read_card, update_card
from model.text.charset import Charset
from model.training.adaptation.selection import AGREEMENT
from model.training.base_model import (
    BASE_ENTRY,
    PAGES_ENTRY,
    joined_charset,
    open_base,
    page_keys,
)
from model.training.bundle_files import quantise_bundle, write_bundle
from model.training.comparison import Comparison, compare_models
from model.training.config import (
    AUTO_EPOCHS,
    LineFiles,
    TrainingConfig,
    suitable_epochs,
)
from model.training.conflicts import find_conflicts
from model.training.flags import ADAPTED, OWN, training_config
from model.training.language.config import LanguageConfig, language_config
from model.training.optimisation.compute import BACKEND_THREADS, Compute
from model.training.optimisation.device import describe_device
from model.training.optimisation.flags import compute_asked
from schemas.features import LINE_FILES, decode_line


@dataclass(frozen=True)
class TrainingJob:
    """The inputs, outputs and configuration of a training run.

    Attributes:
        train_paths: TFRecord files of the train split.
        eval_paths: TFRecord files of the eval split.
        charset: Characters that the network can output.
        output: Folder for the bundle.
        checkpoints: Folder for checkpoints, from which an interrupted run is resumed.
        config: Configuration of the run.
        init: Bundle of a model to fine-tune; None for random initial weights.
        has_own_charset: Whether a fine-tuned model loses the characters of `init` that `charset`
            lacks.
        replay: Dataset folders, lines of whose train split are mixed in.
        adapted: What the model is judged by if it is adapted to its own readings: `AGREEMENT` or
            `TRUTH`; empty for a training on truth alone.
        tensorboard: Folder for TensorBoard curves; None for none.
        language: Configuration of the language model.
        threads: Threads that an operation uses; `BACKEND_THREADS` for as many as are fastest.
    """

    train_paths: tuple[str, ...]
    eval_paths: tuple[str, ...]
    charset: Charset
    output: Path
    checkpoints: Path
    config: TrainingConfig
    init: Path | None = None
    tensorboard: Path | None = None
    language: LanguageConfig = field(default_factory=LanguageConfig)
    threads: int = BACKEND_THREADS
    has_own_charset: bool = False
    replay: tuple[Path, ...] = ()
    adapted: str = ""

    @property
    def replay_paths(self) -> tuple[str, ...]:
        """TFRecord files of the lines that are mixed in.

        Raises:
            ValueError: If a folder has none.
        """
        found = []
        for folder in self.replay:
            paths = expand([str(folder / "train" / LINE_FILES)])
            if not paths:
                raise ValueError(
                    f"--replay {folder}: no train/{LINE_FILES}; give what pipelines.ingest wrote"
                )
            found += paths
        return tuple(found)

    @property
    def asked(self) -> Compute:
        """The precision and the threads that are prescribed."""
        return Compute(self.config.precision, self.threads)


def run_training(job: TrainingJob) -> Comparison | None:
    """Train a recogniser and its language models, and write the bundle.

    Args:
        job: The training run.

    Returns:
        How a fine-tuned model reads held-out lines, compared with its base; None for one that
        was not fine-tuned.

    Raises:
        ValueError: If the dataset cannot be used for this run.
    """
    from model.training.language.build import add_language_model
    from model.training.loop import STATE_FILE, TrainingRun
    from model.training.progress import open_curves
    from model.training.speed import settle_compute
    from model.training.transfer import start_from

    # Report what cannot be read before the training, not after it.
    job.language.check()
    base = open_base(job.init) if job.init else None
    charset = job.charset
    if base and not job.has_own_charset:
        charset = joined_charset(base.charset, charset)
    preset = preset_named(job.config.preset)
    preprocess = PreprocessConfig(_strip_height_px(job.train_paths), preset.input_height_px)
    conflicts = find_conflicts(job.train_paths, job.eval_paths, job.replay_paths, charset)
    if said := str(conflicts):
        _report(said)
    train, evaluation, replay = (
        LineFiles(paths, charset, preprocess, left_out)
        for paths, left_out in (
            (job.train_paths, conflicts.of_train),
            (job.eval_paths, frozenset()),
            (job.replay_paths, conflicts.of_replay),
        )
    )
    config = _with_epochs(job, train)
    timing = settle_compute(job.asked, config, train, job.checkpoints / STATE_FILE, _report)
    config = replace(config, precision=timing.compute.precision)
    _report(describe_device())
    prepare = start_from(base, charset, preset, _report) if base else None
    curves = open_curves(job.tensorboard)
    run = TrainingRun(
        config,
        train,
        evaluation,
        job.checkpoints,
        _report,
        prepare,
        curves,
        timing.speed,
        replay if job.replay else None,
    )
    model, results = run.run()
    card = {
        "training": asdict(config),
        "course": [result.to_dict() for result in results],
        "parameters": model.count_params(),
        "device": describe_device(),
        PAGES_ENTRY: _trained_pages(base, train, replay),
    }
    write_bundle(job.output, model, charset, preprocess, job.config.preset, card)
    quantise_bundle(job.output, job.train_paths)
    language = replace(job.language, precision=config.precision)
    kept = None if job.has_own_charset else base
    add_language_model(job.output, job.train_paths, job.eval_paths, language, _report, kept)
    return _compare(base, job) if base else None


def _with_epochs(job: TrainingJob, train: LineFiles) -> TrainingConfig:
    """Return the configuration with as many epochs as suit the lines, if none are prescribed."""
    if job.config.epochs != AUTO_EPOCHS:
        return job.config
    lines = sum(1 for _ in train.examples())
    epochs = suitable_epochs(max(1, lines), job.init is not None, bool(job.adapted))
    return replace(job.config, epochs=epochs)


def _trained_pages(base: Bundle | None, *files: LineFiles) -> list[str]:
    """Return the keys of all pages that a model, or its base, was trained on."""
    keys = page_keys(example.page_uri for one in files for example in one.examples())
    known = read_card(base.directory).get(PAGES_ENTRY, []) if base else []
    return sorted({*keys, *known})


def _report(text: str) -> None:
    print(text, flush=True)


def _compare(base: Bundle, job: TrainingJob) -> Comparison:
    """Compare a fine-tuned model with its base, and add the result to its card."""
    is_agreement = job.adapted == AGREEMENT
    comparison = compare_models(base.directory, job.output, job.eval_paths, is_agreement)
    _report(str(comparison))
    name = Path(model_name(base.directory)).name
    entry = {"name": name, "digest": base.digest(BEAM), **comparison.to_dict()}
    update_card(job.output, {BASE_ENTRY: entry})
    return comparison


def run_fn(fn_args) -> None:
    """Train inside TFX's Trainer.

    Args:
        fn_args: tfx.v1.components.FnArgs. `hyperparameters` holds the charset that the
            component CharsetGen collected; `custom_config` holds the flags of
            `add_training_flags`.
    """
    init = fn_args.custom_config.get("init")
    job = TrainingJob(
        train_paths=expand(fn_args.train_files),
        eval_paths=expand(fn_args.eval_files),
        charset=Charset.from_json(json.dumps(fn_args.hyperparameters)),
        output=Path(fn_args.serving_model_dir),
        checkpoints=Path(fn_args.model_run_dir),
        config=training_config(fn_args.custom_config),
        init=Path(init) if init else None,
        tensorboard=Path(fn_args.model_run_dir),
        language=language_config(fn_args.custom_config),
        threads=compute_asked(fn_args.custom_config).threads,
        has_own_charset=fn_args.custom_config.get("charset") == OWN,
        replay=tuple(map(Path, fn_args.custom_config.get("replay") or ())),
        adapted=fn_args.custom_config.get(ADAPTED, ""),
    )
    run_training(job)


def expand(patterns: Iterable[str]) -> tuple[str, ...]:
    """Return the files that glob patterns match, sorted."""
    return tuple(sorted(path for pattern in patterns for path in glob.glob(pattern)))


def _strip_height_px(paths) -> int:
    for path in paths:
        for record in read_records(path):
            return decode_line(record).height_px
    raise ValueError("split train has no lines; ingest more pages")
