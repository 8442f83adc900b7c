"""The files of the tables that transcribe wrote, on a disk."""

from __future__ import annotations

from pathlib import Path


def runs_of(directory: str) -> dict[str, str]:
    """List the runs that are finished.

    Args:
        directory: What transcribe wrote.

    Returns:
        Run to the file of its row. That is written last: what no run vouches for may be cut short.
    """
    return {path.stem: str(path) for path in sorted(Path(directory, "runs").glob("*.parquet"))}


def files_of(directory: str, table: str) -> dict[str, str]:
    """List the files of a table.

    Args:
        directory: What transcribe wrote.
        table: 'lines', 'pages' or 'failures'.

    Returns:
        File to the run that wrote it, which is finished.
    """
    runs = runs_of(directory)
    found = sorted(Path(directory, table).glob("collection=*/*.parquet"))
    named = {str(path): path.stem.rpartition("-")[0] for path in found}
    return {path: run_id for path, run_id in named.items() if run_id in runs}
