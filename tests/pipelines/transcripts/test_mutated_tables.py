"""Whatever is wrong with a Parquet file, of an archive or of labels: read, or refused in one line.

    MUTATIONS=20000 python -m pytest tests/pipelines/transcripts/test_mutated_tables.py

looks for a long time.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.archive.folder import Archive
from pipelines.archive.state import read_state
from pipelines.cli.options import UsageError
from pipelines.formats.tables.hugging_face import read_hugging_face
from pipelines.query import main as query
from schemas.records import Failure, Page
from schemas.tables import TABLES
from tests.drawn import png, text_strip
from tests.pipelines.formats.memory_files import MemoryFiles
from tests.pipelines.written_tables import page, write_run

EXAMPLES = int(os.environ.get("MUTATIONS", "25"))
often = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
VALUES = (None, "", "x", "r-1", -1, 0, 2**31 - 1, 1.5, float("nan"), b"\xff", [], {"x": 1.0}, True)
KINDS = (
    pa.string(), pa.int32(), pa.int64(), pa.float32(), pa.binary(), pa.bool_(), pa.null(),
    pa.list_(pa.string()), pa.timestamp("us"), pa.large_string(),
    pa.dictionary(pa.int32(), pa.string()),
)  # fmt: skip


@st.composite
def mutated_table(draw, rows: pa.Table) -> bytes:
    """Draw a Parquet file with other columns, values, types or bytes than it should have."""
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, rows.num_columns - 1))
        name = rows.column_names[at]
        change = draw(st.sampled_from(("drop", "double", "rename", "type", "values", "order")))
        if change == "drop" and rows.num_columns > 1:
            rows = rows.remove_column(at)
        elif change == "double":
            rows = rows.append_column(draw(st.sampled_from((name, "more"))), rows.column(at))
        elif change == "rename":
            new = draw(st.sampled_from(("x", "run_id", "text", "collection", "RUN_ID", "a b'\"")))
            rows = rows.rename_columns([*rows.column_names[:at], new, *rows.column_names[at + 1 :]])
        elif change == "type":
            rows = rows.set_column(at, name, pa.nulls(len(rows), draw(st.sampled_from(KINDS))))
        elif change == "values":
            value = draw(st.sampled_from(VALUES))
            rows = rows.set_column(at, name, pa.array([value] * len(rows)))
        else:
            rows = pa.concat_tables([rows, rows.slice(0, draw(st.integers(0, len(rows))))])
    out = io.BytesIO()
    packed = draw(st.sampled_from(("zstd", "none", "snappy", "gzip")))
    pq.write_table(rows, out, compression=packed, row_group_size=draw(st.sampled_from((1, 99))))
    data = out.getvalue()
    damage = draw(st.sampled_from(("none", "none", "cut", "flip", "footer", "copy")))
    place = draw(st.integers(0, len(data) - 1))
    if damage == "footer":
        place = len(data) - 1 - draw(st.integers(0, min(len(data) - 1, 400)))
    if damage in ("flip", "footer"):
        return data[:place] + bytes([data[place] ^ draw(st.integers(1, 255))]) + data[place + 1 :]
    if damage == "cut":
        return data[:place]
    if damage == "copy":
        return data[:place] + data[4 : 4 + draw(st.integers(1, 40))] + data[place:]
    return data


def archive_in(folder: Path) -> None:
    """Write an archive of two runs."""
    for run_id in ("r-1", "r-2"):
        names = [f"{run_id}-{number}.jpg" for number in range(3)]
        points = [{"x": 1.0, "y": 2.0}]
        lines = [
            {"page_uri": one, "line_id": "l", "text": one, "baseline": points} for one in names
        ]
        failures = [{"uri": one, "line_id": "m", "error": one} for one in names]
        run = {"run_id": run_id, "flags": "{}", "command": "transcribe"}
        pages = [page(one, lines_ok=1, lines_failed=1, sha256=one) for one in names]
        write_run(folder, run, pages=pages, lines=lines, failures=failures)


def refusal(act: Callable[[], object], kind: type[Exception]) -> str:
    """Return why something is refused; empty if it is not."""
    try:
        act()
    except kind as error:
        return str(error)
    return ""


def ask(folder: str, sql: str) -> None:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = query(["--transcripts", folder, "--format", "jsonl", sql])
    said = err.getvalue()
    assert status in (0, 2), said
    assert "Traceback" not in said and said.count("\n") == (1 if status else 0), said


@often
@given(st.data())
def test_tables_of_an_archive(data):
    with TemporaryDirectory() as folder:
        archive_in(Path(folder))
        table = data.draw(st.sampled_from(sorted(TABLES)))
        (path,) = Path(folder).glob(f"{table}/**/r-1*.parquet")
        path.write_bytes(data.draw(mutated_table(pq.ParquetFile(path).read())))
        view = data.draw(st.sampled_from(sorted(TABLES)))
        ask(folder, f"SELECT * FROM {view}")
        said = refusal(lambda: read_state(Archive(folder)), UsageError)
        assert "\n" not in said and (not said or said.startswith(folder)), said


IMAGE = png(text_strip("abba"))
LABELS = pa.table(
    {
        "image": pa.array([{"bytes": IMAGE, "path": f"{n}.png"} for n in range(4)]),
        "text": [f"text {n}" for n in range(4)],
        "split": ["train", "test", None, "train"],
    }
)


@often
@given(mutated_table(LABELS))
def test_labels(data):
    files, records = MemoryFiles({"d/a.parquet": data}), []
    said = refusal(lambda: records.extend(read_hugging_face("d/a.parquet", files)), ValueError)
    assert "\n" not in said and (not said or "d/a.parquet" in said), said
    if said:
        return
    assert all(isinstance(one, (Page, Failure)) for one in records)
    assert all(one.error and "\n" not in one.error for one in records if isinstance(one, Failure))
    try:
        row_count = pq.ParquetFile(io.BytesIO(data)).metadata.num_rows
    except (pa.ArrowException, OSError):
        return
    assert len(records) == row_count or any(isinstance(one, Failure) for one in records)
