"""`quire`, whose transcribe reads one page and waits at the second until a file exists.

So a test can stop a task in the middle, however fast the machine is.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from pipelines.cli.console import main
from pipelines.cli.interruption import is_interrupted
from pipelines.transcription import read_pages

GATE = Path(os.environ["GATE"])
_deadly_error = read_pages.deadly_error
_asked: list[str] = []


def _gated(uri: str, deadly: tuple[str, ...]) -> str:
    if uri not in _asked:
        _asked.append(uri)
    if len(_asked) > 1 and not GATE.exists():
        Path(f"{GATE}.{os.getpid()}").touch()
        while not GATE.exists() and not is_interrupted():
            time.sleep(0.05)
    return _deadly_error(uri, deadly)


if __name__ == "__main__":
    read_pages.deadly_error = _gated
    sys.exit(main(sys.argv[1:]))
