"""The random sample: its order, what counts, and what it shows."""

from html import unescape

import pytest

pytest.importorskip("httpx")
pytest.importorskip("starlette")

from pipelines.web import sampling
from tests.pipelines.web.conftest import RUN_2, line_row, run_row
from tests.pipelines.web.test_correcting import field, log_of
from tests.pipelines.web.test_pages import wait_for
from tests.pipelines.written_tables import write_run


@pytest.fixture(autouse=True)
def few_lines(monkeypatch):
    monkeypatch.setattr("model.evaluation.sampled.LEAST_LINES", 2)


def next_form(client, collection=""):
    """Return the address and the form of the line that is asked next; None for none."""
    answer = client.get("/sample/next", params={"collection": collection})
    assert answer.status_code == 303
    place = answer.headers["location"]
    if place.startswith("/sample"):
        return None
    return place.partition("/edit")[0], client.get(place).text


def answer_next(client, text=None, **others):
    address, html = next_form(client)
    text = unescape(field(html, "text")) if text is None else text
    fields = {name: field(html, name) for name in ("csrf", "seen", "sample", "collection")}
    return address, client.post(address, data=fields | {"text": text} | others)


def test_lines_are_asked_one_after_the_other_without_javascript(archive, client):
    assert "0 of" in client.get("/sample").text
    drawn = sample(client).lines
    seen = []
    while next_form(client):
        address, answer = answer_next(client)
        assert answer.headers["location"] == "/sample/next" and address not in seen
        seen.append(address)
    assert len(seen) == len(drawn) == len(log_of(archive))
    assert {one.sample for one in log_of(archive)} == {"random"}
    html = client.get("/sample").text
    assert "CER 0.0 %" in html and f"from {len(drawn)} lines" in html


def sample(client):
    client.app.state.library.refresh()
    return sampling.draw_sample(client.app.state.library, "")


def test_only_lines_whose_turn_has_come_count(archive, client):
    lines = sample(client).lines
    # Somebody corrects what comes third.
    third = lines[2]
    address = f"/page/{third['page_key']:016x}/line/{third['line_index']}"
    html = client.get(f"{address}/edit").text
    client.post(address, data={"csrf": field(html, "csrf"), "seen": "", "text": "something else"})
    assert sample(client).seen == 0
    answer_next(client)
    assert sample(client).seen == 1
    answer_next(client)
    assert sample(client).seen == 3
    rate = sample(client).rate
    assert rate.lines == 3 and rate.rate > 0


def test_lines_that_nobody_can_read_do_not_count(client):
    for kind in ("illegible", "no_line", "text"):
        answer_next(client, kind=kind)
    found = sample(client)
    assert (found.seen, found.left_out, found.rate) == (3, 2, None)
    assert "2 of them illegible or no line" in client.get("/sample").text


def test_a_sample_is_of_its_collection(client):
    assert len(sample(client).lines) > 3
    assert sampling.draw_sample(client.app.state.library, "none").next is None
    assert next_form(client, "none") is None


def test_a_correction_of_a_line_that_was_found_elsewhere_since_does_not_count(archive, client):
    address, _ = answer_next(client)
    assert sample(client).seen == 1
    drawn = sample(client).lines[0]
    page = next(name for name in ("a", "b") if drawn["name"] == f"{name}.jpg")
    rows = [line_row(archive.uri(page), index, "x", baseline=[]) for index in range(3)]
    write_run(archive.transcripts, run_row(RUN_2), pages=[archive.page(page)], lines=rows)
    wait_for(client, address.partition("/line")[0], 'dir="auto">x<')
    assert sample(client).seen == 0 and next_form(client)[0] == address
