"""Checkpoints are written completely or not at all."""

import errno

import numpy as np
import pytest

from model.training.optimisation import checkpoint
from model.training.optimisation.checkpoint import load_checkpoint, save_checkpoint

GROUPS = {"model": [np.arange(6.0).reshape(2, 3), np.int32(4)], "optimizer": []}


def test_a_checkpoint_loads_as_saved(tmp_path):
    path = tmp_path / "last.npz"
    save_checkpoint(path, GROUPS, {"epoch": 3, "name": "é"})
    groups, facts = load_checkpoint(path)
    assert facts == {"epoch": 3, "name": "é"} and groups["optimizer"] == []
    assert all(map(np.array_equal, groups["model"], GROUPS["model"]))
    assert [file.name for file in tmp_path.iterdir()] == ["last.npz"]


def test_a_full_disk_keeps_the_previous_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "last.npz"
    save_checkpoint(path, GROUPS, {"epoch": 1})

    def fill(file, **arrays):
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint.np, "savez", fill)
    with pytest.raises(ValueError, match="disk is full; make room and run again"):
        save_checkpoint(path, GROUPS, {"epoch": 2})
    assert load_checkpoint(path)[1] == {"epoch": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["last.npz"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 truncated", b"\x93NUMPY"])
def test_a_file_that_is_no_checkpoint_is_reported(tmp_path, content):
    path = tmp_path / "last.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="last.npz: not a complete checkpoint"):
        load_checkpoint(path)


def test_nothing_is_unpickled(tmp_path):
    path = tmp_path / "last.npz"
    np.savez(path, facts=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="not a complete checkpoint"):
        load_checkpoint(path)
