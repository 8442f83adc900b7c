"""The `run_fn` of the Trainer: `model.training.job.run_fn`, for remote artifacts as well."""

from __future__ import annotations

import tempfile
from pathlib import Path

import attr

from components.storage import fetch, is_remote, send
from model.training import job

# Key in the configuration of the Trainer; a changed code digest makes TFX train again.
CODE = "code"


def run_fn(fn_args) -> None:
    """Train; remote datasets are downloaded first, and the model is uploaded afterwards.

    Args:
        fn_args: tfx.v1.components.FnArgs.
    """
    settings = {name: value for name, value in fn_args.custom_config.items() if name != CODE}
    local = attr.evolve(fn_args, custom_config=settings)
    if not is_remote(fn_args.serving_model_dir):
        job.run_fn(local)
        return
    with tempfile.TemporaryDirectory() as folder:
        model, run = Path(folder, "model"), Path(folder, "run")
        job.run_fn(
            attr.evolve(
                local,
                train_files=fetch(fn_args.train_files, Path(folder, "train")),
                eval_files=fetch(fn_args.eval_files, Path(folder, "eval")),
                serving_model_dir=str(model),
                model_run_dir=str(run),
            )
        )
        send(model, fn_args.serving_model_dir)
        send(run, fn_args.model_run_dir)
