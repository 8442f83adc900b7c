"""Runs on servers that stand in for Google's storage and for S3, over HTTP.

`make test-buckets` installs both: fake-gcs-server and moto's server
Elsewhere a store whose server is not installed is skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.fakes import write_fake_bundle
from tests.pipelines.drawn_archive import write_page
from tests.pipelines.servers import await_port, free_port

REPOSITORY = Path(__file__).resolve().parents[2]
BUCKET = "archive"


def _google(port: int) -> tuple[list[str], dict[str, str]]:
    program = os.environ.get("FAKE_GCS_SERVER") or shutil.which("fake-gcs-server")
    if not program:
        pytest.skip("needs fake-gcs-server")
    pytest.importorskip("google.cloud.storage")
    place = f"127.0.0.1:{port}"
    command = [program, "-scheme", "http", "-host", "127.0.0.1", "-port", str(port)]
    command += ["-public-host", place, "-backend", "memory"]
    return command, {"STORAGE_EMULATOR_HOST": f"http://{place}"}


def _amazon(port: int) -> tuple[list[str], dict[str, str]]:
    pytest.importorskip("moto.server")
    pytest.importorskip("boto3")
    environment = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    environment |= {"AWS_DEFAULT_REGION": "us-east-1"}
    environment |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}
    return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], environment


@pytest.fixture(params=["gs", "s3"], scope="module")
def store(request, tmp_path_factory):
    """Address of a bucket, and the environment of commands that use it."""
    port = free_port()
    command, variables = {"gs": _google, "s3": _amazon}[request.param](port)
    environment = os.environ | variables | {"XDG_CACHE_HOME": str(tmp_path_factory.mktemp("c"))}
    log = open(tmp_path_factory.mktemp("log") / "log", "w")  # noqa: SIM115
    server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        await_port(port, [server])
        _in_bucket(environment, f"make {request.param}")
        yield f"{request.param}://{BUCKET}", environment
    finally:
        server.kill()
        server.wait()
        log.close()


# Run in a process of its own: clients take the server from the environment as they are made.
_SCRIPT = """
import sys
what, *arguments = sys.argv[1:]
if what == "make gs":
    from google.cloud import storage
    storage.Client.create_anonymous_client().create_bucket("archive", project="p")
elif what == "make s3":
    import boto3
    boto3.client("s3").create_bucket(Bucket="archive")
elif what == "put":
    from pathlib import Path
    from pipelines.files.filesystem import write_bytes
    folder, uri = arguments
    for path in sorted(Path(folder).rglob("*")):
        if path.is_file():
            write_bytes(f"{uri}/{path.relative_to(folder)}", path.read_bytes())
elif what == "get":
    from pathlib import Path
    from apache_beam.io.filesystems import FileSystems
    from pipelines.cli.processes import give_options
    from pipelines.files.filesystem import read_bytes
    give_options()
    uri, folder = arguments
    for metadata in FileSystems.match([f"{uri}/**"])[0].metadata_list:
        path = Path(folder, metadata.path.removeprefix(f"{uri}/"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(read_bytes(metadata.path))
"""


def _in_bucket(environment, *arguments: str) -> None:
    command = [sys.executable, "-c", _SCRIPT, *arguments]
    subprocess.run(command, env=environment, cwd=REPOSITORY, check=True, capture_output=True)


def run(environment, verb: str, *flags: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", f"pipelines.{verb}", *flags]
    return subprocess.run(
        command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Three pages, one of them damaged, a model, and what is read of them on a disk."""
    folder = tmp_path_factory.mktemp("archive")
    for number in range(2):
        write_page(folder / "in", f"p{number}")
    (folder / "in" / "bad.jpg").write_bytes(b"no image")
    write_fake_bundle(folder / "m")
    inputs = ["--input", str(folder / "in"), "--model", str(folder / "m")]
    done = run(dict(os.environ), "transcribe", *inputs, "--output", str(folder / "out"))
    assert done.returncode == 3, done.stderr
    return folder


def rows(folder: Path) -> list:
    from pipelines.transcripts.tables import open_tables

    connection = open_tables(str(folder))
    return [
        connection.sql(f"SELECT {columns} FROM {table} ORDER BY ALL").fetchall()
        for table, columns in (
            ("all_lines", "parse_filename(page_uri), line_id, text, confidence"),
            ("all_pages", "parse_filename(page_uri), status, lines_ok, change"),
            ("all_failures", "parse_filename(uri), stage"),
            ("runs", "pages_in, pages_ok, pages_failed, lines_in, status"),
        )
    ]


def test_input_model_and_output_in_a_bucket_give_the_rows_of_a_disk(store, archive, tmp_path):
    bucket, environment = store
    place = f"{bucket}/{uuid.uuid4().hex}"
    _in_bucket(environment, "put", str(archive / "in"), f"{place}/in")
    _in_bucket(environment, "put", str(archive / "m"), f"{place}/m")
    flags = ["--input", f"{place}/in", "--model", f"{place}/m", "--output", f"{place}/out"]
    done = run(environment, "transcribe", *flags)
    assert done.returncode == 3, done.stderr
    assert "2 new, 0 changed" in done.stdout and "Traceback" not in done.stderr
    assert f"{place}/m has no model.int8.onnx" in done.stdout
    _in_bucket(environment, "get", f"{place}/out", str(tmp_path / "out"))
    assert rows(tmp_path / "out") == rows(archive / "out")
    # The lock and what was unfinished are gone, and nothing is read again.
    assert not [path for path in (tmp_path / "out").rglob("*") if ".unfinished" in str(path)]
    again = run(environment, "transcribe", *flags)
    assert "2 unchanged" in again.stdout, again.stderr


def test_a_second_run_is_refused_while_the_lock_is_fresh(store, archive):
    bucket, environment = store
    place = f"{bucket}/{uuid.uuid4().hex}"
    (lock := archive / "lock" / ".unfinished").mkdir(parents=True, exist_ok=True)
    (lock / "lock").write_text('{"holder": "another machine", "token": "x"}')
    _in_bucket(environment, "put", str(archive / "lock"), f"{place}/out")
    inputs = ["--input", str(archive / "in"), "--model", str(archive / "m")]
    done = run(environment, "transcribe", *inputs, "--output", f"{place}/out")
    assert done.returncode == 4 and done.stderr.count("\n") == 1
    assert "another run (another machine) writes here" in done.stderr
    assert "its lock expires in 5 min" in done.stderr
