"""The error message for a damaged Parquet file."""

from __future__ import annotations


def damage_text(path: str, run_file: str, is_recorded: bool = False) -> str:
    """Return the error message for a damaged file of the tables.

    Args:
        path: The file.
        run_file: The file of `runs` that marks its run, or several, as finished.
        is_recorded: Whether its run recorded the file, so that it is missed when it is gone.
    """
    if is_recorded:
        return (
            f"{path}: Parquet file is damaged or truncated; restore it from a copy, or delete it "
            "and transcribe again, which reads its pages again"
        )
    return (
        f"{path}: Parquet file is damaged or truncated; restore it from a copy, or delete "
        f"{run_file} and transcribe again, which reads the pages of its runs again"
    )
