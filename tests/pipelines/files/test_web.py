"""Downloads from a local server that can misbehave in many ways."""

import gzip
import pickle
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pipelines.files.http_get import FetchError
from pipelines.files.web import FetchConfig, Fetcher, failure_kind
from pipelines.pages.fetched import is_no_image, read_page_bytes
from pipelines.pages.image import fetch_remote, open_image
from schemas.records import PageSource
from tests.drawn import jpeg
from tests.drawn_files import image_file
from tests.pipelines.iiif_server import Scripted, serve_iiif

QUICK = FetchConfig(requests_per_second=0, attempts=3, first_wait_s=0.01)
BUSY = Scripted(429, b"slow down", {"Retry-After": "1"})


@pytest.fixture(scope="module")
def shared_server():
    with serve_iiif() as server:
        yield server


@pytest.fixture
def server(shared_server):
    shared_server.pages = {"a": np.full((30, 20), 200, np.uint8)}
    shared_server.scripted, shared_server.asked = {}, []
    return shared_server


def fetch(server, path, config=QUICK, largest_bytes=10_000):
    return Fetcher(config).fetch(server.address + path, largest_bytes)


def error_of(server, *answers, config=QUICK, largest_bytes=10_000):
    """Return the error that some answers lead to, and the number of requests."""
    server.scripted = {"/x": list(answers)}
    with pytest.raises(FetchError) as caught:
        fetch(server, "/x", config, largest_bytes)
    error = caught.value
    assert f"{server.address}/x: " in str(error) and ";" in str(error)
    assert failure_kind(error) == (
        "transient" if error.is_transient else "permanent",
        error.attempts,
    )
    return error, len(server.paths)


def test_an_image_is_downloaded(server):
    answer = fetch(server, "/a.jpg")
    assert answer.data == jpeg(server.pages["a"])
    assert server.paths == ["/a.jpg"]


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_respected(server, status):
    busy = Scripted(status, b"", {"Retry-After": "1"})
    server.scripted = {"/x": [busy, Scripted(body=b"well")]}
    assert fetch(server, "/x").data == b"well"
    (first, _), (second, _) = server.asked
    assert second - first >= 1


def test_all_threads_wait_for_a_busy_server(server):
    server.scripted = {"/x": [BUSY, Scripted(body=b"well")], "/y": [Scripted(body=b"well")]}
    fetcher = Fetcher(QUICK)
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(fetcher.fetch, f"{server.address}/x", 100)
        while len(server.asked) < 1:
            time.sleep(0.001)
        time.sleep(0.2)
        fetcher.fetch(f"{server.address}/y", 100)
        assert waiting.result().data == b"well"
    times = [at for at, _ in server.asked]
    assert len(times) == 3 and min(times[1:]) - times[0] >= 0.99


def test_a_retry_after_beyond_the_limit_fails_at_once(server):
    hour = Scripted(429, b"", {"Retry-After": "3600"})
    error, asked = error_of(server, hour)
    assert (asked, error.attempts, error.is_transient, error.status) == (1, 1, True, 429)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_transient_statuses_are_retried(server, status):
    error, asked = error_of(server, Scripted(status))
    assert (asked, error.attempts, error.is_transient, error.status) == (3, 3, True, status)
    assert f"HTTP {status}" in str(error) and "(3 attempts)" in str(error)


@pytest.mark.parametrize("status", [300, 304, 400, 401, 403, 404, 410, 418, 501])
def test_permanent_statuses_are_not_retried(server, status):
    error, asked = error_of(server, Scripted(status, b"<html>"))
    assert (asked, error.attempts, error.is_transient, error.status) == (1, 1, False, status)


def test_a_server_that_does_not_respond_times_out(server):
    error, _ = error_of(server, Scripted(silence_s=1), config=FetchConfig(0, 1, timeout_s=0.1))
    assert error.is_transient and "does not respond" in str(error)


def test_an_answer_byte_by_byte_is_limited_in_time(server):
    slow = Scripted(body=b"x" * 1000, drip_s=0.05)
    error, _ = error_of(server, slow, config=FetchConfig(0, 1, longest_s=0.3))
    assert error.is_transient and "too long" in str(error)


