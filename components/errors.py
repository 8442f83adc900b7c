"""What our components raise."""

from __future__ import annotations


class DatasetError(ValueError):
    """The dataset cannot be trained on; the message says what, which, and the cure."""
