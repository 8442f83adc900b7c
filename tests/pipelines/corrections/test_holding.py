"""A correction holds by the same rule in SQL, for queries and exports, and for one line."""

from __future__ import annotations

from itertools import product

import pytest

from pipelines.corrections.holding import holds
from pipelines.corrections.log import CorrectionLog
from pipelines.transcripts.tables import open_tables, to_polyline
from schemas.corrections import Correction, CorrectionKind
from tests.pipelines.written_tables import page, write_run

RUNS = ("r-1", "r-2")
TEXTS = ("acto", "acte", "")
# The third is the second as a program that computes more exactly would write it.
BASELINES = (
    (),
    ((1.0, 20.0), (300.1, 21.0)),
    ((1.0, 20.0), (300.1000000001, 21.0)),
    ((1.0, 20.0), (300.25, 21.0)),
    ((1.0, 20.0),),
)
KINDS = (CorrectionKind.TEXT, CorrectionKind.ILLEGIBLE, CorrectionKind.NO_LINE)


@pytest.fixture(scope="module")
def cases(tmp_path_factory):
    """Lines of every kind, each with a correction of every kind; and the folder of both."""
    folder = tmp_path_factory.mktemp("cases")
    log, lines, said = CorrectionLog(folder), [], []
    read = list(product(TEXTS, BASELINES))
    wanted = list(product(RUNS, TEXTS, BASELINES))
    for number, ((text, baseline), (run, old, place)) in enumerate(product(read, wanted)):
        points = [{"x": x, "y": y} for x, y in baseline]
        name = f"l{number}"
        lines.append(
            {"page_uri": "p.jpg", "line_id": name, "line_index": number, "text": text,
             "baseline": points}
        )  # fmt: skip
        kind = KINDS[number % 3]
        new = "new" if kind is CorrectionKind.TEXT else ""
        said.append(Correction("", "", "eva", "p.jpg", name, run, kind, old, new, place))
    run = {"run_id": "r-2", "flags": "{}", "command": "transcribe"}
    write_run(folder, run, pages=[page("p.jpg")], lines=lines)
    log.append_all([(one, "") for one in said])
    return folder


def test_both_rules_agree(cases):
    connection = open_tables(str(cases))
    told = dict(connection.sql("SELECT line_id, applies FROM corrections").fetchall())
    lines = connection.sql("SELECT line_id, run_id, text, baseline FROM lines").fetchall()
    latest = CorrectionLog(cases).state().latest
    computed = {
        name: holds(latest["p.jpg", name], run, text, to_polyline(baseline))
        for name, run, text, baseline in lines
    }
    assert computed == told
    assert {True, False} == set(told.values())


def test_a_correction_of_another_run_holds_by_its_place_or_else_by_its_text():
    def one(place, old="acto"):
        return Correction("", "", "eva", "p", "l", "r-1", CorrectionKind.TEXT, old, "x", place)

    here, there = BASELINES[1], BASELINES[3]
    assert holds(one(there), "r-1", "other", here)
    assert holds(one(here), "r-2", "other", here) and not holds(one(here), "r-2", "acto", there)
    assert holds(one(()), "r-2", "acto", here) and not holds(one(()), "r-2", "acte", here)
