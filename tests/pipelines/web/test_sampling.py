"""The random sample: its order, what counts, and what it shows."""

from html import unescape

import pytest

pytest.importorskip("httpx")
pytest.importorskip("starlette")

from pipelines.web import sampling
from tests.pipelines.web.test_correcting import field, log_of


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
    drawn = [line["line_id"] for line in sample(client).lines]
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
    state = client.app.state
    return sampling.draw_sample(state.library, state.corrector, "")


def test_only_lines_whose_turn_has_come_count(archive, client):
    lines = sample(client).lines
    # Somebody corrects what comes third.
    third = lines[2]
    address = f"/page/{third['page_key']:016x}/line/{third['line_index']}"
    html = client.get(f"{address}/edit").text
    client.post(address, data={"csrf": field(html, "csrf"), "seen": "", "text": "something else"})
    assert sample(client).said == []
    answer_next(client)
    assert len(sample(client).said) == 1
    answer_next(client)
    assert len(sample(client).said) == 3
    rate = sample(client).rate
    assert rate.lines == 3 and rate.rate > 0


def test_lines_that_nobody_can_read_do_not_count(client):
    for kind in ("illegible", "no_line", "text"):
        answer_next(client, kind=kind)
    found = sample(client)
    assert (len(found.said), found.left_out, found.rate) == (3, 2, None)
    assert "2 of them illegible or no line" in client.get("/sample").text


def test_a_sample_is_of_its_collection(client):
    assert len(sample(client).lines) > 3
    state = client.app.state
    assert sampling.draw_sample(state.library, state.corrector, "none").next is None
    assert next_form(client, "none") is None
