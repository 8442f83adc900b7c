"""Beam pipelines and the command lines that start them."""

import logging
import os
import signal
import sys
import warnings

# Messages that libraries log on import and that the user of a command cannot act on: Google's
# about the Python version that TFX 1.16 needs, Beam's about its optional dependencies.
_NOISE = ("apitools not found", "Resource module is not available")

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
    os._exit(4)


# Importing takes seconds. Once a command runs, it decides what a signal does.
if _is_command():
    signal.signal(signal.SIGTERM, _stop)
