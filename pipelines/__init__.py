"""Beam pipelines and the command lines that start them."""

import logging
import os
import signal
import sys
import warnings

# Messages that libraries log on import and that the user of a command cannot act on: Google's
# about the Python version that TFX 1.16 needs, Beam's about its optional dependencies.
_NOISE = ("apitools not found", "Resource module is not available")

# With what a command ends that a signal stops.
_STATUSES = {signal.SIGTERM: 4, signal.SIGINT: 130}

warnings.filterwarnings("ignore", category=FutureWarning, module=r"google\..*")
logging.getLogger().addFilter(lambda record: not str(record.msg).startswith(_NOISE))


def _is_command() -> bool:
    """Return whether this process runs a command, and is no program that imports Quire."""
    # `python -m` puts its own flag there until it has found the module.
    by_module = sys.argv[:1] == ["-m"] and any(a.startswith("pipelines.") for a in sys.orig_argv)
    by_script = os.path.basename(sys.argv[0] if sys.argv else "") in ("quire", "quire.exe")
    return by_module or by_script


def _stop(number: int, frame: object) -> None:
    """End at once: until a command runs, there is nothing to clean up."""
    os.write(2, b"interrupted\n")
    os._exit(_STATUSES[number])


# Importing takes seconds. Once a command runs, it decides what a signal does.
if _is_command():
    for _number in _STATUSES:
        # In the background of a script, Ctrl-C is ignored.
        if signal.getsignal(_number) != signal.SIG_IGN:
            signal.signal(_number, _stop)
