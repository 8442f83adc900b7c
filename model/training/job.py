"""A training run of the recogniser, in TFX (`run_fn`) or alone (`python -m model.training`)."""

from __future__ import annotations

import glob
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from model.dataset.tfrecord import read_records
from model.line_images.preprocess import PreprocessConfig
from model.networks.presets import preset_named
from model.recogniser.bundle import load_bundle, model_name
from model.text.charset import Charset
from model.training.bundle_files import quantise_bundle, write_bundle
from model.training.config import LineFiles, TrainingConfig
from model.training.flags import training_config
from model.training.language.config import LanguageConfig, language_config
from model.training.optimisation.device import describe_device
from schemas.features import decode_line


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
        tensorboard: Folder for TensorBoard curves; None for none.
        language: Configuration of the language model.
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


def run_training(job: TrainingJob) -> None:
    """Train a recogniser and its language models, and write the bundle.

    Args:
        job: The training run.

    Raises:
        ValueError: If the dataset cannot be used for this run.
    """
    from model.training.language.build import add_language_model
    from model.training.loop import TrainingRun
    from model.training.progress import open_curves
    from model.training.transfer import start_from

    def report(text: str) -> None:
        print(text, flush=True)

    report(describe_device())
    # Report unreadable text files before the training, not after it.
    job.language.check()
    preset = preset_named(job.config.preset)
    preprocess = PreprocessConfig(_strip_height_px(job.train_paths), preset.input_height_px)
    train, evaluation = (
        LineFiles(paths, job.charset, preprocess) for paths in (job.train_paths, job.eval_paths)
    )
    prepare = start_from(job.init, job.charset, preset, report) if job.init else None
    curves = open_curves(job.tensorboard)
    run = TrainingRun(job.config, train, evaluation, job.checkpoints, report, prepare, curves)
    model, results = run.run()
    card = {
        "training": asdict(job.config),
        "course": [result.to_dict() for result in results],
        "parameters": model.count_params(),
        "device": describe_device(),
        "base": base_facts(job.init),
    }
    write_bundle(job.output, model, job.charset, preprocess, job.config.preset, card)
    quantise_bundle(job.output, job.train_paths)
    add_language_model(job.output, job.train_paths, job.eval_paths, job.language, report)


def base_facts(init: Path | None) -> dict | None:
    """Return the entry of the model card for the model that training starts from.

    Args:
        init: Its folder; None for random initial weights.

    Returns:
        Its name and digest, no path; None if there is none.
    """
    if init is None:
        return None
    bundle = load_bundle(init)
    name = Path(model_name(bundle.directory)).name
    return {"name": name, "digest": bundle.digest()}


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
