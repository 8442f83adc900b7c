"""Convert records to rows of the tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, chain

import pyarrow as pa

from pipelines.pages.records import PageResult, ReadLine
from schemas.records import Character, Failure, PageDone, PageSource, Polyline, Skipped


def page_row(result: PageResult, run_id: str) -> dict:
    """Return the row of a page in table `pages`.

    Args:
        result: The result of the page.
        run_id: Identifier of the run.

    Returns:
        Values by column.
    """
    outcome, quality = result.outcome, result.quality
    source = result.source or PageSource(outcome.uri, (outcome.uri,))
    done = outcome if isinstance(outcome, PageDone) else None
    return {
        "page_uri": outcome.uri,
        "address": source.addresses[0] if source.addresses else "",
        "document": source.document,
        "place": source.place,
        "label": source.label,
        "canvas_width_px": source.canvas_px[0],
        "canvas_height_px": source.canvas_px[1],
        "status": "ok" if done else "skipped" if isinstance(outcome, Skipped) else "failed",
        "reason": outcome.reason if isinstance(outcome, Skipped) else "",
        "sha256": getattr(outcome, "sha256", ""),
        "lines_sha256": getattr(outcome, "lines_sha256", ""),
        "width_px": done.width_px if done else 0,
        "height_px": done.height_px if done else 0,
        "dpi": result.dpi or None,
        "lines_source": done.source if done else "",
        "lines_ok": len(result.lines),
        "lines_failed": len(result.failures),
        "contrast": quality and quality.contrast,
        "skew_deg": quality and quality.skew_deg,
        "blur": quality and quality.blur,
        "warnings": list(quality.warnings()) if quality else [],
        "confidence": _mean_confidence(result.lines),
        "cer_estimate": result.cer_estimate,
        "seconds": result.seconds,
        "run_id": run_id,
        "file_sha256": getattr(outcome, "file_sha256", "") or None,
        "ink_unread": quality and quality.ink_unread,
        # Known only when the run is published.
        "change": None,
        "moved_from": None,
        "read_run_id": None,
        "compaction": None,
        "language": (quality and quality.language) or None,
    }


def line_row(line: ReadLine, run_id: str) -> dict:
    """Return the row of a line that was read in table `lines`."""
    transcript = line.transcript
    place = transcript.line
    return {
        "page_uri": transcript.page_uri,
        "line_id": place.line_id,
        "line_index": place.index,
        "region_id": place.region_id,
        "text": transcript.text,
        "confidence": transcript.confidence,
        "confidence_min": transcript.confidence_min,
        "confidence_sequence": transcript.confidence_sequence,
        "characters": list(map(_character, transcript.characters)),
        "alternatives": _readings(transcript.alternatives),
        "baseline": _points(place.baseline),
        "polygon": _points(place.polygon),
        "contrast": line.quality.contrast,
        "warnings": list(line.quality.warnings()),
        "run_id": run_id,
        "row": place.row,
        "column": place.column,
        "line_type": place.kind,
        "region_type": place.region_kind,
        "custom": place.custom,
        "direction": place.direction,
        "line_types": list(place.kinds),
        "region_types": list(place.region_kinds),
        "region_custom": place.region_custom,
        "compaction": None,
    }


def failure_row(failure: Failure, run_id: str = "") -> dict:
    """Return the row of a page or line that failed in table `failures`."""
    return {
        "uri": failure.uri,
        "line_id": failure.line_id,
        "stage": failure.stage,
        "error": failure.error,
        "attempts": failure.attempts,
        "kind": failure.kind,
        "run_id": run_id,
        "compaction": None,
    }


def _character(character: Character) -> dict:
    return {
        "text": character.text,
        "confidence": character.confidence,
        "alternatives": _readings(character.alternatives),
    }


def _readings(readings: Iterable[tuple[str, float]]) -> list[dict]:
    return [{"text": text, "confidence": confidence} for text, confidence in readings]


def _points(polyline: Polyline) -> list[dict[str, float]]:
    return [{"x": x, "y": y} for x, y in polyline]


def _mean_confidence(lines: Iterable[ReadLine]) -> float | None:
    read = [character for line in lines for character in line.transcript.characters]
    return sum(character.confidence for character in read) / len(read) if read else None


def table_of(rows: Sequence[dict], schema: pa.Schema) -> pa.Table:
    """Return a table of rows.

    Args:
        rows: Values by column, for every column of the schema; dictionaries for structs.
        schema: Schema of the table.

    Returns:
        The same table as `pyarrow.Table.from_pylist`.

    Example:
        >>> point = pa.struct([("x", pa.float32()), ("y", pa.float32())])
        >>> schema = pa.schema([("line", pa.list_(point))])
        >>> table_of([{"line": [{"x": 1, "y": 2}]}, {"line": []}], schema).to_pylist()
        [{'line': [{'x': 1.0, 'y': 2.0}]}, {'line': []}]
    """
    columns = [_array([row[field.name] for row in rows], field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def with_all_columns(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return rows with the columns that were added to the schema later, as nulls.

    Args:
        rows: Rows of an older minor version of the schema.
        schema: Current schema of the table.

    Example:
        >>> schema = pa.schema([("page_uri", pa.string()), ("dpi", pa.float32())])
        >>> old = pa.table({"page_uri": ["a.jpg"]})
        >>> with_all_columns(old, schema).to_pylist()
        [{'page_uri': 'a.jpg', 'dpi': None}]
    """
    for field in schema:
        if field.name not in rows.schema.names:
            rows = rows.append_column(field, pa.nulls(len(rows), field.type))
    return rows.select(schema.names).cast(schema)


def _array(values: Sequence, kind: pa.DataType) -> pa.Array:
    if pa.types.is_struct(kind):
        parts = [_array([value[field.name] for value in values], field.type) for field in kind]
        return pa.StructArray.from_arrays(parts, fields=list(kind))
    if pa.types.is_list(kind) and pa.types.is_struct(kind.value_type):
        ends = accumulate(map(len, values), initial=0)
        inner = _array(list(chain.from_iterable(values)), kind.value_type)
        return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), inner).cast(kind)
    return pa.array(values, kind)
