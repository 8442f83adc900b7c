"""Train a recogniser on a dataset and release it if its error rate is low enough."""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
from dataclasses import replace
from pathlib import Path

from model.training.flags import (
    ADAPTED,
    OWN,
    add_training_flags,
    chosen_training_flags,
    training_config,
)
from pipelines.cli.main import command_main
from pipelines.cli.options import EXIT_OK, UsageError, share, verb_parser
from pipelines.training.cluster import ClusterConfig, check_cluster, machine_of
from pipelines.training.config import (
    DEFAULT_MAX_CER,
    DEFAULT_MAX_DRIFT,
    TrainConfig,
    TrainingRecipe,
    check_config,
    check_output,
    pinned_flags,
)
from schemas.process_end import end_process
from schemas.program import extra_cure

LOCAL, KUBEFLOW = "local", "kubeflow"
_DATASET = "out/dataset"


def _parser() -> argparse.ArgumentParser:
    # TFX runs its steps in this process, so Beam's flags are not taken.
    parser = verb_parser("train", __doc__, takes_beam_flags=False)
    parser.add_argument(
        "--dataset",
        help=f"folder that ingest wrote; if not given, {_DATASET}, or none with --adapt",
    )
    parser.add_argument(
        "--adapt",
        metavar="TRANSCRIPTS",
        help="archive that transcribe wrote: with --init, train on the surest of what that model "
        "reads in it; lines of --dataset, if given, are used, too, and judged by",
    )
    parser.add_argument(
        "--output", default="out/models", help="folder of the models; a run adds a version"
    )
    parser.add_argument(
        "--max_cer",
        type=share,
        default=DEFAULT_MAX_CER,
        help="CER on the eval split above which the model is not released",
    )
    parser.add_argument(
        "--max_drift",
        type=share,
        default=DEFAULT_MAX_DRIFT,
        help="difference between the eval and train splits above which no model is trained",
    )
    add_training_flags(parser)
    _add_cluster_flags(parser)
    return parser


def _add_cluster_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--runner",
        choices=(LOCAL, KUBEFLOW),
        default=LOCAL,
        help="train here, or write a pipeline for Kubeflow Pipelines v2 and Vertex AI",
    )
    group = parser.add_argument_group("with --runner kubeflow")
    group.add_argument("--image", help="container image with quire-htr[train,vertex]")
    group.add_argument("--compile_to", type=Path, help="file to write, .json or .yaml")
    group.add_argument(
        "--machine_type", default="n1-standard-8", help="machine of Trainer and Evaluator"
    )
    group.add_argument(
        "--gpu_type",
        default="NVIDIA_TESLA_T4",
        help="its GPUs, as the cluster names them; nvidia.com/gpu on your own Kubernetes",
    )
    group.add_argument(
        "--gpu_count", type=int, choices=(0, 1, 2, 4, 8), default=1, help="GPUs of each machine"
    )


def _run(args: argparse.Namespace) -> int:
    """Train, or write the pipeline for a cluster.

    Returns:
        The exit status: 0 released or written, 1 a component failed, 3 the model reads too
        badly to be released.
    """
    try:
        training_config(vars(args))
    except ValueError as error:
        raise UsageError(str(error)) from None
    flags = chosen_training_flags(args)
    recipe = TrainingRecipe(flags, max_cer=args.max_cer, max_drift=args.max_drift)
    if args.runner == KUBEFLOW:
        return _compile(args, recipe)
    if args.image or args.compile_to:
        raise UsageError("--image and --compile_to are for a cluster; add --runner kubeflow")
    recipe = replace(recipe, training=pinned_flags(flags))
    dataset, output = Path(args.dataset or _DATASET).absolute(), Path(args.output).absolute()
    config = TrainConfig(dataset, output, recipe)
    if args.adapt:
        return _adapt(args, config)
    return _train(config)


def _train(config: TrainConfig) -> int:
    check_config(config)
    _prepare_tensorflow()
    from pipelines.files.lock import output_lock
    from pipelines.training.run import run_train

    with output_lock(str(config.output)):
        return run_train(config)


def _adapt(args: argparse.Namespace, config: TrainConfig) -> int:
    """Adapt a model to an archive; the dataset of its readings is removed at the end."""
    if not args.init:
        raise UsageError("--adapt trains a model on its own readings; give the model as --init")
    if args.charset == OWN:
        raise UsageError("--adapt: readings lack rare letters; leave out --charset own")
    if args.dataset and not config.dataset.is_dir():
        raise UsageError(f"{config.dataset}: no such folder; give --dataset what ingest wrote")
    check_output(config.output)
    _prepare_tensorflow()
    from pipelines.training.adaptation import Adaptation, make_adaptation_dataset

    folder = config.tfx_root / f"{config.run_id}.adaptation"
    try:
        truth = config.dataset if args.dataset else None
        adaptation = Adaptation(args.adapt, str(args.init), truth, folder)
        adapted = {ADAPTED: make_adaptation_dataset(adaptation)}
        recipe = replace(config.recipe, training={**config.recipe.training, **adapted})
        return _train(replace(config, dataset=folder, recipe=recipe))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _compile(args: argparse.Namespace, recipe: TrainingRecipe) -> int:
    if args.adapt:
        raise UsageError(
            "--adapt reads the images of the archive here; leave out --runner kubeflow"
        )
    if not args.image or not args.compile_to:
        raise UsageError("--runner kubeflow: give --image and --compile_to too")
    machine = machine_of(args.machine_type, args.gpu_type, args.gpu_count)
    config = ClusterConfig(
        args.dataset or _DATASET, args.output, recipe, args.image, machine, args.compile_to
    )
    check_cluster(config)
    _prepare_tensorflow()
    if importlib.util.find_spec("kfp") is None:
        raise UsageError(
            "--runner kubeflow needs kfp-pipeline-spec, which is not installed: "
            f"{extra_cure('train,vertex')}"
        )
    from pipelines.training.kubeflow import compile_pipeline

    compile_pipeline(config)
    print(f"wrote {args.compile_to}; submit it to Vertex AI or Kubeflow Pipelines")
    return EXIT_OK


def _prepare_tensorflow() -> None:
    """Set the environment that TensorFlow and Keras read when they are imported.

    Raises:
        UsageError: If TFX is not installed.
    """
    if importlib.util.find_spec("tfx") is None:
        raise UsageError(f"training needs TFX, which is not installed: {extra_cure('train')}")
    # TFX evaluates a SavedModel, which only this backend writes.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    # TensorFlow's C++ code logs harmless events as errors; real errors raise exceptions.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


main = command_main(_parser, _run)

if __name__ == "__main__":
    end_process(main)
