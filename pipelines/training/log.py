"""The output of a training run: its steps and warnings, without TFX's progress messages."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Logged by TFX's LocalDagRunner through absl.
_STEP_MESSAGE = "Component %s is running."
_CACHE_MESSAGE = "A cached execution %d is used."
# Warnings about the internals of TFX that every run logs.
_NOISE = (
    "ArtifactQuery.property_predicate is not supported",
    "From %s: %s (from %s) is deprecated",
    "Fallback to non-ZetaSQL",
)
_QUIET_LOGGERS = ("absl", "tensorflow", "apache_beam")


class StepPrinter(logging.Handler):
    """Print each component's name as it starts, and whether its result came from the cache.

    Attributes:
        step: The component that started last; empty before the first.
    """

    def __init__(self):
        super().__init__(logging.INFO)
        self.step = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a step; ignore all other records."""
        if record.msg == _STEP_MESSAGE and record.args:
            self.step = str(record.args[0])
            print(f"{self.step} ...", flush=True)
        elif record.msg == _CACHE_MESSAGE:
            print(f"{self.step}: nothing has changed, the result of an earlier run is used")


def is_relevant(record: logging.LogRecord) -> bool:
    """Return whether a record is not one of the warnings that every run logs."""
    return not str(record.msg).startswith(_NOISE)


@contextmanager
def training_log() -> Iterator[StepPrinter]:
    """Print only steps, warnings and errors while the context lasts.

    Yields:
        The handler that prints the steps and knows the current one.
    """
    # absl is installed with TFX; this module is also imported without it.
    from absl import logging as absl_logging

    steps = StepPrinter()
    warnings = logging.StreamHandler(sys.stderr)
    warnings.setLevel(logging.WARNING)
    warnings.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    warnings.addFilter(is_relevant)
    loggers = [logging.getLogger(name) for name in _QUIET_LOGGERS]
    before = [(logger, logger.handlers, logger.level, logger.propagate) for logger in loggers]
    verbosity = absl_logging.get_verbosity()
    for logger in loggers:
        logger.handlers, logger.propagate = [warnings], False
        logger.setLevel(logging.WARNING)
    logging.getLogger("absl").handlers = [steps, warnings]
    # TensorFlow now and then resets the level to the verbosity that absl has stored.
    absl_logging.set_verbosity(absl_logging.INFO)
    try:
        yield steps
    finally:
        absl_logging.set_verbosity(verbosity)
        for logger, handlers, level, propagate in before:
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)
