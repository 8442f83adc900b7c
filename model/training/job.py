"""Training a recogniser: by TFX (`run_fn`) or alone (`python -m model.training`)."""

from __future__ import annotations

import argparse
import glob
import json
import os
import shutil
import sys
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path

from model.dataset.tfrecord import read_records
from model.line_images.preprocess import PreprocessConfig, prepare_strip
from model.networks.presets import preset_named
from model.recogniser import bundle
from model.text.charset import Charset
from model.training.config import LineFiles, TrainingConfig
from model.training.flags import add_training_flags, training_config
from model.training.language.config import LanguageConfig, language_config
from schemas.features import LINE_FILES, decode_line

# More do not change the ranges much, and each takes a while to run.
_LINES_TO_MEASURE_ON = 200


@dataclass(frozen=True)
class TrainingJob:
    """Where a training run reads and writes, and what it trains.

    Attributes:
        train_paths: TFRecords to learn from.
        eval_paths: TFRecords to judge by.
        charset: The characters to write.
        output: Folder for the bundle.
        checkpoints: Folder that keeps the run until it is done, to go on if it is cut off.
        config: The run.
        init: Bundle of a model to fine-tune; None starts from chance.
        tensorboard: Folder for curves; None for none.
        language: What the language model is built from.
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
    """Train, and write the bundle.

    Args:
        job: The run.

    Raises:
        ValueError: If the dataset does not suit the job.
    """
    from model.training.curves import open_curves
    from model.training.language.build import add_language_model
    from model.training.loop import TrainingRun
    from model.training.transfer import start_from

    def report(text: str) -> None:
        print(text, flush=True)

    report(describe_device())
    # A text that cannot be read is to be told before the training, not after it.
    job.language.check()
    preset = preset_named(job.config.preset)
    preprocess = PreprocessConfig(_strip_height_px(job.train_paths), preset.input_height_px)
    train, evaluation = (
        LineFiles(paths, job.charset, preprocess) for paths in (job.train_paths, job.eval_paths)
    )
    prepare = start_from(job.init, job.charset, preset, report) if job.init else None
    curves = open_curves(job.tensorboard)
    run = TrainingRun(job.config, train, evaluation, job.checkpoints, report, prepare, curves)
    model, course = run.run()
    card = {
        "training": asdict(job.config),
        "course": [result.facts() for result in course],
        "parameters": model.count_params(),
        "device": describe_device(),
    }
    write_bundle(job.output, model, job.charset, preprocess, job.config.preset, card)
    quantise_bundle(job.output, job.train_paths)
    add_language_model(job.output, job.train_paths, job.eval_paths, job.language, report)


def quantise_bundle(directory: Path, train_paths: tuple[str, ...]) -> None:
    """Add the network in 8-bit integers to a bundle.

    Args:
        directory: The bundle.
        train_paths: TFRecords of lines to measure the ranges on; every so many is taken.
    """
    from model.training.networks.quantise import quantise_network
    from model.training.samples import decode_strip, read_examples

    whole = bundle.load_bundle(directory)
    line_count = sum(1 for path in train_paths for _ in read_records(path))
    step = -(-line_count // _LINES_TO_MEASURE_ON)
    examples = islice(read_examples(train_paths), 0, None, step)
    strips = (prepare_strip(decode_strip(example), whole.preprocess) for example in examples)
    quantise_network(whole.onnx_path, strips, directory / bundle.ONNX_FILES["int8"])


def write_bundle(
    directory: Path, model, charset: Charset, preprocess: PreprocessConfig, preset: str, card: dict
) -> None:
    """Write everything that a trained model is on disk; `model.recogniser.bundle` lists the files.

    Args:
        directory: Where to; made if it is not there.
        model: What `build_crnn` gave, trained.
        charset: Its characters.
        preprocess: How a strip becomes its input.
        preset: Name of its size.
        card: What the model card shall say.
    """
    import keras

    from model.training.networks.recogniser import without_auxiliary
    from model.training.networks.recogniser_onnx import export_auxiliary, export_onnx

    directory.mkdir(parents=True, exist_ok=True)
    if keras.backend.backend() == "tensorflow":
        from model.training.networks.saved_model import write_saved_model

        write_saved_model(directory, without_auxiliary(model), charset, preprocess)
    network = export_onnx(model, preset_named(preset))
    (directory / bundle.ONNX_FILE).write_bytes(network.SerializeToString())
    auxiliary = export_auxiliary(model, preset_named(preset))
    (directory / bundle.AUXILIARY_FILE).write_bytes(auxiliary.SerializeToString())
    model.save(directory / bundle.WEIGHTS_FILE)
    bundle.write_settings(directory, charset, preprocess)
    bundle.write_card(directory, card)


def describe_device() -> str:
    """Say in one line what the training runs on.

    Returns:
        For instance 'training on CPU (no GPU found), Keras 3.12.4 on tensorflow'.
    """
    import keras

    backend = keras.backend.backend()
    if backend == "torch":
        import torch

        gpus = torch.cuda.device_count()
    else:
        # Without an argument: JAX raises if it is asked for GPUs where there are none.
        gpus = sum(name.startswith("gpu") for name in keras.distribution.list_devices())
    device = f"{gpus} GPU" if gpus else "CPU (no GPU found)"
    return f"training on {device}, Keras {keras.__version__} on {backend}"


def run_fn(fn_args) -> None:
    """Train inside TFX's Trainer.

    Args:
        fn_args: tfx.v1.components.FnArgs. `hyperparameters` holds what the component
            CharsetGen found; `custom_config` holds the flags of `add_training_flags`.
    """
    init = fn_args.custom_config.get("init")
    job = TrainingJob(
        train_paths=_expand(fn_args.train_files),
        eval_paths=_expand(fn_args.eval_files),
        charset=Charset.from_json(json.dumps(fn_args.hyperparameters)),
        output=Path(fn_args.serving_model_dir),
        checkpoints=Path(fn_args.model_run_dir),
        config=training_config(fn_args.custom_config),
        init=Path(init) if init else None,
        tensorboard=Path(fn_args.model_run_dir),
        language=language_config(fn_args.custom_config),
    )
    run_training(job)


def _expand(patterns) -> tuple[str, ...]:
    return tuple(sorted(path for pattern in patterns for path in glob.glob(pattern)))


def _strip_height_px(paths) -> int:
    for path in paths:
        for record in read_records(path):
            return decode_line(record).height_px
    raise ValueError("split train has no lines; ingest more pages")


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m model.training",
        description="Train a recogniser without TFX. Run again after it was cut off, it goes on.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--dataset", type=Path, required=True, help="what pipelines.ingest wrote")
    parser.add_argument("--output", type=Path, required=True, help="folder for the model")
    add_training_flags(parser)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: Arguments without the program's name; None for those of the process.

    Returns:
        The exit status: 0, or 2 for arguments that cannot be used.
    """
    args = _parse(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        job = _job(args)
        run_training(job)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    shutil.rmtree(job.checkpoints)
    return 0


def _job(args: argparse.Namespace) -> TrainingJob:
    if args.output.exists():
        raise ValueError(f"{args.output} exists; choose another --output")
    charset_path = args.dataset / bundle.CHARSET_FILE
    if not charset_path.is_file():
        raise ValueError(f"{charset_path} is missing; make the dataset with pipelines.ingest")
    return TrainingJob(
        train_paths=_expand([str(args.dataset / "train" / LINE_FILES)]),
        eval_paths=_expand([str(args.dataset / "eval" / LINE_FILES)]),
        charset=Charset.from_json(charset_path.read_text("utf-8")),
        output=args.output,
        checkpoints=args.output.with_name(f"{args.output.name}.training"),
        config=training_config(vars(args)),
        init=args.init,
        tensorboard=args.tensorboard,
        language=language_config(vars(args)),
    )


if __name__ == "__main__":
    sys.exit(main())
