"""The error that the components raise."""

from __future__ import annotations


class DatasetError(ValueError):
    """The dataset cannot be trained on; the message says what is wrong, where, and the cure."""
