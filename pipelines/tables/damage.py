"""The error message for a damaged Parquet file."""

from __future__ import annotations


def damage_text(path: str, run_file: str) -> str:
    """Return the error message for a damaged file of the tables.

    Args:
        path: The file.
        run_file: The file of `runs` that marks its run, or several, as finished.
    """
    return (
        f"{path}: Parquet file is damaged or truncated; restore it from a copy, or delete "
        f"{run_file} and transcribe again, which reads the pages of its runs again"
    )
