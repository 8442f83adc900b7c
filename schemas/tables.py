"""The Parquet tables that the pipelines write: lines, pages, failures, runs.

Every file carries `quire.schema_version` in its metadata. A column added at the end
raises the minor number; any other change raises the major one.
"""

from __future__ import annotations

import pyarrow as pa

SCHEMA_VERSION = "2.1"

_POINTS = pa.list_(pa.struct([("x", pa.float32()), ("y", pa.float32())]))
_READINGS = pa.list_(pa.struct([("text", pa.string()), ("confidence", pa.float32())]))
_CHARACTERS = pa.list_(
    pa.struct([("text", pa.string()), ("confidence", pa.float32()), ("alternatives", _READINGS)])
)
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
    _column("confidence_min", pa.float32(), "least probability of a character, 0..1"),
    _column("confidence_sequence", pa.float32(), "probability of the text as a whole, 0..1"),
    _column("characters", _CHARACTERS, "each character with its probability and up to 3 others"),
    _column("alternatives", _READINGS, "the next best readings of the line; may be empty"),
    _column("baseline", _POINTS, "baseline in pixels of the page image"),
    _column("polygon", _POINTS, "outline in pixels of the page image"),
    _column("contrast", pa.float32(), "of ink and paper in the line's image, 0..1"),
    _column("warnings", pa.list_(pa.string()), "what may be wrong with the line's image"),
    _column("run_id", pa.string(), "the run that read it"),
)

PAGES = _table(
    _column("page_uri", pa.string(), "the page image"),
    _column("address", pa.string(), "where its image is: the file, or an address of the web"),
    _column("document", pa.string(), "the manifest or file of several pages; may be empty"),
    _column("place", pa.int32(), "place in the order of the document, from 0"),
    _column("label", pa.string(), "what the document calls it; may be empty"),
    _column("canvas_width_px", pa.int32(), "width that a manifest gives it; 0 where none does"),
    _column("canvas_height_px", pa.int32(), "height that a manifest gives it; 0 where none does"),
    _column("status", pa.string(), "'ok', 'failed' or 'skipped'"),
    _column("reason", pa.string(), "why it was skipped; else empty"),
    _column("sha256", pa.string(), "digest of the image file, hex; empty if not read"),
    _column("lines_sha256", pa.string(), "digest of the file that gave its lines; may be empty"),
    _column("width_px", pa.int32(), "width of the image in pixels; 0 if not read"),
    _column("height_px", pa.int32(), "height of the image in pixels; 0 if not read"),
    _column(
        "dpi", pa.float32(), "resolution that the file states; null where it states none", True
    ),
    _column("lines_source", pa.string(), "'alto', 'page', 'finder' or 'whole'"),
    _column("lines_ok", pa.int32(), "lines in table `lines`"),
    _column("lines_failed", pa.int32(), "lines in table `failures`"),
    _column("contrast", pa.float32(), "of ink and paper, 0..1; null if not read", True),
    _column("skew_deg", pa.float32(), "median slope of the lines; null if not known", True),
    _column("blur", pa.float32(), "0 sharp to 1; null if not read", True),
    _column("warnings", pa.list_(pa.string()), "what may be wrong with the image"),
    _column("confidence", pa.float32(), "mean of its characters, 0..1; null if no text", True),
    _column("cer_estimate", pa.float32(), "CER to be expected; null if not known", True),
    _column("seconds", pa.float32(), "time spent on it"),
    _column("run_id", pa.string(), "the run that dealt with it"),
    _column(
        "file_sha256", pa.string(), "digest of the file of several pages that it is in, hex", True
    ),
)

FAILURES = _table(
    _column("uri", pa.string(), "page, or file that should have led to one"),
    _column("line_id", pa.string(), "line that failed; empty where the whole page did"),
    _column("stage", pa.string(), "step that failed: pair, read, find, crop, recognise, write"),
    _column("error", pa.string(), "what, which one, and the cure"),
    _column("attempts", pa.int32(), "how often it was tried"),
    _column("kind", pa.string(), "'permanent', or 'transient': may go well another time"),
    _column("run_id", pa.string(), "the run that it failed in; empty for ingest"),
)

RUNS = _table(
    _column("run_id", pa.string(), "start time, UTC, and a random tail: sorted, runs are in order"),
    _column("command", pa.string(), "the verb: ingest, transcribe, lines or export"),
    _column("status", pa.string(), "'complete', or 'interrupted': a later run went on"),
    _column("code_version", pa.string(), "version of Quire"),
    _column("flags", pa.string(), "all flags as a JSON object"),
    _column("model_digest", pa.string(), "digest of the model bundle; empty for ingest"),
    _column("preprocess_digest", pa.string(), "digest of all that leads to line images"),
    _column("decoding", pa.string(), "how text was decoded, and what fell back; may be empty"),
    _column("started", _UTC, "start of the run, UTC"),
    _column("finished", _UTC, "end of the run, UTC"),
    _column("pages_in", pa.int64(), "pages found in the input"),
    _column("pages_ok", pa.int64(), "pages read"),
    _column("pages_failed", pa.int64(), "pages with a row in `failures`"),
    _column("pages_skipped", pa.int64(), "pages left out on purpose"),
    _column("pages_unchanged", pa.int64(), "of those, what an earlier run dealt with"),
    _column("lines_in", pa.int64(), "lines on the pages that were read"),
    _column("lines_ok", pa.int64(), "lines written"),
    _column("lines_failed", pa.int64(), "lines with a row in `failures`"),
    _column("lines_dropped", pa.int64(), "training lines that stand in another split too"),
)

TABLES = {"lines": LINES, "pages": PAGES, "failures": FAILURES, "runs": RUNS}
