"""The views as scripts for other engines, which read the Parquet files themselves."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator

import pyarrow as pa

from pipelines.transcripts.views import TABLE_NAMES, VIEWS
from schemas.records import SkipReason
from schemas.tables import TABLES

_BACKSLASH = "\\"
_STORED = ("runs", *TABLE_NAMES)
_NAMES = "|".join([*VIEWS, *(f"stored_{table}" for table in _STORED)])

# Names of types by engine.
_DUCKDB = {
    pa.string(): "VARCHAR", pa.int32(): "INTEGER", pa.int64(): "BIGINT", pa.float32(): "FLOAT",
    pa.list_(pa.string()): "VARCHAR[]",
}  # fmt: skip
_SPARK = {
    pa.string(): "STRING", pa.int32(): "INT", pa.int64(): "BIGINT", pa.float32(): "FLOAT",
}  # fmt: skip
_BIGQUERY = {
    pa.string(): "STRING", pa.int32(): "INT64", pa.int64(): "INT64", pa.float32(): "FLOAT64",
}  # fmt: skip


def _type(kind: pa.DataType, names: dict[pa.DataType, str], colon: str) -> str:
    if pa.types.is_list(kind):
        return f"ARRAY<{_type(kind.value_type, names, colon)}>"
    if pa.types.is_struct(kind):
        fields = ", ".join(f"{one.name}{colon} {_type(one.type, names, colon)}" for one in kind)
        return f"STRUCT<{fields}>"
    return "TIMESTAMP" if pa.types.is_timestamp(kind) else names[kind]


def _columns(table: str, names: dict[pa.DataType, str], colon: str = "") -> str:
    """Return the columns of a table with their types, `row` and `column` in quotes."""
    columns = [f"`{field.name}` {_type(field.type, names, colon)}" for field in TABLES[table]]
    return ",\n  ".join(columns)


def _duckdb(folder: str) -> Iterator[str]:
    yield "-- DuckDB: duckdb -init FILE, or connection.execute(TEXT) in Python.\n"
    for table in _STORED:
        every = f"read_parquet({quoted(_files(folder, table))}, union_by_name = true"
        hive = ", hive_partitioning = true, hive_types = {'collection': VARCHAR}"
        # Files of older versions lack the columns that were added since.
        later = [field for field in TABLES[table] if field.nullable and field.type in _DUCKDB]
        columns = ", ".join(map(null_column, later))
        nulls = textwrap.fill(columns, 95, initial_indent="    ", subsequent_indent="    ")
        yield (
            f"CREATE OR REPLACE VIEW stored_{table} AS\n"
            f"SELECT * FROM {every}{hive if table != 'runs' else ''})\n"
            f"UNION ALL BY NAME SELECT\n{nulls}\nWHERE false;\n"
        )
    for name, sql in VIEWS.items():
        yield f"CREATE OR REPLACE VIEW {name} AS\n{sql};\n"


def _spark(folder: str) -> Iterator[str]:
    yield "-- Spark: spark-sql -f FILE, or spark.sql(...) of each statement.\n"
    for table in _STORED:
        path = quoted(f"{folder}/{table}", _BACKSLASH)
        partition = "" if table == "runs" else ",\n  `collection` STRING"
        yield (
            f"CREATE OR REPLACE TEMPORARY VIEW stored_{table} (\n"
            f"  {_columns(table, _SPARK, ':')}{partition}\n"
            f") USING parquet OPTIONS (path {path});\n"
        )
    for name, sql in VIEWS.items():
        yield f"CREATE OR REPLACE TEMPORARY VIEW {name} AS\n{sql};\n"


def _bigquery(folder: str) -> Iterator[str]:
    yield "-- BigQuery: replace DATASET; the tables must lie in a bucket (gs://).\n"
    for table in _STORED:
        is_split = table != "runs"
        partition = "WITH PARTITION COLUMNS (`collection` STRING)\n" if is_split else ""
        prefix = f",\n  hive_partition_uri_prefix = '{folder}/{table}'" if is_split else ""
        yield (
            f"CREATE OR REPLACE EXTERNAL TABLE DATASET.stored_{table} (\n"
            f"  {_columns(table, _BIGQUERY)}\n)\n{partition}OPTIONS (\n"
            f"  format = 'PARQUET',\n  uris = ['{folder}/{table}/*.parquet'],\n"
            f"  enable_list_inference = true{prefix}\n);\n"
        )
    for name, sql in VIEWS.items():
        qualified = re.sub(rf"\b(FROM|JOIN) ({_NAMES})\b", r"\1 DATASET.\2", sql)
        yield f"CREATE OR REPLACE VIEW DATASET.{name} AS\n{qualified};\n"


def _polars(folder: str) -> Iterator[str]:
    yield (
        "# Polars: tables.execute('SELECT ...', eager=True) asks the views.\n"
        "import polars as pl\n\n"
        "tables = pl.SQLContext()\n"
    )
    for table in _STORED:
        fields = "".join(f"    {one.name!r}: {_polars_type(one.type)},\n" for one in TABLES[table])
        # Files of older versions lack the columns that were added since.
        how = "schema=schema, missing_columns='insert'"
        if table != "runs":
            how += ", hive_partitioning=True, hive_schema={'collection': pl.String}"
        yield (
            f"schema = {{\n{fields}}}\n"
            f"rows = pl.scan_parquet({_files(folder, table)!r}, {how})\n"
            f"tables.register('stored_{table}', rows)\n"
        )
    for name, sql in VIEWS.items():
        yield f'tables.register("{name}", tables.execute("""\n{sql}\n"""))\n'


def _polars_type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"pl.List({_polars_type(kind.value_type)})"
    if pa.types.is_struct(kind):
        return f"pl.Struct({{{', '.join(f'{f.name!r}: {_polars_type(f.type)}' for f in kind)}}})"
    names = {pa.string(): "String", pa.int32(): "Int32", pa.int64(): "Int64"}
    is_time = pa.types.is_timestamp(kind)
    return "pl.Datetime('us', 'UTC')" if is_time else f"pl.{names.get(kind, 'Float32')}"


_PANDAS = """\
# pandas: runs, pages, gone, lines and failures as DataFrames. All rows are read into memory.
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

