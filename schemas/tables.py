"""The Parquet tables that the pipelines write: lines, pages, failures, runs.

Every file carries `quire.schema_version` in its metadata. A column added at the end
raises the minor number; any other change raises the major one.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.pickled_types import refuse_pickled_types

# Whatever reads tables comes by here first.
refuse_pickled_types()

SCHEMA_VERSION = "2.5"

_POINTS = pa.list_(pa.struct([("x", pa.float32()), ("y", pa.float32())]))
_READINGS = pa.list_(pa.struct([("text", pa.string()), ("confidence", pa.float32())]))
_CHARACTERS = pa.list_(
    pa.struct([("text", pa.string()), ("confidence", pa.float32()), ("alternatives", _READINGS)])
)
_UTC = pa.timestamp("us", tz="UTC")


def _column(name: str, kind: pa.DataType, doc: str, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=nullable, metadata={"doc": doc})


_COMPACTION = _column(
    "compaction", pa.string(), "compaction that wrote this row; null if its run did", True
)


def _table(*columns: pa.Field) -> pa.Schema:
    return pa.schema(columns, metadata={"quire.schema_version": SCHEMA_VERSION})


LINES = _table(
    _column("page_uri", pa.string(), "page image that the line is on"),
    _column("line_id", pa.string(), "identifier of the line, unique on its page"),
    _column("line_index", pa.int32(), "position in the page's reading order, from 0"),
    _column("region_id", pa.string(), "text region around the line; may be empty"),
    _column("text", pa.string(), "text that was read, NFC"),
    _column("confidence", pa.float32(), "mean probability of the characters, 0..1"),
    _column("confidence_min", pa.float32(), "lowest probability of a character, 0..1"),
    _column("confidence_sequence", pa.float32(), "probability of the text as a whole, 0..1"),
    _column("characters", _CHARACTERS, "each character, its probability and up to 3 alternatives"),
    _column("alternatives", _READINGS, "the next best texts of the line; may be empty"),
    _column("baseline", _POINTS, "baseline in pixels of the page image"),
    _column("polygon", _POINTS, "outline in pixels of the page image"),
    _column("contrast", pa.float32(), "contrast of ink and paper in the line image, 0..1"),
    _column("warnings", pa.list_(pa.string()), "possible problems of the line image"),
    _column("run_id", pa.string(), "run that read it"),
    _column("row", pa.int32(), "row in the table `region_id`, from 0; null if in none", True),
    _column("column", pa.int32(), "column in that table, from 0; null if in none", True),
    _column("line_type", pa.string(), "type that its description states; may be empty", True),
    _column("region_type", pa.string(), "type of its region, likewise; may be empty", True),
    _column("custom", pa.string(), "what else PAGE states in `custom`; may be empty", True),
    _column("direction", pa.string(), "stated base direction, 'ltr', 'rtl' or empty", True),
    _column("line_types", pa.list_(pa.string()), "all types of the line; may be empty", True),
    _column("region_types", pa.list_(pa.string()), "all types of its region, likewise", True),
    _column("region_custom", pa.string(), "`custom` of its region, as `custom`", True),
    _COMPACTION,
)

PAGES = _table(
    _column("page_uri", pa.string(), "identifier of the page: its file, or a IIIF canvas"),
    _column("address", pa.string(), "location of its image: the file, or an address on the web"),
    _column("document", pa.string(), "manifest or multi-page file that it is in; may be empty"),
    _column("place", pa.int32(), "position in the order of the document, from 0"),
    _column("label", pa.string(), "label of the page in the document; may be empty"),
    _column("canvas_width_px", pa.int32(), "width stated in the manifest; 0 if there is none"),
    _column("canvas_height_px", pa.int32(), "height stated in the manifest; 0 if there is none"),
    _column("status", pa.string(), "'ok', 'failed' or 'skipped'"),
    _column("reason", pa.string(), "why it was skipped; empty if it was not"),
    _column("sha256", pa.string(), "digest of the image file, hex; empty if not read"),
    _column("lines_sha256", pa.string(), "digest of the file with its lines; may be empty"),
    _column("width_px", pa.int32(), "width of the image in pixels; 0 if not read"),
    _column("height_px", pa.int32(), "height of the image in pixels; 0 if not read"),
    _column("dpi", pa.float32(), "resolution stated in the file; null if it states none", True),
    _column("lines_source", pa.string(), "'alto', 'page', 'finder' or 'whole'"),
    _column("lines_ok", pa.int32(), "lines in table `lines`"),
    _column("lines_failed", pa.int32(), "lines in table `failures`"),
    _column("contrast", pa.float32(), "contrast of ink and paper, 0..1; null if not read", True),
    _column("skew_deg", pa.float32(), "median slope of the lines; null if unknown", True),
    _column("blur", pa.float32(), "blur from 0, sharp, to 1; null if not read", True),
    _column("warnings", pa.list_(pa.string()), "possible problems of the image"),
    _column("confidence", pa.float32(), "mean of its characters, 0..1; null if no text", True),
    _column("cer_estimate", pa.float32(), "estimated CER; null if there is no estimate", True),
    _column("seconds", pa.float32(), "time spent on it"),
    _column("run_id", pa.string(), "run that processed it"),
    _column("file_sha256", pa.string(), "digest of the multi-page file that it is in, hex", True),
    _column("ink_unread", pa.float32(), "share of its ink outside the lines read, 0..1", True),
    _column("change", pa.string(), "why this row was written: see `schemas/changes.py`", True),
    _column("moved_from", pa.string(), "page with an equal image that was read instead", True),
    _column("read_run_id", pa.string(), "run whose lines hold again; null for its own", True),
    _COMPACTION,
    _column("language", pa.string(), "language of the model it was searched with", True),
)

FAILURES = _table(
    _column("uri", pa.string(), "page, or file that should have led to one"),
    _column("line_id", pa.string(), "line that failed; empty if the whole page failed"),
    _column("stage", pa.string(), "step that failed: pair, read, find, crop, recognise, write"),
    _column("error", pa.string(), "what is wrong, and how to correct it"),
    _column("attempts", pa.int32(), "number of attempts"),
    _column("kind", pa.string(), "'permanent', or 'transient': may succeed in a later run"),
    _column("run_id", pa.string(), "run in which it failed; empty for ingest"),
    _COMPACTION,
)

RUNS = _table(
    _column("run_id", pa.string(), "start time, UTC, and a random suffix; sorts by start time"),
    _column("command", pa.string(), "command: transcribe, ingest, lines, export, compact, forget"),
    _column("status", pa.string(), "'complete', or 'interrupted': a later run continued it"),
    _column("code_version", pa.string(), "version of Quire"),
    _column("flags", pa.string(), "all flags as a JSON object"),
    _column("model_digest", pa.string(), "digest of the model bundle; empty for ingest"),
    _column("preprocess_digest", pa.string(), "digest of all that determines the line images"),
    _column("decoding", pa.string(), "decoding method, and why if it is a fallback; may be empty"),
    _column("started", _UTC, "start of the run, UTC"),
    _column("finished", _UTC, "end of the run, UTC"),
    _column("pages_in", pa.int64(), "pages found in the input"),
    _column("pages_ok", pa.int64(), "pages read"),
    _column("pages_failed", pa.int64(), "pages with a row in `failures`"),
    _column("pages_skipped", pa.int64(), "files skipped on purpose"),
    _column("pages_unchanged", pa.int64(), "of those, pages that an earlier run has read"),
    _column("lines_in", pa.int64(), "lines on the pages that were read"),
    _column("lines_ok", pa.int64(), "lines written"),
    _column("lines_failed", pa.int64(), "lines with a row in `failures`"),
    _column("lines_dropped", pa.int64(), "training lines left out: another split has them, too"),
    _column(
        "calibration", pa.string(), "what `cer_estimate` was fitted on; null for nothing", True
    ),
    _column("model", pa.string(), "folder of the model; 'default' for the bundled one", True),
    _column("root", pa.string(), "folder that the names of local pages start from", True),
    _column("listed", pa.string(), "names of what it listed, a regular expression a line", True),
    _column("root_name", pa.string(), "start of those names; null unless --root was given", True),
    _column("pages_new", pa.int64(), "pages that no earlier run had", True),
    _column("pages_changed", pa.int64(), "pages whose image or given lines changed", True),
    _column("pages_again", pa.int64(), "unchanged pages read by another model or finder", True),
    _column("pages_renamed", pa.int64(), "pages that have another name than before", True),
    _column("pages_restored", pa.int64(), "pages of which an older reading holds again", True),
    _column("pages_back", pa.int64(), "pages that were gone and are there again", True),
    _column("pages_gone", pa.int64(), "pages that were no longer in the input", True),
    _COMPACTION,
    _column("files", pa.string(), "files it wrote, a line each: size in bytes, path", True),
)

TABLES = {"lines": LINES, "pages": PAGES, "failures": FAILURES, "runs": RUNS}
