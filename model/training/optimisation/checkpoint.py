"""Saving a training run so that it can go on exactly where it was cut off."""

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
    """Write arrays and facts as one file, whole or not at all.

    Args:
        path: The file, `.npz`; one that is there stays until the new one is whole.
        groups: Lists of arrays, by name.
        facts: Plain values.

    Raises:
        ValueError: If the disk is full; what was there before is still there.
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
                f"{path}: disk is full; make room and run again, training goes on from the "
                "last checkpoint"
            ) from error
        raise


def load_checkpoint(path: Path) -> tuple[dict[str, list[np.ndarray]], dict]:
    """Read what `save_checkpoint` wrote.

    Returns:
        The lists of arrays by name, and the facts.

    Raises:
        ValueError: If the file is none of ours or not whole.
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
        raise ValueError(f"{path}: no whole checkpoint ({error}); take it away") from None


def find_run(
    path: Path, settings: str, what: str
) -> tuple[dict[str, list[np.ndarray]], dict] | None:
    """Find the run that was cut off, or make the folder for a fresh one.

    Args:
        path: Its checkpoint, with a fact `settings`.
        settings: Those of the run that is to go on.
        what: What it learns from: 'lines', 'pages'.

    Returns:
        What `load_checkpoint` gives; None where there is no run yet.

    Raises:
        ValueError: If it is another run, or the checkpoint is none of ours.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        return None
    groups, facts = load_checkpoint(path)
    if facts["settings"] != settings:
        raise ValueError(
            f"{path.parent} holds a run with other flags or {what}; give those to go on "
            "with it, or take it away"
        )
    return groups, facts
