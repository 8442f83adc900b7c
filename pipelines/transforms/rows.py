"""From records to rows of the tables."""

from __future__ import annotations

from collections.abc import Iterable

import apache_beam as beam

from schemas.records import Failure, PageDone, Polyline, Skipped, Transcript


class PageRows(beam.PTransform):
    """Make one row of `pages` of each page, from all that became of it."""

    def expand(self, records):
        outcomes, lines = records
        keyed = {
            "outcomes": outcomes | "Key outcomes" >> beam.WithKeys(lambda record: record.uri),
            "lines": lines | "Key lines" >> beam.WithKeys(_page_of),
        }
        return keyed | "Gather" >> beam.CoGroupByKey() | "Row" >> beam.MapTuple(_gathered_row)


def line_row(transcript: Transcript) -> dict:
    """Make the row of `lines` of a transcript."""
    line = transcript.line
    return {
        "page_uri": transcript.page_uri,
        "line_id": line.line_id,
        "line_index": line.index,
        "region_id": line.region_id,
        "text": transcript.text,
        "confidence": transcript.confidence,
        "characters": [
            {"text": character.text, "confidence": character.confidence}
            for character in transcript.characters
        ],
        "baseline": _points(line.baseline),
        "polygon": _points(line.polygon),
    }


def page_row(outcome: PageDone | Failure | Skipped, lines_ok: int, lines_failed: int) -> dict:
    """Make the row of `pages` of a page.

    Args:
        outcome: What became of the page.
        lines_ok: Lines that were read on it.
        lines_failed: Lines that failed on it.

    Returns:
        Column to value.
    """
    row = {
        "page_uri": outcome.uri,
        "status": "skipped" if isinstance(outcome, Skipped) else "failed",
        "sha256": "",
        "width_px": 0,
        "height_px": 0,
        "lines_source": "",
        "lines_ok": lines_ok,
        "lines_failed": lines_failed,
    }
    if isinstance(outcome, PageDone):
        row |= {
            "status": "ok",
            "sha256": outcome.sha256,
            "width_px": outcome.width_px,
            "height_px": outcome.height_px,
            "lines_source": outcome.source,
        }
    return row


def _gathered_row(uri: str, records: dict[str, Iterable]) -> dict:
    (outcome,) = records["outcomes"]
    failed = [isinstance(record, Failure) for record in records["lines"]]
    return page_row(outcome, lines_ok=len(failed) - sum(failed), lines_failed=sum(failed))


def _page_of(record: Transcript | Failure) -> str:
    return record.uri if isinstance(record, Failure) else record.page_uri


def _points(polyline: Polyline) -> list[dict[str, float]]:
    return [{"x": x, "y": y} for x, y in polyline]
