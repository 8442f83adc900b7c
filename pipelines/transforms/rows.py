"""From records to rows of the tables."""

from __future__ import annotations

from collections.abc import Iterable

import apache_beam as beam

from schemas.records import Failure, PageDone, Polyline, Skipped, Transcript


class PageRows(beam.PTransform):
    """Make one row of `pages` of each page, from all that became of it."""

    def expand(self, outcomes: dict[str, beam.PCollection]):
        # Of a line that was read only the fact is needed here, not its text.
        lines = outcomes["lines"] | "Of lines" >> beam.Map(lambda line: (line.page_uri, None))
        rest = (
            outcomes[name] | f"Key {name}" >> beam.WithKeys(lambda record: record.uri)
            for name in ("done", "failures", "skipped")
        )
        return (
            (lines, *rest)
            | "All" >> beam.Flatten()
            | "Gather" >> beam.GroupByKey()
            | "Row" >> beam.MapTuple(lambda uri, records: page_row(records))
        )


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


def page_row(records: Iterable[PageDone | Failure | Skipped | None]) -> dict:
    """Make the row of `pages` of a page.

    Args:
        records: What became of the page, once; a failure for each line that failed; None
            for each line that was read.

    Returns:
        Column to value.
    """
    records = list(records)
    (outcome,) = (r for r in records if r is not None and not getattr(r, "line_id", ""))
    lines_ok = records.count(None)
    row = {
        "page_uri": outcome.uri,
        "status": "skipped" if isinstance(outcome, Skipped) else "failed",
        "sha256": "",
        "width_px": 0,
        "height_px": 0,
        "lines_source": "",
        "lines_ok": lines_ok,
        "lines_failed": len(records) - lines_ok - 1,
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


def _points(polyline: Polyline) -> list[dict[str, float]]:
    return [{"x": x, "y": y} for x, y in polyline]
