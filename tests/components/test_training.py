"""The `run_fn` of the Trainer, with local and with remote artifacts."""

import uuid
from pathlib import Path

import pytest
from tfx.components.trainer.fn_args_utils import FnArgs

from components import training
from components.storage import join, read_bytes, send
from tests.drawn import line_example, write_tfrecords

pytestmark = pytest.mark.train


@pytest.fixture
def train(monkeypatch):
    """Replace the training: record the arguments, write a model of one file."""
    seen = []

    def run_fn(fn_args):
        seen.append((fn_args, [Path(path).read_bytes() for path in fn_args.train_files]))
        Path(fn_args.serving_model_dir).mkdir(parents=True)
        Path(fn_args.serving_model_dir, "model.onnx").write_bytes(b"network")

    monkeypatch.setattr(training.job, "run_fn", run_fn)
    return seen


def arguments(place, **options):
    return FnArgs(
        train_files=[join(place, "train", "*")],
        eval_files=[join(place, "eval", "*")],
        serving_model_dir=join(place, "model"),
        model_run_dir=join(place, "run"),
        custom_config={"preset": "tiny", "epochs": 1, "seed": 0, training.CODE: "abc"},
        **options,
    )


def test_a_remote_dataset_is_downloaded_and_the_model_uploaded(train, tmp_path):
    place = f"ram://{uuid.uuid4().hex}"
    for split in ("train", "eval"):
        write_tfrecords(tmp_path / split / "data.gz", [line_example("acte", 0, split)])
        send(tmp_path / split, join(place, split))
    training.run_fn(arguments(place))
    ((local, contents),) = train
    assert contents == [(tmp_path / "train" / "data.gz").read_bytes()]
    assert not any("ram://" in path for path in [*local.eval_files, local.model_run_dir])
    assert read_bytes(join(place, "model", "model.onnx")) == b"network"
    assert not Path(local.serving_model_dir).exists()


def test_a_local_dataset_is_not_copied(train, tmp_path):
    fn_args = arguments(str(tmp_path))
    fn_args.train_files = []
    training.run_fn(fn_args)
    ((local, _),) = train
    assert local.serving_model_dir == fn_args.serving_model_dir
    assert local.custom_config == {"preset": "tiny", "epochs": 1, "seed": 0}
