"""The recipes about bad, failed and missing pages, on tables made by hand."""

from functools import partial

import pytest

from pipelines.query import main
from schemas.records import SkipReason
from tests.pipelines.written_tables import ask_recipe, page, write_run

RUN_1, RUN_2, RUN_3 = (f"2026010{day}T000000-000000-aa" for day in (1, 2, 3))


@pytest.fixture
def ask(tmp_path):
    """Run a recipe on the archive and return its rows."""
    return partial(ask_recipe, tmp_path)


def test_the_worst_pages_come_first(tmp_path, ask):
    pages = [
        page("good.jpg", cer_estimate=0.01, confidence=0.5),
        page("unknown.jpg", confidence=0.875),
        page("bad.jpg", cer_estimate=0.25, confidence=0.99, warnings=["blurred", "skewed"]),
        page("blank.jpg"),
        page("failed.jpg", status="failed"),
    ]
    write_run(tmp_path, {"run_id": RUN_1}, pages=pages)
    rows = ask("worst_pages")
    assert [row["page_uri"] for row in rows] == ["bad.jpg", "unknown.jpg", "good.jpg"]
    assert [row["cer_estimate"] for row in rows[:2]] == [0.25, None]
    assert rows[0]["warnings"] == "blurred, skewed"
    assert len(ask("worst_pages", "least=0.1")) == 2 and len(ask("worst_pages", "limit=1")) == 1


def test_a_page_whose_lines_are_all_lost_is_the_worst(tmp_path, ask):
    pages = [
        page("bad.jpg", cer_estimate=0.25, confidence=0.75, lines_ok=9),
        page("refused.jpg", lines_failed=9),
        # As earlier versions wrote it.
        page("silent.jpg", cer_estimate=0.0, lines_ok=9),
        page("blank.jpg"),
    ]
    write_run(tmp_path, {"run_id": RUN_1}, pages=pages)
    listed = [row["page_uri"] for row in ask("worst_pages")]
    assert listed == ["refused.jpg", "silent.jpg", "bad.jpg"]


def test_a_page_with_writing_but_no_lines_is_among_the_worst(tmp_path, ask):
    pages = [page("missed.jpg", ink_unread=1.0), page("blank.jpg"), page("ok.jpg", confidence=0.9)]
    write_run(tmp_path, {"run_id": RUN_1}, pages=pages)
    assert [row["page_uri"] for row in ask("worst_pages")] == ["missed.jpg", "ok.jpg"]


def test_pages_with_writing_outside_their_lines_are_listed(tmp_path, ask):
    warned = {"warnings": ["blurred", "writing outside the lines"]}
    pages = [
        page("third.jpg", ink_unread=0.375, lines_ok=8, **warned),
        page("missed.jpg", ink_unread=1.0, **warned),
        page("tails.jpg", ink_unread=0.0625, lines_ok=9, warnings=["blurred"]),
        page("whole.jpg", lines_ok=1),
        page("failed.jpg", status="failed"),
    ]
    write_run(tmp_path, {"run_id": RUN_1}, pages=pages)
    rows = ask("unread")
    assert [row["page_uri"] for row in rows] == ["missed.jpg", "third.jpg"]
    assert (rows[1]["ink_unread"], rows[1]["lines_ok"], rows[1]["warning"]) == (0.375, 8, True)
    rows = ask("unread", "least=0.05")
    assert [(row["page_uri"], row["warning"]) for row in rows][2] == ("tails.jpg", False)


def test_pages_that_got_worse_are_listed(tmp_path, ask):
    before = [
        page("worse.jpg", cer_estimate=0.125, confidence=0.5),
        page("doubt.jpg", confidence=0.75),
        page("better.jpg", cer_estimate=0.5),
        page("once.jpg", cer_estimate=0.5),
    ]
    after = [
        page("worse.jpg", cer_estimate=0.375, confidence=0.9),
        page("doubt.jpg", cer_estimate=0.01, confidence=0.25),
        page("better.jpg", cer_estimate=0.25),
    ]
    write_run(tmp_path, {"run_id": RUN_1}, pages=before)
    write_run(tmp_path, {"run_id": RUN_2}, pages=after)
    skipped = page("worse.jpg", status="skipped")
    write_run(tmp_path, {"run_id": RUN_3}, pages=[skipped])
    rows = ask("got_worse")
    assert [(row["page_uri"], row["worse_by"]) for row in rows] == [
        ("doubt.jpg", 0.5),
        ("worse.jpg", 0.25),
    ]
    assert {(row["old_run"], row["new_run"]) for row in rows} == {(RUN_1, RUN_2)}
    assert len(ask("got_worse", "least=0.3")) == 1


def test_losing_all_text_is_worse(tmp_path, ask):
    read = {"confidence": 0.75, "lines_ok": 9}
    before = [
        page("refused.jpg", cer_estimate=0.25, **read),
        page("silent.jpg", **read),
        page("found.jpg", lines_failed=9),
        page("still.jpg", lines_failed=9),
    ]
    after = [
        page("refused.jpg", lines_failed=9),
        page("silent.jpg", cer_estimate=0.0, lines_ok=9),
        page("found.jpg", cer_estimate=0.25, **read),
        page("still.jpg", lines_ok=9),
    ]
    write_run(tmp_path, {"run_id": RUN_1}, pages=before)
    write_run(tmp_path, {"run_id": RUN_2}, pages=after)
    listed = [(row["page_uri"], row["worse_by"]) for row in ask("got_worse")]
    assert listed == [("refused.jpg", 0.75), ("silent.jpg", 0.75)]


