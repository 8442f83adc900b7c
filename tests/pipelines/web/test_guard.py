"""Who is let in, and what the answers forbid browsers to do."""

from dataclasses import replace

import pytest

pytest.importorskip("httpx")
pytest.importorskip("starlette")

from starlette.testclient import TestClient

from pipelines.web.app import make_app

TOKEN = "a-b"  # noqa: S105


def test_answers_forbid_scripts_of_others(client):
    headers = client.get("/").headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "SameSite=Lax" in headers["set-cookie"] and "HttpOnly" in headers["set-cookie"]


def test_pages_have_no_inline_script_or_style(client):
    for address in ("/", "/search?q=acte", "/browse"):
        html = client.get(address).text
        assert "<script>" not in html and "style=" not in html and "onclick" not in html


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("evil.example", 421),
        ("evil.example:8000", 421),
        ("", 421),
    ],
)
def test_other_names_of_the_machine_are_refused(client, host, status):
    assert client.get("/", headers={"host": host}).status_code == status


def test_a_token_is_given_once(config):
    app = make_app(replace(config, token=TOKEN, hosts=()))
    client = TestClient(app, "http://archive.example", follow_redirects=False)
    assert client.get("/").status_code == 401
    assert client.get("/?token=wrong").status_code == 401
    assert client.get("/image/0000000000000000/facts").status_code == 401
    answer = client.get(f"/search?q=acte&token={TOKEN}")
    assert answer.status_code == 303 and answer.headers["location"] == "/search?q=acte"
    assert client.get("/search?q=acte").status_code == 200
    client.cookies.clear()
    client.cookies.set("quire_token", TOKEN)
    assert client.get("/").status_code == 401


def test_a_proxy_names_the_user(config):
    app = make_app(replace(config, user_header="X-Remote-User", hosts=()))
    client = TestClient(app, "http://archive.example")
    assert client.get("/").status_code == 401
    assert client.get("/", headers={"X-Remote-User": "ada"}).status_code == 200
