"""The summary of a dataset as JSON: from the workers that made it to whoever reads it."""

from __future__ import annotations

import base64
import json
from collections import Counter
from dataclasses import asdict

from model.dataset.summary import DatasetSummary
from model.report.contact_sheet import Sample

_HISTOGRAMS = ("widths_px", "heights_px", "text_lengths")


def summary_to_json(summary: DatasetSummary) -> str:
    """Write a summary down.

    Args:
        summary: The summary.

    Returns:
        JSON, ASCII.

    Example:
        >>> summary_from_json(summary_to_json(DatasetSummary())) == DatasetSummary()
        True
    """
    data = {
        "lines": [[*place, count] for place, count in summary.lines.items()],
        "page_digests": [
            [*place, *(page.hex() for page in sorted(pages))]
            for place, pages in summary.page_digests.items()
        ],
        **{name: list(getattr(summary, name).counts.items()) for name in _HISTOGRAMS},
        "train_characters": summary.train_characters,
        "characters": summary.audit.counts,
        "example_uris": summary.audit.example_uris,
        "samples": [[digest, sample_to_row(s)] for digest, s in sorted(summary.samples.kept)],
        "digest": summary.hex_digest(),
    }
    return json.dumps(data)


def summary_from_json(text: str) -> DatasetSummary:
    """Read a summary back.

    Args:
        text: What `summary_to_json` gave.

    Returns:
        The summary.
    """
    data = json.loads(text)
    summary = DatasetSummary(
        lines=Counter({(source, split): n for source, split, n in data["lines"]}),
        page_digests={
            (source, split): set(map(bytes.fromhex, pages))
            for source, split, *pages in data["page_digests"]
        },
        train_characters=Counter(data["train_characters"]),
        digest=int(data["digest"], 16),
    )
    for name in _HISTOGRAMS:
        getattr(summary, name).counts.update(dict(data[name]))
    summary.audit.counts.update(data["characters"])
    summary.audit.example_uris.update(data["example_uris"])
    summary.samples.kept |= {(digest, sample_from_row(row)) for digest, row in data["samples"]}
    return summary


def sample_to_row(sample: Sample) -> dict[str, str]:
    """Write a sample as values that JSON knows, its picture in base64."""
    return {**asdict(sample), "image": base64.b64encode(sample.image).decode("ascii")}


def sample_from_row(row: dict[str, str]) -> Sample:
    """Read a sample back."""
    return Sample(**{**row, "image": base64.b64decode(row["image"])})
