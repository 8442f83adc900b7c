"""Corrections through the pages: what is written, conflicts, a full disk, and the work lists."""

import errno
import re
from dataclasses import replace

import pytest

pytest.importorskip("httpx")
pytest.importorskip("starlette")

from starlette.testclient import TestClient

from pipelines.corrections.log import CorrectionLog
from pipelines.web.library import Library
from pipelines.web.search import Search, search
from schemas.corrections import Correction, CorrectionKind
from tests.pipelines.web.conftest import RUN_1, RUN_2, line_row, run_row
from tests.pipelines.web.test_pages import page_link, wait_for
from tests.pipelines.written_tables import write_run

RUN_3 = RUN_2.replace("02T", "03T")
HTMX = {"HX-Request": "true"}


def field(html: str, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]*)"', html)[1]


def save(client, line: str, text: str, headers=HTMX, **others):
    html = client.get(f"{line}/edit", headers=HTMX).text
    fields = {"csrf": field(html, "csrf"), "seen": field(html, "seen"), "text": text} | others
    return client.post(line, data=fields, headers=headers)


def log_of(archive) -> list:
    return CorrectionLog(archive.transcripts).state().all


def test_a_line_is_corrected_and_the_next_one_comes(archive, client):
    address = page_link(client, "jeun")
    answer = save(client, f"{address}/line/1", "  fils de\tJean ")
    assert (
        answer.status_code == 200 and answer.headers["hx-trigger"] == '{"quireNext": {"line": 2}}'
    )
    assert "fils de Jean" in answer.text and "corrected, ada" in answer.text
    (one,) = log_of(archive)
    assert (one.page_uri, one.line_id, one.run_id) == (archive.uri("a"), "l1", RUN_1)
    assert (one.author, one.old_text, one.text, one.source) == (
        "ada", "fils de Jeun", "fils de Jean", "web",
    )  # fmt: skip
    assert one.polygon[0] == (50.0, 145.0) and one.baseline
    html = client.get(address).text
    assert "fils de Jean" in html and "1 of 3 lines looked at" in html


def test_the_same_twice_is_no_conflict(archive, client):
    line = f"{page_link(client, 'jeun')}/line/1"
    html = client.get(f"{line}/edit", headers=HTMX).text
    fields = {name: field(html, name) for name in ("csrf", "seen")}
    for text, status in (("fils de Jean", 200), ("fils de Jean", 200), ("fils de Paul", 409)):
        assert client.post(line, data=fields | {"text": text}, headers=HTMX).status_code == status
    assert len(log_of(archive)) == 1


def test_a_download_has_what_was_corrected(archive, client):
    address = page_link(client, "jeun")
    save(client, f"{address}/line/1", "fils de Jean")
    save(client, f"{address}/line/0", "", kind="no_line")
    drawn = Correction(
        "", "", "max", archive.uri("a"), "d", "", CorrectionKind.TEXT, "", "signé",
        ((10.0, 300.0), (400.0, 300.0)),
    )  # fmt: skip
    CorrectionLog(archive.transcripts).append(drawn)
    before = client.get(f"{address}/download/text").text.splitlines()
    assert before[0] == "fils de Jean" and before[-1] == "signé" and len(before) == 3
    assert 'id="d"' in client.get(f"{address}/download/page").text


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("text", "fils de Jeun", "read right, ada"),
        ("illegible", "", "illegible, ada"),
        ("no_line", "", "not a line, ada"),
    ],
)
def test_marks_of_a_line(archive, client, kind, text, shown):
    address = page_link(client, "jeun")
    assert shown in save(client, f"{address}/line/1", text, kind=kind).text
    assert [(one.kind, one.text) for one in log_of(archive)] == [(CorrectionKind(kind), text)]


def test_without_javascript_a_form_leads_to_the_next_line(archive, client):
    address = page_link(client, "jeun")
    html = client.get(f"{address}?edit=1").text
    assert 'value="fils de Jeun"' in html and html.count('<form class="edit"') == 1
    answer = save(client, f"{address}/line/1", "fils de Jean", headers={})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{address}?edit=2#line-3"
    # Another reading of the line is a button that sends it.
    assert 'name="text" value="le notaire de Paris"' in client.get(answer.headers["location"]).text
    assert client.get(f"{address}?edit=99").status_code == 200


