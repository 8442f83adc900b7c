"""What is wrong with a bucket is said in one line, before anything is written."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipelines.buckets import faults
from pipelines.buckets.faults import bucket_fault
from tests.pipelines.buckets.bucket_servers import open_store
from tests.pipelines.servers import free_port


class _Refusing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _refuse(self) -> None:
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = do_PUT = do_HEAD = _refuse  # noqa: N815

    def log_message(self, *_) -> None:
        """Say nothing."""


@contextmanager
def at(bucket, patch, port):
    """Let `bucket_fault` ask another server."""
    name = next(name for name, value in bucket.variables.items() if value.startswith("http"))
    patch.setenv(name, f"http://127.0.0.1:{port}")
    patch.setattr(faults, "store_of", lambda uri: open_store(bucket.scheme))
    yield


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, "no credentials for {scheme}:// "),
        (403, "access to the bucket archive is forbidden; ask for the right to list, read and wri"),
        (404, "there is no such bucket archive; check the name, or create it"),
    ],
)
def test_a_store_that_refuses(bucket, monkeypatch, status, expected):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Refusing)
    server.status = status
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with at(bucket, monkeypatch, server.server_port):
        assert bucket_fault(f"{bucket.uri}/x").startswith(expected.format(scheme=bucket.scheme))
    server.shutdown()
    server.server_close()


def test_a_store_that_does_not_answer(bucket, monkeypatch):
    monkeypatch.setattr(faults, "_LIMIT_S", 2.0)
    with at(bucket, monkeypatch, free_port()):
        assert bucket_fault(f"{bucket.uri}/x").startswith("the store does not answer (")


def test_without_credentials(bucket, monkeypatch):
    if bucket.scheme == "gs":
        pytest.skip("a server that stands in for Google's asks for none")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setattr(faults, "store_of", lambda uri: open_store("s3"))
    fault = bucket_fault(f"{bucket.uri}/x")
    assert fault.startswith("no credentials for s3:// were found; set AWS_ACCESS_KEY_ID and")


def test_buckets_folders_and_objects(bucket, monkeypatch):
    monkeypatch.setattr(faults, "store_of", lambda uri: bucket.store)
    place = bucket.place()
    bucket.store.write(f"{place}/file", b"x")
    assert bucket_fault(f"{place}/new", is_folder=True) == ""
    assert bucket_fault(f"{place}/fi*e") == ""
    assert bucket_fault(f"{place}/file", is_folder=True).startswith("is an object, no folder")
    assert bucket_fault(bucket.uri) == ""
    assert bucket_fault(bucket.uri, is_folder=True).startswith("is a whole bucket; give a folder")
    assert bucket_fault(f"{bucket.scheme}:///x").startswith("names no bucket; write")
    assert "there is no such bucket nowhere" in bucket_fault(f"{bucket.scheme}://nowhere/x")
    # What is not in a bucket that keeps conditions is not asked for.
    assert bucket_fault("out/transcripts") == bucket_fault("https://example.org/x") == ""


def test_a_command_says_it_in_one_line(bucket, archive):
    where = f"{bucket.scheme}://nowhere/out"
    done = bucket.run("lines", f"--input={archive / 'in'}", f"--output={where}")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == (
        f"--output {where}: there is no such bucket nowhere; check the name, or create it\n"
    )


def test_flags_of_beam_reach_the_lock_and_the_worker_processes(bucket, archive, monkeypatch):
    if bucket.scheme == "gs":
        pytest.skip("the flags are those of S3")
    place = bucket.place()
    bucket.put(archive / "in", f"{place}/in")
    told = bucket.variables
    flags = [
        f"--s3_endpoint_url={told['AWS_ENDPOINT_URL']}",
        f"--s3_region_name={told['AWS_DEFAULT_REGION']}",
        f"--s3_access_key_id={told['AWS_ACCESS_KEY_ID']}",
        f"--s3_secret_access_key={told['AWS_SECRET_ACCESS_KEY']}",
    ]
    for name in told:
        monkeypatch.delenv(name, raising=False)
    without = type(bucket)(bucket.scheme, {}, bucket.store, bucket.cache)
    places = [f"--input={place}/in", f"--model={archive / 'm'}", f"--output={place}/out"]
    done = without.run("transcribe", *places, "--jobs=2", "--max_failure_rate=1", *flags)
    assert done.returncode == 0, done.stderr
    assert " = 7 ok + 1 failed + 7 skipped" in done.stdout
