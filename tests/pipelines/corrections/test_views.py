"""The views `corrections` and `corrected_lines`."""

from __future__ import annotations

import pytest

from pipelines.corrections.log import CorrectionLog
from pipelines.query import main as query
from pipelines.transcripts.tables import open_tables
from schemas.corrections import Correction, CorrectionKind
from tests.pipelines.written_tables import page, write_run

BASELINE = [{"x": 1.0, "y": 20.0}, {"x": 300.5, "y": 21.0}]
POINTS = ((1.0, 20.0), (300.5, 21.0))


def lines_of(uri, *texts):
    return [
        {"page_uri": uri, "line_id": f"l{n}", "line_index": n, "text": text, "baseline": BASELINE}
        for n, text in enumerate(texts)
    ]


@pytest.fixture
def folder(tmp_path):
    run = {"run_id": "r-1", "flags": "{}", "command": "transcribe"}
    rows = lines_of("p.jpg", "acto", "lo maire", "x", "y") + lines_of("q.jpg", "an")
    write_run(tmp_path, run, pages=[page("p.jpg"), page("q.jpg")], lines=rows)
    return tmp_path


def say(folder, line, kind="text", text="", seen="", run="r-1", page_uri="p.jpg", points=POINTS):
    one = Correction("", "", "eva", page_uri, line, run, CorrectionKind(kind), "acto", text, points)
    return CorrectionLog(folder).append(one, seen)


def corrected(folder):
    sql = (
        "SELECT page_uri, line_id, text, is_corrected, is_illegible FROM corrected_lines "
        "ORDER BY page_uri, line_index"
    )
    return open_tables(str(folder)).sql(sql).fetchall()


def test_without_corrections_lines_are_as_they_were_read(folder):
    texts = [text for _, _, text, _, _ in corrected(folder)]
    assert texts == ["acto", "lo maire", "x", "y", "an"]
    assert open_tables(str(folder)).sql("SELECT count(*) FROM corrections").fetchall() == [(0,)]


def test_the_newest_correction_of_each_line_counts(folder):
    first = say(folder, "l0", text="actes")
    say(folder, "l0", text="acte", seen=first.correction_id)
    say(folder, "l1", "illegible")
    say(folder, "l2", "no_line")
    say(folder, "drawn", text="et", run="")
    gone = say(folder, "drawn too", text="et", run="")
    say(folder, "drawn too", "no_line", seen=gone.correction_id, run="")
    say(folder, "", "page_done")
    assert corrected(folder) == [
        ("p.jpg", "l0", "acte", True, False),
        ("p.jpg", "l1", "", True, True),
        ("p.jpg", "l3", "y", False, None),
        ("p.jpg", "drawn", "et", True, False),
        ("q.jpg", "l0", "an", False, None),
    ]
    newest = "SELECT line_id, kind FROM corrections WHERE is_newest AND applies ORDER BY number"
    assert open_tables(str(folder)).sql(newest).fetchall() == [
        ("l0", "text"), ("l1", "illegible"), ("l2", "no_line"), ("drawn", "text"),
        ("drawn too", "no_line"), ("", "page_done"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("points", "baseline", "text", "applies"),
    [
        (POINTS, BASELINE, "another reading", True),
        (POINTS, BASELINE[:1], "acto", False),
        ((), BASELINE[:1], "acto", True),
        ((), BASELINE, "another reading", False),
    ],
)
def test_a_correction_holds_for_the_line_of_another_run_at_its_place(
    folder, points, baseline, text, applies
):
    say(folder, "l0", text="acte", points=points)
    run = {"run_id": "r-2", "flags": "{}", "command": "transcribe"}
    line = lines_of("p.jpg", text)[0] | {"baseline": baseline}
    write_run(folder, run, pages=[page("p.jpg")], lines=[line])
    assert corrected(folder)[0][2] == ("acte" if applies else text)
    sql = "SELECT is_newest, applies FROM corrections"
    assert open_tables(str(folder)).sql(sql).fetchall() == [(True, applies)]


def test_the_command_shows_them_and_tells_what_cannot_be_read(folder, capsys):
    say(folder, "l0", text="acte")
    log = folder / "corrections" / "corrections.jsonl"
    log.write_bytes(log.read_bytes() + b'{"cut\n')
    sql = "SELECT text, author FROM corrections"
    assert query(["--transcripts", str(folder), "--format", "jsonl", sql]) == 0
    said = capsys.readouterr()
    assert said.out == '{"text": "acte", "author": "eva"}\n'
    assert said.err == f"{folder}: 1 line of the corrections cannot be read\n"
