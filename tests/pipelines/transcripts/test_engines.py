"""The scripts of `--print_views` give what the views give, without Quire."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from pipelines.archive.folder import Archive
from pipelines.archive.rewrite import rewrite
from pipelines.query import main
from pipelines.transcripts.engines import ENGINES, views_script
from pipelines.transcripts.tables import open_tables
from pipelines.transcripts.views import VIEWS
from schemas.records import SkipReason
from tests.pipelines.written_tables import page, write_run

BEFORE = Path(__file__).parents[2] / "before" / "transcripts"
# What identifies a row.
KEYS = {
    "runs": ("run_id",),
    "lines": ("page_uri", "run_id", "line_id"),
    "pages": ("page_uri", "run_id"),
    "gone": ("page_uri", "run_id"),
    "failures": ("uri", "run_id", "line_id"),
}
KEYS |= {f"all_{table}": KEYS[table] for table in ("lines", "pages", "failures")}
RUNS = [f"2026010{day}T000000-000000-aaaaaa" for day in range(1, 5)]


def lines_of(*names: str) -> list[dict]:
    return [{"page_uri": name, "line_id": f"l{i}"} for name in names for i in (1, 2)]


def write_archive(folder: Path) -> None:
    """Write runs with each kind of row, and a compaction whose old files are still there."""
    pages = [page(name) for name in ("a.jpg", "b.jpg", "c.jpg")]
    pages += [page("x.pdf", status="failed"), page("d.jpg", status="failed")]
    failures = [{"uri": "x.pdf"}, {"uri": "d.jpg"}, {"uri": "a.jpg", "line_id": "l3"}]
    lines = lines_of("a.jpg", "b.jpg", "c.jpg")
    write_run(folder, {"run_id": RUNS[0]}, pages=pages, lines=lines, failures=failures)
    pages = [page("a.jpg"), page("x.pdf#page=1", document="x.pdf")]
    write_run(folder, {"run_id": RUNS[1]}, pages=pages, lines=lines_of("a.jpg", "x.pdf#page=1"))
    gone = {"status": "skipped", "reason": SkipReason.GONE}
    pages = [
        page("a.jpg", read_run_id=RUNS[0], change="restored"),
        page("b.jpg", change="gone", **gone),
        page("c.jpg", change="moved", **gone),
        page("c2.jpg", change="renamed", moved_from="c.jpg"),
    ]
    write_run(folder, {"run_id": RUNS[2]}, pages=pages, lines=lines_of("c2.jpg"))
    # A run that is not finished has no row in `runs`.
    write_run(folder, {"run_id": RUNS[3]}, pages=[page("a.jpg")], lines=lines_of("a.jpg"))
    (folder / "runs" / f"{RUNS[3]}.parquet").unlink()
    rewrite(Archive(str(folder)), "compact", {}, RUNS[:2])


def by_duckdb(script: str) -> dict[str, list]:
    connection = duckdb.connect()
    connection.execute(script)
    return {
        view: connection.sql(f"SELECT {', '.join(keys)} FROM {view}").fetchall()
        for view, keys in KEYS.items()
    }


def by_polars(script: str) -> dict[str, list]:
    pytest.importorskip("polars")
    names: dict = {}
    exec(compile(script, "<polars>", "exec"), names)  # noqa: S102
    return {
        view: names["tables"].execute(f"SELECT {', '.join(keys)} FROM {view}").collect().rows()
        for view, keys in KEYS.items()
    }


def by_pandas(script: str) -> dict[str, list]:
    pytest.importorskip("pandas")
    names: dict = {}
    exec(compile(script, "<pandas>", "exec"), names)  # noqa: S102
    return {
        view: [tuple(row) for row in names[view][list(keys)].itertuples(index=False)]
        for view, keys in KEYS.items()
    }


def by_spark(script: str) -> dict[str, list]:
    sql = pytest.importorskip("pyspark.sql")
    builder = sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.shuffle.partitions", "1").getOrCreate()
    try:
        for statement in script.split(";\n"):
            if statement.strip():
                session.sql(statement)
        asked = {view: f"SELECT {', '.join(keys)} FROM {view}" for view, keys in KEYS.items()}
        return {view: [*map(tuple, session.sql(sql).collect())] for view, sql in asked.items()}
    finally:
        session.stop()


RUNNERS = {"duckdb": by_duckdb, "polars": by_polars, "pandas": by_pandas, "spark": by_spark}


@pytest.mark.parametrize("tables", ["several runs", "an older version"])
@pytest.mark.parametrize("engine", RUNNERS)
def test_an_engine_gives_what_the_views_give(tmp_path, capsys, engine, tables):
    folder = BEFORE
    if tables == "several runs":
        folder = tmp_path / "it's out"
        write_archive(folder)
    assert main(["--transcripts", str(folder), "--print_views", engine]) == 0
    found = RUNNERS[engine](capsys.readouterr().out)
    connection = open_tables(str(folder))
    for view, keys in KEYS.items():
        wanted = connection.sql(f"SELECT {', '.join(keys)} FROM {view}").fetchall()
        assert sorted(found[view]) == sorted(wanted), view
    if tables == "several runs":
        names = [name for name, _ in found["pages"]]
        assert sorted(names) == ["a.jpg", "c2.jpg", "d.jpg", "x.pdf#page=1"]
        assert len(found["lines"]) == 2 + 2 + 2 and len(found["all_lines"]) == 6 + 4 + 2


def test_every_view_is_in_every_script():
    for engine in ENGINES:
        script = views_script(engine, "out")
        missing = [view for view in VIEWS if not re.search(rf"\b{view}\b", script)]
        assert missing == [], engine


def test_tables_have_their_dataset_in_bigquery():
    script = views_script("bigquery", "gs://b/out")
    names = set(re.findall(r"\b(?:FROM|JOIN) ([\w.]+)", script))
    own = {"shown", "states"}
    assert {name for name in names if not name.startswith("DATASET.")} <= own
    assert "uris = ['gs://b/out/lines/*.parquet']" in script
    assert "`characters` ARRAY<STRUCT<text STRING, confidence FLOAT64, " in script
