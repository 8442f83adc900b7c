"""Checkpoints, from which an interrupted training run resumes exactly where it stopped."""

from __future__ import annotations

import errno
import json
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

_FACTS = "facts"


def save_checkpoint(path: Path, groups: dict[str, Sequence], facts: dict) -> None:
    """Write arrays and facts to one file atomically.

    Args:
        path: The `.npz` file; an existing one is kept until the new one is complete.
        groups: Lists of arrays by name.
        facts: Values that JSON can hold.

    Raises:
        ValueError: If the disk is full; an existing file is left unchanged.
    """
    arrays = {
        f"{name}/{i}": np.asarray(array)
        for name, group in groups.items()
        for i, array in enumerate(group)
    }
    text = json.dumps({"facts": facts, "sizes": {name: len(groups[name]) for name in groups}})
    arrays[_FACTS] = np.frombuffer(text.encode(), np.uint8)
    unfinished = path.with_suffix(".unfinished")
    try:
        with open(unfinished, "wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ValueError(
                f"{path}: disk is full; make room and run again to resume from the last checkpoint"
            ) from error
        raise


def load_checkpoint(path: Path) -> tuple[dict[str, list[np.ndarray]], dict]:
    """Read a file that `save_checkpoint` wrote.

    Returns:
        The lists of arrays by name, and the facts.

    Raises:
        ValueError: If the file is not a checkpoint or is incomplete.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            head = json.loads(file[_FACTS].tobytes())
            groups = {
                name: [file[f"{name}/{i}"] for i in range(size)]
                for name, size in head["sizes"].items()
            }
            return groups, head["facts"]
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: not a complete checkpoint ({error}); delete it") from None


def find_run(
    path: Path, settings: str, what: str
) -> tuple[dict[str, list[np.ndarray]], dict] | None:
    """Load the checkpoint of an interrupted run, or create the folder for a new run.

    Args:
        path: Checkpoint of the run; its facts include `settings`.
        settings: Settings of the run that is to be resumed.
        what: Name of the training data in messages: 'lines' or 'pages'.

    Returns:
        The result of `load_checkpoint`; None if there is no checkpoint yet.

    Raises:
        ValueError: If the checkpoint is of another run, or is not valid.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        return None
    groups, facts = load_checkpoint(path)
    if facts["settings"] != settings:
        raise ValueError(
            f"{path.parent} holds a run with other flags or {what}; give those to resume it, "
            "or delete the folder"
        )
    return groups, facts