@pytest.mark.parametrize(
    "cut",
    [
        Scripted(body=b"half", headers={"Content-Length": "8"}),
        Scripted(
            body=b"8\r\nhalf", headers={"Content-Length": None, "Transfer-Encoding": "chunked"}
        ),
        Scripted(body=gzip.compress(b"whole" * 99)[:-9], headers={"Content-Encoding": "gzip"}),
        Scripted(body=b"no gzip", headers={"Content-Encoding": "gzip"}),
    ],
)
def test_an_incomplete_answer_is_requested_again(server, cut):
    error, asked = error_of(server, cut)
    assert error.is_transient and asked == 3
    server.scripted = {"/x": [cut, Scripted(body=b"whole")]}
    assert fetch(server, "/x").data == b"whole"


def test_compressed_answers_are_decompressed(server):
    compressed = Scripted(body=gzip.compress(b"well"), headers={"Content-Encoding": "gzip"})
    server.scripted = {"/x": [compressed]}
    assert fetch(server, "/x").data == b"well"


@pytest.mark.parametrize(
    "large",
    [
        Scripted(body=b"x" * 101),
        Scripted(body=b"x", headers={"Content-Length": "9" * 30}),
        Scripted(body=b"x" * 101, headers={"Content-Length": None}),
        Scripted(body=gzip.compress(bytes(10_000)), headers={"Content-Encoding": "gzip"}),
    ],
)
def test_an_answer_that_is_too_large_is_refused(server, large):
    error, asked = error_of(server, large, largest_bytes=100)
    assert (asked, error.is_transient) == (1, False)
    assert "larger than" in str(error)


def redirect(to, status=302):
    return Scripted(status, headers={"Location": to})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(server, status):
    server.scripted = {"/x": [redirect("/b c.jpg", status)], "/b%20c.jpg": [Scripted(body=b"well")]}
    answer = fetch(server, "/x")
    assert (answer.data, answer.address) == (b"well", f"{server.address}/b%20c.jpg")


def test_the_body_of_a_redirect_is_not_read(server):
    endless = Scripted(302, b"x", {"Location": "/y", "Content-Length": "9" * 12})
    server.scripted = {"/x": [endless], "/y": [Scripted(body=b"well")]}
    assert fetch(server, "/x").data == b"well"


@pytest.mark.parametrize("to", ["/x", "/y"])
def test_redirect_loops_end(server, to):
    server.scripted["/y"] = [redirect("/x")]
    server.scripted["/x"] = [redirect(to)]
    with pytest.raises(FetchError, match="too many redirects") as caught:
        fetch(server, "/x")
    assert not caught.value.is_transient and len(server.paths) < 8


@pytest.mark.parametrize(
    "to", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "gs://b/x", "//[", "http://a b/"]
)
def test_redirects_to_other_schemes_are_refused(server, to):
    error, asked = error_of(server, redirect(to))
    assert (asked, error.is_transient) == (1, False)


def test_a_port_without_a_server_is_a_transient_error():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(FetchError, match="connection failed") as caught:
        Fetcher(QUICK).fetch(f"http://127.0.0.1:{port}/x", 100)
    assert caught.value.is_transient and caught.value.attempts == 3


def test_a_server_of_another_protocol_is_a_transient_error():
    with socket.create_server(("127.0.0.1", 0)) as other, ThreadPoolExecutor(1) as pool:

        def answer():
            connection, _ = other.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"220 SMTP\r\n")

        pool.submit(answer)
        with pytest.raises(FetchError) as caught:
            Fetcher(FetchConfig(0, 1)).fetch(f"http://127.0.0.1:{other.getsockname()[1]}/x", 100)
    assert caught.value.is_transient


def test_a_file_address_is_refused():
    with pytest.raises(FetchError, match="not http or https") as caught:
        Fetcher(QUICK).fetch("file:///etc/passwd", 100)
    assert not caught.value.is_transient


def test_errors_keep_their_attributes_when_pickled():
    error = pickle.loads(pickle.dumps(FetchError("x; y", True, 4, 429, 2.0)))  # noqa: S301
    assert (str(error), failure_kind(error), error.status) == ("x; y", ("transient", 4), 429)


def source(server, *paths):
    return PageSource("https://example.org/c", tuple(server.address + path for path in paths))


def image_at(server, path):
    return jpeg(server.pages["a"]), server.address + path


