"""What decides whether the result of an earlier training is taken again."""

import os

import pytest

from model.recogniser.bundle import WEIGHTS_FILE
from pipelines.cli.options import UsageError
from pipelines.training.config import pinned_flags
from tests.fakes import write_fake_bundle


@pytest.fixture
def models(tmp_path):
    for name in ("1", "2"):
        (write_fake_bundle(tmp_path / name) / WEIGHTS_FILE).write_bytes(b"")
    (tmp_path / "latest").symlink_to("1")
    return tmp_path


def test_a_link_to_another_model_is_another_flag(models):
    flags = {"init": str(models / "latest"), "epochs": 3}
    before = pinned_flags(flags)
    assert before["epochs"] == 3 and pinned_flags(flags) == before
    (models / "latest").unlink()
    (models / "latest").symlink_to("2")
    assert pinned_flags(flags) != before


@pytest.mark.parametrize("name", ["language_model_text", "replay"])
def test_files_with_another_content_are_another_flag(tmp_path, name):
    (tmp_path / "old" / "train").mkdir(parents=True)
    file = tmp_path / "old" / "train" / "a.tfrecord.gz"
    file.write_bytes(b"one")
    flags = {name: [str(file if name == "language_model_text" else tmp_path / "old")]}
    before = pinned_flags(flags)
    assert pinned_flags(flags) == before
    file.write_bytes(b"other")
    os.utime(file, ns=(1, 1))
    assert pinned_flags(flags) != before


def test_a_model_that_is_no_base_is_refused(models):
    (models / "1" / WEIGHTS_FILE).unlink()
    with pytest.raises(UsageError, match=f"no {WEIGHTS_FILE}; give --init a model that has it"):
        pinned_flags({"init": str(models / "latest")})