def write_gone(folder, run_id, *names, change="gone"):
    rows = [page(one, status="skipped", reason=SkipReason.GONE, change=change) for one in names]
    write_run(folder, {"run_id": run_id}, pages=rows)


def test_pages_that_are_gone_are_listed(tmp_path, ask):
    pages = [page(f"scans/{name}.jpg", lines_ok=2) for name in "abc"]
    pages += [page("scans/bad.jpg", status="failed"), page("scans/notes.md", status="skipped")]
    write_run(tmp_path, {"run_id": RUN_1}, pages=pages)
    write_gone(tmp_path, RUN_2, "scans/a.jpg", "scans/bad.jpg")
    write_gone(tmp_path, RUN_3, "scans/b.jpg", change="moved")
    rows = ask("gone")
    assert [row["page_uri"] for row in rows] == ["scans/a.jpg", "scans/bad.jpg"]
    assert [row["run_id"] for row in rows] == [RUN_1, RUN_2]
    assert {row["gone_run_id"] for row in rows} == {RUN_2} and rows[0]["lines_ok"] == 2
    assert ask("gone", "folder=other") == []


def test_pages_with_the_same_image_are_listed(tmp_path, ask):
    digests = {"a.jpg": "x", "b.jpg": "y", "c.jpg": "x", "d.jpg": "x"}
    pages = [page(name, sha256=digest) for name, digest in digests.items()]
    write_run(tmp_path, {"run_id": RUN_1}, pages=pages)
    write_gone(tmp_path, RUN_2, "d.jpg")
    rows = ask("same_image")
    assert [(row["page_uri"], row["pages"]) for row in rows] == [("a.jpg", 2), ("c.jpg", 2)]


def test_failures_are_counted_by_cause(tmp_path, ask):
    failures = [
        ("/a b/p1.jpg", "/a b/p1.xml: XML is not well-formed (line 3); mend it"),
        ("/a b/p2.jpg", "/a b/p2.xml: XML is not well-formed (line 17); mend it"),
        ("p3.jpg", "https://x.org:80/y/3.jpg answers 503; run again"),
        ("p4.jpg", "image has 640 x 480 px but its lines 64 x 48; pair it with the right file"),
    ]
    rows = [
        {"uri": uri, "stage": "read", "error": error, "kind": "permanent"}
        for uri, error in failures
    ]
    rows[2]["kind"] = "transient"
    rows += [{**rows[3], "stage": "crop", "line_id": f"l{i}"} for i in range(3)]
    pages = [page(uri, status="failed") for uri, _ in failures]
    write_run(tmp_path, {"run_id": RUN_1}, pages=pages, failures=rows)
    size = "image has N x N px but its lines N x N; pair it with the right file"
    assert [tuple(row.values()) for row in ask("failures_by_cause")] == [
        ("crop", "permanent", size, 3, 1, "p4.jpg"),
        (
            "read",
            "permanent",
            "PAGE.xml: XML is not well-formed (line N); mend it",
            2,
            2,
            "/a b/p1.jpg",
        ),
        ("read", "permanent", size, 1, 1, "p4.jpg"),
        ("read", "transient", "FILE answers N; run again", 1, 1, "p3.jpg"),
    ]


def test_a_short_name_is_replaced_only_where_it_is_the_page(tmp_path, ask):
    failures = [
        ("a.jpg", "image does not decode; save a.jpg again"),
        ("in/e.b.jpg", "image does not decode; save e.b.jpg again"),
        ("x.jpg", "x.xml: area. box.xml has no pages"),
        ("dir/c+.jpg", "c+.xml: area. box.xml has no pages"),
        ("d/.jpg", "no image. Mend it"),
        ("https://d.org/", "no image. Mend it"),
    ]
    rows = [{"uri": uri, "error": error} for uri, error in failures]
    pages = [page(uri, status="failed") for uri, _ in failures]
    write_run(tmp_path, {"run_id": RUN_1}, pages=pages, failures=rows)
    assert [(row["cause"], row["pages"]) for row in ask("failures_by_cause")] == [
        ("PAGE.xml: area. box.xml has no pages", 2),
        ("image does not decode; save PAGE again", 2),
        ("no image. Mend it", 2),
    ]


def test_cells_are_listed_row_by_row(tmp_path, ask, capsys):
    cells = [("1789", 0, 0), ("Vente", 0, 1), ("Jean", 0, 3), ("Martin", 0, 3), ("Bail", 1, 1)]
    lines = [
        {"page_uri": "a.jpg", "line_id": f"l{i}", "line_index": i, "region_id": "r1"}
        | {"text": text, "row": row, "column": column, "confidence": 1 - i / 8}
        for i, (text, row, column) in enumerate(cells)
    ]
    lines.append({"page_uri": "a.jpg", "line_id": "title", "line_index": 9, "text": "Register"})
    write_run(tmp_path, {"run_id": RUN_1}, pages=[page("a.jpg")], lines=lines)
    rows = ask("cells")
    assert [(row["row"], row["column"], row["text"]) for row in rows] == [
        (0, 0, "1789"),
        (0, 1, "Vente"),
        (0, 3, "Jean Martin"),
        (1, 1, "Bail"),
    ]
    assert rows[2]["confidence"] == 0.625 and rows[0]["region_id"] == "r1"
    assert [row["text"] for row in ask("cells", "column=1", "page=a.jpg")] == ["Vente", "Bail"]
    flags = ["--transcripts", str(tmp_path), "--recipe", "cells", "--set", "page=b.jpg"]
    assert main(flags) == 2
    assert "--set page: b.jpg: no page that was read" in capsys.readouterr().err