def test_the_image_itself_is_downloaded_if_the_service_fails(server):
    small, own = "/iiif/a/full/10,/0/default.jpg", "/a.jpg"
    narrow, address = read_page_bytes(source(server, small, own), QUICK)
    assert server.paths == [small] and narrow != jpeg(server.pages["a"])
    assert address == server.address + small
    too_wide = "/iiif/a/full/999,/0/default.jpg"
    assert read_page_bytes(source(server, too_wide, own), QUICK) == image_at(server, own)
    server.scripted = {small: [Scripted(500)]}
    assert read_page_bytes(source(server, small, own), QUICK) == image_at(server, own)


@pytest.mark.parametrize("body", [b"<!DOCTYPE html><title>Please log in", b'\n {"error": 1}', b""])
def test_html_in_place_of_an_image_is_refused(server, body):
    server.scripted = {"/x": [Scripted(body=body)]}
    assert read_page_bytes(source(server, "/x", "/a.jpg"), QUICK) == image_at(server, "/a.jpg")
    with pytest.raises(FetchError, match="not an image|is empty") as caught:
        read_page_bytes(source(server, "/x"), QUICK)
    assert failure_kind(caught.value) == ("permanent", 1)


def test_a_busy_server_gets_no_request_for_the_other_image(server):
    hour = Scripted(503, b"", {"Retry-After": "3600"})
    server.scripted = {"/x": [hour]}
    with pytest.raises(FetchError, match="HTTP 503"):
        read_page_bytes(source(server, "/x", "/a.jpg"), QUICK)
    assert server.paths == ["/x"]


def test_the_error_lists_all_failed_addresses(server):
    server.scripted = {"/x": [Scripted(500)]}
    with pytest.raises(FetchError, match="HTTP 500.*HTTP 404") as caught:
        read_page_bytes(source(server, "/x", "/none.jpg"), QUICK)
    assert failure_kind(caught.value) == ("transient", 4)


def test_a_fault_of_the_source_is_its_error():
    fault = PageSource("c", (), fault="no image; add one", attempts=5, is_transient=True)
    with pytest.raises(FetchError, match="no image; add one") as caught:
        read_page_bytes(fault, QUICK)
    assert failure_kind(caught.value) == ("transient", 5)


def test_a_page_on_the_web_is_opened_like_one_in_a_file(server, tmp_path):
    remote = source(server, "/a.jpg")
    data, address = fetch_remote(remote, QUICK)
    image = open_image(remote, data)
    assert (address, image.grey.shape) == (remote.addresses[0], (30, 20))
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(server.pages["a"]))
    local = PageSource(str(path), (str(path),))
    assert fetch_remote(local, QUICK) == (b"", "")
    assert open_image(local).sha256 == image.sha256
    with pytest.raises(FetchError, match="f; g"):
        fetch_remote(PageSource("c", (), fault="f; g"), QUICK)


@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
def test_a_file_of_several_pages_on_the_web_is_refused(server, kind):
    grey = np.full((30, 20), 200, np.uint8)
    server.scripted = {
        "/1": [Scripted(body=image_file([grey], kind))],
        "/3": [Scripted(body=image_file([grey] * 3, kind))],
    }
    one, several = (source(server, path) for path in ("/1", "/3"))
    assert open_image(one, fetch_remote(one, QUICK)[0]).grey.min() >= 190
    with pytest.raises(ValueError, match="PDF or TIFF of 3 pages; download it and give the file"):
        open_image(several, fetch_remote(several, QUICK)[0])


def test_only_files_with_another_extension_are_no_images():
    assert is_no_image(PageSource("d/x.xml", ("d/x.xml",)))
    assert not is_no_image(PageSource("d/x.tif#page=2", ("d/x.tif#page=2",)))
    assert not is_no_image(PageSource("d/x.xml", (), fault="x"))


def test_threads_share_the_rate_limit(server):
    fetcher = Fetcher(FetchConfig(requests_per_second=20))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: fetcher.fetch(f"{server.address}/a.jpg", 10_000), range(5)))
    times = [at for at, _ in server.asked]
    assert max(times) - min(times) >= 0.15


def test_files_are_read_unchanged(tmp_path):
    (tmp_path / "x.jpg").write_bytes(b"anything")
    path = str(tmp_path / "x.jpg")
    assert read_page_bytes(PageSource(path, (path,)), QUICK) == (b"anything", path)
    with pytest.raises(OSError, match="y.jpg") as caught:
        read_page_bytes(PageSource("y", (str(tmp_path / "y.jpg"),)), QUICK)
    assert failure_kind(caught.value) == ("permanent", 1)