def test_the_second_of_two_people_is_told_and_shown_both(archive, config, client):
    other = TestClient(client.app, "http://localhost", follow_redirects=False)
    line = f"{page_link(client, 'jeun')}/line/1"
    html = other.get(f"{line}/edit", headers=HTMX).text
    assert save(client, line, "fils de Jean").status_code == 200
    fields = {"csrf": field(html, "csrf"), "seen": field(html, "seen"), "text": "fils de Joan"}
    answer = other.post(line, data=fields, headers=HTMX)
    assert answer.status_code == 409
    assert "corrected this line meanwhile" in answer.text
    assert "fils de Jean" in answer.text and 'value="fils de Joan"' in answer.text
    assert [one.text for one in log_of(archive)] == ["fils de Jean"]
    # Now both were seen.
    fields["seen"] = field(answer.text, "seen")
    assert other.post(line, data=fields, headers=HTMX).status_code == 200
    assert [one.text for one in log_of(archive)] == ["fils de Jean", "fils de Joan"]
    assert log_of(archive)[1].old_text == "fils de Jean"


def test_a_correction_holds_for_a_line_of_another_run_at_the_same_place(archive, client):
    address = page_link(client, "jeun")
    save(client, f"{address}/line/1", "fils de Jean")
    # The second line is at another place now, and called the same.
    moved = [{"x": 60.0, "y": 7.0}, {"x": 400.0, "y": 7.0}]
    for baseline, shown in (({}, "Jean"), ({"baseline": moved}, "Juan")):
        run = RUN_2 if not baseline else RUN_2.replace("02T", "03T")
        lines = [line_row(archive.uri("a"), 1, "fils de Juan", **baseline)]
        write_run(archive.transcripts, run_row(run), pages=[archive.page("a")], lines=lines)
        wait_for(client, f"{address}?run={run}", "(shown)")
        wait_for(client, address, f"fils de {shown}")
    # Nobody is told of a conflict with what does not hold.
    assert save(client, f"{address}/line/1", "fils de Joan").status_code == 200
    assert "fils de Joan" in client.get(address).text


