"""Requests that end at a deadline whatever the server does, and hosts that are not asked."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager

import pytest

from pipelines.files.hosts import HostRules, hosts_in
from pipelines.files.http_get import FetchError, get
from pipelines.pages.flags import add_input_flag, add_page_flags, pages_config
from tests.pipelines.iiif_server import Scripted, serve_iiif


@contextmanager
def slow_server(start: bytes, drip: bytes):
    """Serve an answer that goes on byte by byte, without end."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def answer():
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            try:
                connection.sendall(start)
                while not over.is_set():
                    connection.sendall(drip)
                    time.sleep(0.02)
            except OSError:
                pass

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x"
    finally:
        over.set()
        listener.close()
        thread.join()


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("start", "drip"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 ", b"O"),
        (OK + b"X: ", b"y"),
        (OK, b"X: y\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (OK + b"\r\n", b"z"),
        (OK + b"Content-Length: 1000000\r\n\r\n", b"z"),
        (CHUNKED, b"0"),
        (CHUNKED + b"1;", b"x"),
        (CHUNKED, b"1\r\nz\r\n"),
        (CHUNKED + b"0\r\n", b"T"),
    ],
    ids=[
        "no status", "status", "header", "headers", "continue", "body", "known length",
        "chunk size", "chunk extension", "chunks", "trailer",
    ],
)  # fmt: skip
def test_a_server_without_end_is_left_at_the_deadline(start, drip):
    with slow_server(start, drip) as address:
        began = time.monotonic()
        with pytest.raises(FetchError, match="takes too long|connection failed|is larger") as error:
            get(address, 1_000_000, timeout_s=30, longest_s=0.5)
        # Without it, a test would wait for half a minute and more.
        assert time.monotonic() - began < 20
        assert str(error.value).startswith(address) and ";" in str(error.value)


@pytest.fixture
def servers():
    """Two servers of an inner network, the second of which the user does not name."""
    with serve_iiif() as first, serve_iiif() as second:
        second.scripted = {"/x": [Scripted(body=b"secret")] * 9}
        yield first, second


def refused(address: str, rules: HostRules) -> str:
    with pytest.raises(FetchError) as error:
        get(address, 1000, 5, 5, rules)
    assert not error.value.is_transient
    return str(error.value)


def test_hosts_that_are_not_named_are_not_asked(servers):
    first, second = servers
    rules = HostRules(hosts_in([f"{first.address}/manifest.json"]))
    port = second.address.rpartition(":")[2]
    for host in ("127.0.0.1", "2130706433", "0x7f000001", "127.1", "localhost", "[::ffff:7f00:1]"):
        error = refused(f"http://{host}:{port}/x", rules)
        assert "is in an inner network" in error or "--input does not name" in error, host
        assert "add --allow_hosts " in error
    assert "add --allow_hosts example.org" in refused("http://example.org/x", rules)
    assert second.paths == []


@pytest.mark.parametrize("pattern", ["*", "*.0.0.1", "local*"])
def test_patterns_do_not_open_inner_networks(servers, pattern):
    _, second = servers
    port = second.address.rpartition(":")[2]
    rules = HostRules((), (pattern,))
    for host in ("127.0.0.1", "localhost"):
        refused(f"http://{host}:{port}/x", rules)
    assert second.paths == []


def test_redirects_are_checked_as_well(servers):
    first, second = servers
    first.scripted = {"/x": [Scripted(302, b"", {"Location": f"{second.address}/x"})] * 2}
    address, named = f"{first.address}/x", hosts_in([first.address])
    assert "is in an inner network (127.0.0.1)" in refused(address, HostRules(named))
    assert second.paths == []
    host = second.address.removeprefix("http://")
    assert get(address, 1000, 5, 5, HostRules(named, (host,))).data == b"secret"
    first.scripted = {"/x": [Scripted(302, b"", {"Location": f"{second.address}/x"})]}
    assert get(address, 1000, 5, 5).data == b"secret"


def test_what_the_user_named_is_asked_wherever_it_is(servers, tmp_path):
    import argparse

    _, second = servers
    parser = argparse.ArgumentParser()
    add_input_flag(parser)
    add_page_flags(parser)
    listed = tmp_path / "list.txt"
    listed.write_text(f"scans\n{second.address}/x\n")
    for value in (f"{second.address}/other.json", f"@{listed}"):
        rules = pages_config(parser.parse_args(["--input", value])).fetch.hosts
        assert get(f"{second.address}/x", 1000, 5, 5, rules).data == b"secret"
    rules = pages_config(parser.parse_args(["--input", "scans", "@nowhere"])).fetch.hosts
    assert rules == HostRules(())
    refused(f"{second.address}/x", rules)
