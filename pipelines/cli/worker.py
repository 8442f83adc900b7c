"""End a worker process of a local run once its main process is gone.

Beam imports this module in each worker process as it starts (`--beam_plugins`). A worker whose main
process was killed would wait for work for ever, with all that it holds in memory.
"""

from __future__ import annotations

import os
import threading
import time

from pipelines.cli.main_process import MAIN_PROCESS, is_running

_POLL_S = 1.0
_ORPHANED = 1


def _end_with(pid: int) -> None:
    while is_running(pid):
        time.sleep(_POLL_S)
    os._exit(_ORPHANED)


def end_with_main_process() -> None:
    """Watch the main process from a thread, if this is one of its workers."""
    pid = int(os.environ.get(MAIN_PROCESS, 0))
    if pid and pid != os.getpid():
        threading.Thread(target=_end_with, args=(pid,), name="orphan", daemon=True).start()


end_with_main_process()
