"""The command `serve`: where it listens, and what it refuses to start with."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("jinja2")

from pipelines.serve import main
from tests.pipelines.written_tables import page, write_run


@pytest.fixture
def transcripts(tmp_path):
    folder = tmp_path / "transcripts"
    lines = [{"page_uri": "a.jpg", "line_id": "l", "text": "acte"}]
    run = {"run_id": "20260101T000000-000000-aa", "command": "transcribe"}
    write_run(folder, run, pages=[page("a.jpg")], lines=lines)
    return folder


def started(folder, *flags):
    """Start the command on a free port; return the process and the address that it prints."""
    command = [sys.executable, "-m", "pipelines.serve", "--transcripts", str(folder)]
    process = subprocess.Popen(
        [*command, "--port", "0", "--cache", str(folder.parent / "cache"), *flags],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    return process, process.stdout.readline().strip()


def ended(process) -> int:
    os.kill(process.pid, signal.SIGINT)
    return process.wait(30)


def get(address: str) -> str:
    with urllib.request.urlopen(address) as answer:  # noqa: S310 - our own server
        return answer.read().decode()


def test_it_serves_this_machine_only(transcripts):
    process, address = started(transcripts)
    try:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
        assert "<mark>acte</mark>" in get(f"{address}search?q=acte")
        # The port is in use.
        port = address.rstrip("/").rpartition(":")[2]
        assert main(["--transcripts", str(transcripts), "--port", port]) == 2
    finally:
        ended(process)


def test_others_need_the_token_that_it_prints(transcripts):
    process, address = started(transcripts, "--host", "0.0.0.0", "--token", "new")  # noqa: S104
    try:
        base, token = re.fullmatch(r"(http://0\.0\.0\.0:\d+/)\?token=(\S{32})", address).groups()
        with pytest.raises(urllib.error.HTTPError, match="401"):
            get(base)
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        assert b"Collections" in opener.open(f"{base}?token={token}").read()
    finally:
        ended(process)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--host", "0.0.0.0"], "lets other machines in; add --token new, or --user_header"),  # noqa: S104
        (["--host", "no.such.host.invalid", "--token", "x"], "--host no.such.host.invalid"),
        (["--transcripts", "/nowhere"], "no such folder"),
    ],
)
def test_what_it_does_not_start_with(transcripts, flags, told, capsys):
    assert main(["--transcripts", str(transcripts), "--port", "0", *flags]) == 2
    assert told in capsys.readouterr().err


def test_a_port_in_use_is_told(transcripts, capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert main(["--transcripts", str(transcripts), "--port", port]) == 2
    assert f"--port {port} is in use" in capsys.readouterr().err


def test_without_the_packages_the_extra_is_named(transcripts, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["--transcripts", str(transcripts), "--port", "0"]) == 2
    assert "pip install 'quire-htr[web]'" in capsys.readouterr().err