FOLDER = {folder!r}
LATER = {later!r}
GONE = {gone!r}


def stored(table):
    rows = []
    for path in sorted(Path(FOLDER, table).glob("**/*.parquet")):
        frame = pq.ParquetFile(path).read().to_pandas()
        # Files of older versions lack the columns that were added since.
        missing = [name for name in LATER[table] if name not in frame]
        frame = frame.assign(**dict.fromkeys(missing), collection=path.parent.name.split("=")[-1])
        rows.append(frame)
    frame = pd.concat(rows, ignore_index=True)
    return frame.assign(writer=frame["compaction"].fillna(""))


def every(table):
    return stored(table).merge(runs[["run_id", "writer"]], on=["run_id", "writer"])


def newest(rows, name):
    return rows.groupby(name)["run_id"].max()


runs = stored("runs").sort_values("writer", kind="stable").drop_duplicates("run_id", keep="last")
all_pages, all_lines, all_failures = every("pages"), every("lines"), every("failures")

# A document that cannot be opened is a failed page, until a run opens it and finds its pages.
there = all_pages[all_pages["reason"] != GONE]
opened = all_pages["page_uri"].map(newest(there, "document"))
is_failed = all_pages["status"] == "failed"
shown = all_pages[~(is_failed & opened.notna() & (all_pages["run_id"] < opened.fillna("")))]
states = pd.DataFrame(
    {{
        "last": newest(shown, "page_uri"),
        "reading": newest(shown[shown["status"] == "ok"], "page_uri"),
        "gone": newest(shown[shown["reason"] == GONE], "page_uri"),
        "lost": newest(shown[shown["change"] == "gone"], "page_uri"),
    }}
)
states["run_id"] = states["reading"].fillna(states["last"])
chosen = shown.merge(states.rename_axis("page_uri").reset_index(), on=["page_uri", "run_id"])
pages = chosen[chosen["gone"].isna() | (chosen["gone"].fillna("") < chosen["last"])]
gone = chosen[chosen["lost"] == chosen["last"]]

