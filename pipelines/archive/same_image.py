"""How many new pages of a run have the image of another page."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pipelines.archive.state import EarlierPages
from pipelines.files.key_set import short_keys


class SameImages:
    """The images of the pages that a run found new or changed."""

    def __init__(self):
        self._fresh: list[np.ndarray] = [np.empty(0, np.int64)]
        self._left: list[np.ndarray] = [np.empty(0, np.int64)]

    def add(self, names: np.ndarray, images: np.ndarray) -> None:
        """Add pages that are new or changed.

        Args:
            names: Short keys of their names.
            images: Short keys of the digests of their images.
        """
        self._fresh.append(images)
        self._left.append(names)

    def leave(self, names: Iterable[str]) -> None:
        """Say that pages no longer have the images that the tables have of them."""
        self._left.append(short_keys(list(names)))

    def shared(self, state: EarlierPages) -> tuple[int, np.ndarray]:
        """Return how many of the pages share their image, and the short keys of those images.

        Args:
            state: What the tables say without this run.
        """
        fresh = np.concatenate(self._fresh)
        images, counts = np.unique(fresh, return_counts=True)
        is_left = np.isin(state.keys, np.concatenate(self._left))
        is_there = (state.read > 0) & state.is_image & ~state.is_gone & ~is_left
        is_shared = (counts > 1) | np.isin(images, state.images[is_there])
        return int(counts[is_shared].sum()), images[is_shared]
