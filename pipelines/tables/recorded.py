"""What a run has done, recorded for a monitoring."""

from __future__ import annotations

from collections import Counter

import pyarrow.parquet as pq
from apache_beam.io.filesystems import FileSystems

from pipelines.cli.metrics import is_wanted, record_account
from pipelines.tables.account import Account


def record_run(account: Account, output: str, pattern: str = "failures/*.parquet") -> None:
    """Record the account of a run and its failures by stage, if a file of metrics is wanted.

    Args:
        account: Its account.
        output: Its output.
        pattern: Its files of the table `failures`, below the output.
    """
    if not is_wanted():
        return
    stages: Counter[str] = Counter()
    (match,) = FileSystems.match([f"{output}/{pattern}"])
    for metadata in match.metadata_list:
        with FileSystems.open(metadata.path) as file:
            for rows in pq.ParquetFile(file).iter_batches(columns=["stage"]):
                stages.update(rows["stage"].to_pylist())
    record_account(account.columns(), dict(sorted(stages.items())))
