"""What the views show of several runs, on tables made by hand."""

from __future__ import annotations

import pytest

from pipelines.transcripts.tables import open_tables
from schemas.records import SkipReason
from tests.pipelines.written_tables import page, write_run

RUNS = "r1", "r2", "r3"


@pytest.fixture
def ask(tmp_path):
    def rows(query):
        return open_tables(str(tmp_path)).sql(query).fetchall()

    return rows


def write_failed(folder, run_id, uri, document=""):
    """Write a run that could not open a document."""
    failed = {"page_uri": uri, "status": "failed", "document": document}
    write_run(folder, {"run_id": run_id}, pages=[failed], failures=[{"uri": uri}])


def write_pages(folder, run_id, document, *statuses):
    pages = [
        {"page_uri": f"{document}#page={n}", "status": status, "document": document}
        for n, status in enumerate(statuses, 1)
    ]
    failures = [{"uri": page["page_uri"]} for page in pages if page["status"] == "failed"]
    write_run(folder, {"run_id": run_id}, pages=pages, failures=failures)


@pytest.mark.parametrize("above", ["text=hello", "status=failed", "run_id=1", "collection=x"])
def test_only_the_folders_of_the_tables_name_collections(tmp_path, above):
    archive = tmp_path / above
    names = ["1858", "2024-1-2", "NULL", "d'Arc"]
    for number, name in enumerate(names):
        uri, run_id = f"{number}.png", f"r{number}"
        lines = [{"page_uri": uri, "text": f"line {number}"}]
        pages = [{"page_uri": uri, "status": "ok"}]
        write_run(archive, {"run_id": run_id}, pages=pages, lines=lines)
        for table in ("lines", "pages", "failures"):
            folder = archive / table / f"collection={name}"
            folder.mkdir()
            for path in (archive / table / "collection=all").iterdir():
                path.rename(folder / path.name)
    tables = open_tables(str(archive))
    found = tables.sql("SELECT collection, run_id, text FROM lines ORDER BY page_uri").fetchall()
    assert found == [(name, f"r{n}", f"line {n}") for n, name in enumerate(names)]
    assert tables.sql("SELECT DISTINCT status FROM pages").fetchall() == [("ok",)]
    assert tables.sql("SELECT count(*) FROM runs").fetchone() == (4,)


# A PDF that cannot be opened has no document; a manifest is its own document.
@pytest.mark.parametrize("document", ["", "scan.pdf"])
def test_a_failed_document_disappears_when_its_pages_are_found(tmp_path, ask, document):
    for run_id in RUNS[:2]:
        write_failed(tmp_path, run_id, "scan.pdf", document)
    assert ask("SELECT page_uri, run_id FROM pages") == [("scan.pdf", "r2")]
    assert ask("SELECT uri, run_id FROM failures") == [("scan.pdf", "r2")]
    write_pages(tmp_path, "r3", "scan.pdf", "ok", "failed")
    assert ask("SELECT page_uri, status FROM pages ORDER BY page_uri") == [
        ("scan.pdf#page=1", "ok"),
        ("scan.pdf#page=2", "failed"),
    ]
    assert ask("SELECT uri FROM failures") == [("scan.pdf#page=2",)]


def test_a_document_that_fails_after_its_pages_were_read_is_shown(tmp_path, ask):
    write_pages(tmp_path, "r1", "scan.pdf", "ok")
    write_pages(tmp_path, "r2", "other.pdf", "ok")
    write_failed(tmp_path, "r3", "scan.pdf")
    assert ask("SELECT page_uri, status FROM pages ORDER BY page_uri") == [
        ("other.pdf#page=1", "ok"),
        ("scan.pdf", "failed"),
        ("scan.pdf#page=1", "ok"),
    ]
    assert ask("SELECT uri FROM failures") == [("scan.pdf",)]


def test_the_newest_reading_of_each_page_is_shown(tmp_path, ask):
    for run_id, status, text in (("r1", "ok", "old"), ("r2", "ok", "new"), ("r3", "failed", "")):
        page = {"page_uri": "a.jpg", "status": status, "document": "a.jpg"}
        lines = [{"page_uri": "a.jpg", "line_id": "l", "text": text}] if text else []
        failures = [] if text else [{"uri": "a.jpg"}]
        write_run(tmp_path, {"run_id": run_id}, pages=[page], lines=lines, failures=failures)
    assert ask("SELECT page_uri, run_id FROM pages") == [("a.jpg", "r2")]
    assert ask("SELECT text FROM lines") == [("new",)]
    assert ask("SELECT uri, run_id FROM failures") == [("a.jpg", "r3")]


def write_returned(folder, run_id, uri, document=""):
    """Write a run that found a page unchanged since it was read, after a run in which it failed."""
    reason = SkipReason.RETURNED
    row = {"page_uri": uri, "status": "skipped", "reason": reason, "document": document}
    write_run(folder, {"run_id": run_id}, pages=[row])


def test_a_page_that_failed_and_returned_is_ok_with_its_older_text(tmp_path, ask):
    lines = [{"page_uri": "a.jpg", "line_id": "l", "text": "old"}]
    bad_line = {"uri": "a.jpg", "line_id": "m"}
    pages = [{"page_uri": "a.jpg", "status": "ok"}]
    write_run(tmp_path, {"run_id": "r1"}, pages=pages, lines=lines, failures=[bad_line])
    write_failed(tmp_path, "r2", "a.jpg")
    both = [("m", "r1"), ("", "r2")]
    assert ask("SELECT line_id, run_id FROM failures ORDER BY run_id") == both
    write_returned(tmp_path, "r3", "a.jpg")
    assert ask("SELECT page_uri, status, run_id FROM pages") == [("a.jpg", "ok", "r1")]
    assert ask("SELECT text FROM lines") == [("old",)]
    assert ask("SELECT line_id, run_id FROM failures") == both[:1]


def test_a_document_that_failed_and_returned_disappears(tmp_path, ask):
    write_pages(tmp_path, "r1", "scan.pdf", "ok")
    write_failed(tmp_path, "r2", "scan.pdf")
    assert ask("SELECT uri FROM failures") == [("scan.pdf",)]
    write_returned(tmp_path, "r3", "scan.pdf#page=1", "scan.pdf")
    assert ask("SELECT page_uri, status FROM pages") == [("scan.pdf#page=1", "ok")]
    assert ask("FROM failures") == []


def test_the_newest_row_is_shown_of_what_no_run_could_read(tmp_path, ask):
    write_failed(tmp_path, "r1", "notes.md")
    write_run(tmp_path, {"run_id": "r2"}, pages=[{"page_uri": "notes.md", "status": "skipped"}])
    assert ask("SELECT status FROM pages") == [("skipped",)] and ask("FROM failures") == []


def test_lines_and_regions_can_be_asked_for_by_their_type(tmp_path, ask):
    texts = ("note", "line_type_is_null", "acte")
    types = ("MarginTextZone:note", None, "")
    lines = [
        {"page_uri": "p", "line_id": text, "line_index": i, "text": text, "line_type": kind}
        | {"region_id": f"r{i > 0}", "region_type": "marginalia" if i == 0 else None}
        for i, (text, kind) in enumerate(zip(texts, types))
    ]
    write_run(tmp_path, {"run_id": "r1"}, pages=[page("p")], lines=lines)
    asked = "SELECT text FROM lines WHERE line_type = 'MarginTextZone:note'"
    assert ask(asked) == [("note",)]
    assert ask("SELECT region_type, line_count, text FROM regions ORDER BY first_line_index") == [
        ("marginalia", 1, "note"),
        (None, 2, "line_type_is_null\nacte"),
    ]
