"""What wrote the rows of a run: the run itself, or a compaction that rewrote them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable


def written_by(path: str) -> str:
    """Return the run or compaction that wrote a file of `lines`, `pages` or `failures`.

    Example:
        >>> written_by("out/lines/collection=all/20260101T000000-000000-aa-00001.parquet")
        '20260101T000000-000000-aa'
    """
    return posixpath.splitext(posixpath.basename(path))[0].rpartition("-")[0]


def writer_of(run: dict) -> str:
    """Return what wrote the rows of a run that count.

    Example:
        >>> writer_of({"run_id": "a", "compaction": "c"}), writer_of({"run_id": "b"})
        ('c', 'b')
    """
    return run.get("compaction") or run["run_id"]


def newest_rows(rows: Iterable[dict]) -> list[dict]:
    """Return the row of each run that the newest compaction wrote.

    Args:
        rows: Rows of all files of `runs`; of older files without the column `compaction`.

    Example:
        >>> newest_rows([{"run_id": "a", "compaction": "c"}, {"run_id": "a"}, {"run_id": "b"}])
        [{'run_id': 'a', 'compaction': 'c'}, {'run_id': 'b'}]
    """
    newest: dict[str, dict] = {}
    for row in rows:
        known = newest.setdefault(row["run_id"], row)
        if (row.get("compaction") or "") > (known.get("compaction") or ""):
            newest[row["run_id"]] = row
    return list(newest.values())
