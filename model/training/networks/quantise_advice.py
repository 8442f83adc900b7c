"""ONNX Runtime's advice about networks that are quantised, which does not concern these."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

# Written networks have their shapes, and nothing to optimise: preparing them changes nothing.
_ADVICE = ("Please consider to run pre-processing", "Please consider pre-processing")


@contextmanager
def without_advice() -> Iterator[None]:
    """Leave out in the context that networks should be prepared before they are quantised.

    Example:
        >>> with without_advice():
        ...     logging.warning("Please consider pre-processing before quantization.")
    """
    logger = logging.getLogger()
    logger.addFilter(_is_no_advice)
    try:
        yield
    finally:
        logger.removeFilter(_is_no_advice)


def _is_no_advice(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(_ADVICE)
