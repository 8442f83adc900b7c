"""`quire` with locks in buckets that expire after seconds, so that a test need not wait."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from pipelines.cli.console import main
from pipelines.cli.interruption import is_interrupted
from pipelines.files import bucket_lock
from pipelines.transcription import read_pages

# As `tests.slurm.gated`: the second page waits until this file exists; empty for no wait.
GATE = os.environ.get("GATE", "")
_deadly_error = read_pages.deadly_error
_asked: list[str] = []


def _gated(uri: str, deadly: tuple[str, ...]) -> str:
    if uri not in _asked:
        _asked.append(uri)
    if len(_asked) > 1 and not Path(GATE).exists():
        Path(f"{GATE}.{os.getpid()}").touch()
        while not Path(GATE).exists() and not is_interrupted():
            time.sleep(0.05)
    return _deadly_error(uri, deadly)


if __name__ == "__main__":
    bucket_lock.EXPIRES_S, bucket_lock._RENEWED_S = 12.0, 1.0
    if GATE:
        read_pages.deadly_error = _gated
    sys.exit(main(sys.argv[1:]))
