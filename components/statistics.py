"""What StatisticsGen counted, as plain data."""

from __future__ import annotations

from pathlib import Path

import tensorflow_data_validation as tfdv

_SPLIT_PREFIX = "Split-"
_STATISTICS_FILE = "FeatureStats.pb"


def count_lines(directory: str) -> dict[str, int]:
    """Read how many lines each split has.

    Args:
        directory: Of StatisticsGen's artifact `statistics`.

    Returns:
        Lines by split.
    """
    counts = {}
    for path in sorted(Path(directory).glob(f"{_SPLIT_PREFIX}*/{_STATISTICS_FILE}")):
        split = path.parent.name.removeprefix(_SPLIT_PREFIX)
        (dataset,) = tfdv.load_stats_binary(str(path)).datasets
        counts[split] = dataset.num_examples
    return counts
