"""The statistics of a dataset that StatisticsGen wrote."""

from __future__ import annotations

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx.dsl.io import fileio

from components.storage import join

_SPLIT_PREFIX = "Split-"
_STATISTICS_FILE = "FeatureStats.pb"


def read_statistics(directory: str) -> dict[str, statistics_pb2.DatasetFeatureStatisticsList]:
    """Read the statistics of each split.

    Args:
        directory: Directory of StatisticsGen's artifact `statistics`.

    Returns:
        Statistics by split.
    """
    folders = sorted(name.rstrip("/") for name in fileio.listdir(directory))
    return {
        folder.removeprefix(_SPLIT_PREFIX): tfdv.load_stats_binary(
            join(directory, folder, _STATISTICS_FILE)
        )
        for folder in folders
        if folder.startswith(_SPLIT_PREFIX)
    }


def count_lines(directory: str) -> dict[str, int]:
    """Read the number of lines of each split.

    Args:
        directory: Directory of StatisticsGen's artifact `statistics`.

    Returns:
        Number of lines by split.
    """
    return {
        split: statistics.datasets[0].num_examples
        for split, statistics in read_statistics(directory).items()
    }
