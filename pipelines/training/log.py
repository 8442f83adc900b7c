"""What a training run says: its steps and its warnings, not TFX's diary."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Logged by TFX's LocalDagRunner through absl.
_STEP_MESSAGE = "Component %s is running."
_CACHE_MESSAGE = "A cached execution %d is used."
# Warnings about the inside of TFX that come with every run.
_NOISE = (
    "ArtifactQuery.property_predicate is not supported",
    "From %s: %s (from %s) is deprecated",
    "Fallback to non-ZetaSQL",
)
_QUIET_LOGGERS = ("absl", "tensorflow", "apache_beam")


class StepPrinter(logging.Handler):
    """Print each component's name as it starts, and whether it had anything to do.

    Attributes:
        step: The component that runs or ran last; empty before the first.
    """

    def __init__(self):
        super().__init__(logging.INFO)
        self.step = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a step; let everything else pass."""
        if record.msg == _STEP_MESSAGE and record.args:
            self.step = str(record.args[0])
            print(f"{self.step} ...", flush=True)
        elif record.msg == _CACHE_MESSAGE:
            print(f"{self.step}: nothing has changed, the result of an earlier run is used")


def is_worth_telling(record: logging.LogRecord) -> bool:
    """Tell warnings and errors from noise."""
    return not str(record.msg).startswith(_NOISE)


@contextmanager
def training_log() -> Iterator[StepPrinter]:
    """Print steps, warnings and errors only, for as long as the context lasts.

    Yields:
        Knows the step that runs.
    """
    # Comes with TFX; this module is imported without it too.
    from absl import logging as absl_logging

    steps = StepPrinter()
    warnings = logging.StreamHandler(sys.stderr)
    warnings.setLevel(logging.WARNING)
    warnings.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    warnings.addFilter(is_worth_telling)
    loggers = [logging.getLogger(name) for name in _QUIET_LOGGERS]
    before = [(logger, logger.handlers, logger.level, logger.propagate) for logger in loggers]
    verbosity = absl_logging.get_verbosity()
    for logger in loggers:
        logger.handlers, logger.propagate = [warnings], False
        logger.setLevel(logging.WARNING)
    logging.getLogger("absl").handlers = [steps, warnings]
    # TensorFlow sets the level anew now and then, to what absl remembers.
    absl_logging.set_verbosity(absl_logging.INFO)
    try:
        yield steps
    finally:
        absl_logging.set_verbosity(verbosity)
        for logger, handlers, level, propagate in before:
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)
