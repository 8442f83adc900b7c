"""What to say of a Parquet file that cannot be read."""

from __future__ import annotations


def damage_text(path: str, run_file: str) -> str:
    """Say that a file of the tables is damaged, and what to do.

    Args:
        path: The file.
        run_file: The file that vouches for it.
    """
    return (
        f"{path}: Parquet file is damaged or cut short; put it back from a copy, or delete "
        f"{run_file} and transcribe again: what that run read is then read again"
    )