def test_a_full_disk_loses_no_text(archive, client, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pipelines.corrections.log.os.fsync", full)
    answer = save(client, f"{page_link(client, 'jeun')}/line/1", "fils de Jean")
    assert answer.status_code == 507
    assert "No space left on device" in answer.text and 'value="fils de Jean"' in answer.text
    assert log_of(archive) == []


@pytest.mark.parametrize("change", [{"csrf": ""}, {"csrf": "0" * 64}])
def test_writes_come_from_our_own_pages(archive, client, change):
    address = page_link(client, "jeun")
    assert save(client, f"{address}/line/1", "x", **change).status_code == 403
    data = {"kind": "page_done", **change}
    assert client.post(f"{address}/state", data=data).status_code == 403
    assert log_of(archive) == []


@pytest.mark.parametrize(
    ("line", "others", "status"),
    [
        ("line/1", {"kind": "page_done"}, 400),
        ("line/1", {"kind": "else"}, 400),
        ("line/1", {"text": "x" * 2001}, 422),
        ("line/99", {}, 404),
        ("state", {"kind": "text"}, 400),
    ],
)
def test_what_cannot_be_written(archive, client, line, others, status):
    address = page_link(client, "jeun")
    csrf = field(client.get(f"{address}/line/1/edit", headers=HTMX).text, "csrf")
    data = {"csrf": csrf, "text": "x", **others}
    assert client.post(f"{address}/{line}", data=data, headers=HTMX).status_code == status
    assert log_of(archive) == []


def test_a_page_is_done_and_open_again_and_leaves_the_lists(archive, client):
    address = page_link(client, "jeun")
    assert f'href="{address}?edit=0#line-1"' in client.get("/work").text
    for kind, said in (("page_done", "Done, ada"), ("page_open", "Mark this page as done")):
        html = client.get(address).text
        data = {"csrf": field(html, "csrf"), "seen": field(html, "seen"), "kind": kind}
        assert client.post(f"{address}/state", data=data).status_code == 303
        assert said in client.get(address).text
        listed = f'href="{address}?' in client.get("/work").text
        assert listed == (kind == "page_open")
        # Who has not seen that is told.
        assert client.post(f"{address}/state", data=data).status_code == 409


def test_the_least_sure_line_comes_first_until_it_was_looked_at(client):
    html = client.get("/work").text
    first = re.search(
        r'<p class="text" dir="auto"><a href="([^?]*)\?edit=(\d+)#[^>]*>(.*?)</a>', html
    )
    assert first[3] == "devant Martim"
    save(client, f"{first[1]}/line/{first[2]}", "devant Martin")
    html = client.get("/work?collection=all").text
    assert "devant Mart" not in html
    assert re.search(r'<td class="n">0</td><td class="n">2</td><td class="n">1</td>', html)


def test_corrections_are_escaped(client):
    address = page_link(client, "jeun")
    answer = save(client, f"{address}/line/1", '"><script>alert(1)</script>')
    html = answer.text + client.get(address).text + client.get(f"{address}?edit=1").text
    assert "<script>alert" not in html and "&lt;script&gt;alert(1)" in html


def test_a_corrected_line_is_found_by_its_new_text_at_once(archive, client):
    address = page_link(client, "jeun")
    save(client, f"{address}/line/1", "fils de Bartholomé")
    html = client.get("/search?q=bartholome").text
    assert "fils de <mark>Bartholomé</mark>" in html and "corrected, ada" in html
    # One letter away, by its start, in a filter, and with a word that was read right.
    for query in ("bartolome", "barth*", "bartholome&least=95", "fils+bartholome&how=exact"):
        assert "1 line" in client.get(f"/search?q={query}").text
    for query in ("jeun", "jean"):
        assert "No line" in client.get(f"/search?q={query}&how=doubts").text
    save(client, f"{address}/line/1", "", kind="illegible")
    assert "No line" in client.get("/search?q=bartholome").text
    assert "No line" in client.get("/search?q=jeun&how=exact").text


def test_what_others_wrote_into_the_log_is_found_and_forgotten(archive, client):
    assert "No line" in client.get("/search?q=zacharie").text
    one = Correction(
        "", "", "max", archive.uri("a"), "l1", RUN_1, CorrectionKind.TEXT, "", "Zacharie \ud800"
    )
    log = CorrectionLog(archive.transcripts)
    log.append(one)
    log.append(replace(one, line_id="unknown"))
    assert "corrected, max" in client.get("/search?q=zacharie").text
    # After a restart, too.
    assert search(Library(*client_settings(client)), Search("zacharie")).count == 1
    log.forget([archive.uri("a")])
    assert "No line" in client.get("/search?q=zacharie").text
    assert "1 line" in client.get("/search?q=jeun").text


def client_settings(client):
    config = client.app.state.config
    return config.transcripts, client.app.state.corrector.changes, f"{config.cache}2"


def test_a_run_that_reads_a_line_elsewhere_undoes_its_correction_in_the_search(archive, client):
    address = page_link(client, "jeun")
    save(client, f"{address}/line/1", "fils de Bartholomé")
    moved = [{"x": 60.0, "y": 7.0}, {"x": 400.0, "y": 7.0}]
    for run, baseline, is_found in ((RUN_2, {}, True), (RUN_3, {"baseline": moved}, False)):
        lines = [line_row(archive.uri("a"), 1, f"item {run[7]}", **baseline)]
        write_run(archive.transcripts, run_row(run), pages=[archive.page("a")], lines=lines)
        wait_for(client, address, f"item {run[7]}")
        assert ("1 line" in client.get("/search?q=bartholome").text) == is_found
        assert ("1 line" in client.get("/search?q=item").text) != is_found
        # The line is listed again as one to look at.
        assert (f"item {run[7]}" in client.get("/work").text) != is_found