readings = pages.assign(run_id=pages["read_run_id"].fillna(pages["run_id"]))
readings = readings[["page_uri", "run_id"]]
lines = all_lines.merge(readings, on=["page_uri", "run_id"])
last = pd.concat(
    [
        all_pages[["page_uri", "run_id"]],
        there[["document", "run_id"]].rename(columns={{"document": "page_uri"}}),
    ]
)
failing = pd.concat([newest(last, "page_uri").reset_index(), readings]).drop_duplicates()
failures = all_failures.merge(failing.rename(columns={{"page_uri": "uri"}}), on=["uri", "run_id"])
"""


def _pandas(folder: str) -> Iterator[str]:
    later = {table: [one.name for one in TABLES[table] if one.nullable] for table in _STORED}
    yield _PANDAS.format(folder=folder, later=later, gone=SkipReason.GONE.value)


ENGINES: dict[str, Callable[[str], Iterator[str]]] = {
    "duckdb": _duckdb,
    "spark": _spark,
    "bigquery": _bigquery,
    "polars": _polars,
    "pandas": _pandas,
}


def views_script(engine: str, folder: str) -> str:
    """Return a script that makes the views over the tables in a folder, without Quire.

    Args:
        engine: One of `ENGINES`.
        folder: Folder that transcribe wrote.
    """
    return "\n".join(ENGINES[engine](folder.rstrip("/")))


def _files(folder: str, table: str) -> str:
    return f"{folder}/{table}/*.parquet" if table == "runs" else f"{folder}/{table}/*/*.parquet"


def null_column(field: pa.Field) -> str:
    """Return a column in DuckDB's SQL that is null in each row.

    Example:
        >>> null_column(pa.field("row", pa.int32()))
        'NULL::INTEGER AS "row"'
    """
    return f'NULL::{_duckdb_type(field.type)} AS "{field.name}"'


def _duckdb_type(kind: pa.DataType) -> str:
    """Return the name of a type in DuckDB's SQL.

    Example:
        >>> _duckdb_type(pa.list_(pa.struct([("text", pa.string())])))
        'STRUCT("text" VARCHAR)[]'
    """
    if pa.types.is_list(kind):
        return f"{_duckdb_type(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        fields = (kind.field(index) for index in range(kind.num_fields))
        parts = (f'"{field.name}" {_duckdb_type(field.type)}' for field in fields)
        return f"STRUCT({', '.join(parts)})"
    return _DUCKDB[kind]


def quoted(text: str, escape: str = "'") -> str:
    """Return a text as a literal of SQL.

    Args:
        text: The text.
        escape: What stands before a quotation mark in it.

    Example:
        >>> quoted("d'Artagnan")
        "'d''Artagnan'"
    """
    quoted = text.replace("\\", "\\\\") if escape == "\\" else text
    return "'" + quoted.replace("'", f"{escape}'") + "'"


PAGE = f"""\
# The views without Quire

The tables are Parquet files, which other engines read. `lines/collection=NAME/*.parquet` has the
rows of all runs, also of runs that were killed, of older readings and, for a moment, rows that a
compaction has written anew; the views leave those out. This command prints a script that makes them
for DuckDB, Spark, BigQuery, Polars or pandas:

```sh
python -m pipelines.query --transcripts out/transcripts --print_views duckdb > views.sql
```

For each engine the script begins with the files (`stored_runs`, `stored_lines`, `stored_pages`,
`stored_failures`); the views upon them are the same SQL. For pandas it is Python. Tests compare
what DuckDB, pandas, Polars and Spark give with what `pipelines.query` gives, where they are
installed; BigQuery was not tried. A single `SELECT` on the files counts pages several times.

For DuckDB:

```sql
{views_script("duckdb", "out/transcripts").strip()}
```
"""
