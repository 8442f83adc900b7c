"""The Parquet tables that the pipelines write: lines, pages, failures, runs.

Every file carries `quire.schema_version` in its metadata. A column added at the end
raises the minor number; any other change raises the major one.
"""

from __future__ import annotations

import pyarrow as pa

SCHEMA_VERSION = "1.1"

_POINTS = pa.list_(pa.struct([("x", pa.float32()), ("y", pa.float32())]))
_CHARACTERS = pa.list_(pa.struct([("text", pa.string()), ("confidence", pa.float32())]))
_UTC = pa.timestamp("us", tz="UTC")


def _column(name: str, kind: pa.DataType, doc: str, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=nullable, metadata={"doc": doc})


def _table(*columns: pa.Field) -> pa.Schema:
    return pa.schema(columns, metadata={"quire.schema_version": SCHEMA_VERSION})


LINES = _table(
    _column("page_uri", pa.string(), "page image that the line is on"),
    _column("line_id", pa.string(), "identifier of the line, unique on its page"),
    _column("line_index", pa.int32(), "place in the page's reading order, from 0"),
    _column("region_id", pa.string(), "text region around the line; may be empty"),
    _column("text", pa.string(), "what was read, NFC"),
    _column("confidence", pa.float32(), "mean probability of the characters, 0..1"),
    _column("characters", _CHARACTERS, "each character with its probability, 0..1"),
    _column("baseline", _POINTS, "baseline in pixels of the page image"),
    _column("polygon", _POINTS, "outline in pixels of the page image"),
)

PAGES = _table(
    _column("page_uri", pa.string(), "the page image"),
    _column("status", pa.string(), "'ok', 'failed' or 'skipped'"),
    _column("sha256", pa.string(), "digest of the image file, hex; empty if not read"),
    _column("width_px", pa.int32(), "width of the image in pixels; 0 if not read"),
    _column("height_px", pa.int32(), "height of the image in pixels; 0 if not read"),
    _column("lines_source", pa.string(), "'alto', 'page', 'finder' or 'whole'"),
    _column("lines_ok", pa.int32(), "lines in table `lines`"),
    _column("lines_failed", pa.int32(), "lines in table `failures`"),
)

FAILURES = _table(
    _column("uri", pa.string(), "page, or file that should have led to one"),
    _column("line_id", pa.string(), "line that failed; empty where the whole page did"),
    _column("stage", pa.string(), "step that failed: pair, read, find, crop, recognise, write"),
    _column("error", pa.string(), "what, which one, and the cure"),
)

RUNS = _table(
    _column("run_id", pa.string(), "start time and a random tail"),
    _column("command", pa.string(), "the verb: ingest, transcribe, lines or export"),
    _column("code_version", pa.string(), "version of Quire"),
    _column("flags", pa.string(), "all flags as a JSON object"),
    _column("model_digest", pa.string(), "digest of the model bundle; empty for ingest"),
    _column("started", _UTC, "start of the run, UTC"),
    _column("finished", _UTC, "end of the run, UTC"),
    _column("pages_in", pa.int64(), "pages found in the input"),
    _column("pages_ok", pa.int64(), "pages read"),
    _column("pages_failed", pa.int64(), "pages with a row in `failures`"),
    _column("pages_skipped", pa.int64(), "pages left out on purpose"),
    _column("lines_in", pa.int64(), "lines on the pages that were read"),
    _column("lines_ok", pa.int64(), "lines written"),
    _column("lines_failed", pa.int64(), "lines with a row in `failures`"),
    _column("lines_dropped", pa.int64(), "training lines that stand in another split too"),
)

TABLES = {"lines": LINES, "pages": PAGES, "failures": FAILURES, "runs": RUNS}
