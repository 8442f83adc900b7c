"""The lines of a training, read in any order.

TFRecord files hold page after page and collection after collection. A buffer of some thousand lines
does not mix collections: a network that is trained on one after the other forgets the first. So the
lines are copied into a file of their own, of which each epoch reads all in another order.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np

from schemas.features import decode_line, encode_line
from schemas.records import LineExample


class LineStore:
    """Lines in a file without a name, which is gone once the process ends.

    Args:
        folder: Folder on whose disk the file is; made if it is missing. The file is as large as the
            TFRecord files, and memory holds 8 bytes a line.
    """

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115
        self._ends = array("q", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def add(self, line: LineExample) -> None:
        """Add a line.

        Raises:
            ValueError: If the disk is full.
        """
        data = encode_line(line)
        try:
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            raise ValueError(
                f"{self._folder}: {error.strerror}; training needs space for a copy of its lines"
            ) from None
        self._ends.append(self._ends[-1] + len(data))

    def shuffled(self, seed: int, epoch: int) -> Iterator[LineExample]:
        """Read all lines in an order of its own for each epoch.

        Args:
            seed: Seed of the orders.
            epoch: Number of the epoch.

        Yields:
            Every line once; the same order for the same numbers.
        """
        for index in np.random.default_rng([seed, epoch]).permutation(len(self)):
            start, end = self._ends[index], self._ends[index + 1]
            self._file.seek(start)
            yield decode_line(self._file.read(end - start))
