"""The table of models, and the runs in the tables that used them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import TextIO

from model.recogniser.bundle import load_bundle, model_name
from pipelines.tables.runs import flags_of
from pipelines.transcripts.models import ModelFacts, ModelRun
from pipelines.transcripts.rows import print_rows
from pipelines.transcripts.tables import open_tables
from pipelines.transcripts.views import READS

# What a table shows; the other formats have everything.
_SHOWN_DIGITS, _SHOWN_RUNS = 12, 3


def runs_of_models(folders: Sequence[str]) -> list[ModelRun]:
    """Return the runs of some outputs of transcribe.

    Args:
        folders: The outputs.
    """
    query = f"SELECT run_id, model, flags, model_digest, decoding FROM runs WHERE {READS}"
    found = []
    for folder in folders:
        for run_id, model, flags, *rest in open_tables(folder).sql(query).fetchall():
            found.append(ModelRun(run_id, model or _named_in(flags), *rest))
    return found


def _named_in(flags: str) -> str:
    """Return the model that the flags of an older run name, which may be a link that has moved."""
    recognition = flags_of(flags).get("recognition") or {}
    model = recognition.get("model", "")
    try:
        return model_name(load_bundle(model).directory) if model else ""
    except ValueError:
        return os.path.abspath(model)


def print_models(models: Sequence[ModelFacts], format_name: str, out: TextIO) -> None:
    """Print models.

    Args:
        models: The models.
        format_name: 'table', 'csv' or 'jsonl'.
        out: Stream to write to.
    """
    rows = [asdict(model) for model in models]
    if format_name == "table":
        rows = [_short(row) for row in rows]
    print_rows(list(rows[0]), [tuple(row.values()) for row in rows], format_name, out)


def _short(row: dict) -> dict:
    runs = row["runs"]
    more = f" and {len(runs) - _SHOWN_RUNS:,} more" if len(runs) > _SHOWN_RUNS else ""
    shown = ", ".join(runs[:_SHOWN_RUNS]) + more
    return row | {"digest": row["digest"][:_SHOWN_DIGITS], "runs": shown}
