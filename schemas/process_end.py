"""How the process of a command ends: once, with the status that the command returned.

Libraries leave threads behind that free memory of Python. Where Python is torn down meanwhile, one
of them crashes the process, after "complete" and with another status. So what is registered for the
end is run, what was printed is flushed, and the process ends without being torn down.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

_CRASHED, _CTRL_C = 1, 130


def end_process(main: Callable[[], int]) -> NoReturn:
    """Run a command and end the process with its status.

    Args:
        main: The command; takes the arguments of the process and returns the exit status.
    """
    status = _status_of(main)
    # It has ended: who stops it now gets its status.
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(ValueError):
            signal.signal(number, signal.SIG_IGN)
    # What Python does, in its order, before it is torn down.
    for finish in (getattr(threading, "_shutdown", None), getattr(atexit, "_run_exitfuncs", None)):
        if finish is not None:
            with suppress(Exception):
                finish()
    for stream in (sys.stdout, sys.stderr):
        # Its reader may be gone, or there is none.
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(status)


def _status_of(main: Callable[[], int]) -> int:
    try:
        return _number(main())
    except SystemExit as ended:
        return _number(ended.code)
    except KeyboardInterrupt:
        with suppress(OSError, ValueError):
            print("interrupted", file=sys.stderr)
        return _CTRL_C
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return _CRASHED


def _number(status: object) -> int:
    """Return an exit status as Python takes what a program gives for it."""
    if status is None:
        return 0
    if isinstance(status, int):
        return status & 0xFF
    with suppress(OSError, ValueError):
        print(status, file=sys.stderr)
    return _CRASHED
