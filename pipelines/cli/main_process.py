"""The main process of a run, which its workers watch; whether a process is there."""

from __future__ import annotations

import os

# Names it for the worker processes of Beam.
MAIN_PROCESS = "QUIRE_MAIN_PROCESS"


def is_running(pid: int) -> bool:
    """Return whether a process of this machine is running.

    Example:
        >>> is_running(os.getpid()), is_running(2**22 + 1)
        (True, False)
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # One that has ended, but whose parent has not asked for its status.
            return file.read().rpartition(b") ")[2][:1] not in (b"Z", b"X")
    except OSError:
        # There is no /proc.
        return True
