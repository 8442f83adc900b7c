"""Tables as transcribe writes them, made by hand."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.query import main
from schemas.tables import TABLES


def whole_row(table: str, values: dict) -> dict:
    """Return a row with empty values in the columns that a test leaves out."""
    row = {}
    for field in TABLES[table]:
        is_list = pa.types.is_list(field.type)
        empty = [] if is_list else "" if field.type == pa.string() else 0
        row[field.name] = values.get(field.name, None if field.nullable else empty)
    return row


def page(uri: str, **columns) -> dict:
    """Return a row of `pages` for a page that was read."""
    return {"page_uri": uri, "status": "ok"} | columns


def write_run(folder: Path, run: dict, **rows: list[dict]) -> None:
    """Write the tables of one run in an archive.

    Args:
        folder: The archive.
        run: Columns of its row in `runs`, `run_id` among them.
        rows: Rows of `lines`, `pages` and `failures`, with only the columns that matter.
    """
    run_id = run["run_id"]
    for table in ("lines", "pages", "failures"):
        made = [whole_row(table, {"run_id": run_id} | row) for row in rows.get(table, [])]
        _write(folder / table / "collection=all" / f"{run_id}-00000.parquet", table, made)
    _write(folder / "runs" / f"{run_id}.parquet", "runs", [whole_row("runs", run)])


def _write(path: Path, table: str, rows: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=TABLES[table]), path)


def ask_recipe(folder: Path, recipe: str, *values: str) -> list[dict]:
    """Run a recipe on an archive and return its rows; values are those of `--set`."""
    flags = [flag for value in values for flag in ("--set", value)]
    with redirect_stdout(StringIO()) as out:
        paths = ["--transcripts", str(folder), "--format", "jsonl"]
        assert main([*paths, "--recipe", recipe, *flags]) == 0
    return [json.loads(line) for line in out.getvalue().splitlines()]
