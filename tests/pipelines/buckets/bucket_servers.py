"""Servers that stand in for Google's storage and for S3, over HTTP, and commands that use them.

`make test-buckets` installs both: fake-gcs-server and moto's server.
Elsewhere a store whose server is not installed is skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.buckets.store import Store
from tests.pipelines.servers import await_port, free_port

REPOSITORY = Path(__file__).resolve().parents[3]
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


def open_store(scheme: str) -> Store:
    """Return a store whose client is made now, for the server that the environment names."""
    if scheme == "gs":
        from pipelines.buckets.google import GoogleStore

        return GoogleStore()
    from pipelines.buckets.amazon import AmazonStore

    return AmazonStore()


@dataclass(frozen=True)
class Bucket:
    """A bucket on a server.

    Attributes:
        scheme: Scheme of its address.
        variables: Variables of the environment that lead to the server.
        store: The store in this process.
        cache: Folder of copies, for commands.
    """

    scheme: str
    variables: dict[str, str]
    store: Store
    cache: Path

    @property
    def uri(self) -> str:
        """Its address."""
        return f"{self.scheme}://{BUCKET}"

    def place(self) -> str:
        """Return a folder in it that nobody has written to."""
        return f"{self.uri}/{uuid.uuid4().hex}"

    def put(self, folder: Path, uri: str) -> str:
        """Copy the files of a folder into a folder of the bucket; return that."""
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.store.write(f"{uri}/{path.relative_to(folder)}", path.read_bytes())
        return uri

    def get(self, uri: str, folder: Path) -> Path:
        """Copy the objects of a folder of the bucket into a folder; return that."""
        for name in self.store.names(f"{uri}/"):
            path = folder / name.removeprefix(f"{uri}/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.store.read(name).content)
        return folder

    def names(self, uri: str) -> list[str]:
        """Return the names of the objects in a folder of the bucket."""
        return [name.removeprefix(f"{uri}/") for name in self.store.names(f"{uri}/")]

    @property
    def environment(self) -> dict[str, str]:
        """Environment of a command that uses the bucket."""
        return os.environ | self.variables | {"XDG_CACHE_HOME": str(self.cache)}

    def start(self, verb: str, *flags: str, module: str = "", **variables: str) -> subprocess.Popen:
        """Start a command, or another module that is called like one."""
        command = [sys.executable, "-m", module or f"pipelines.{verb}", *[verb] * bool(module)]
        return subprocess.Popen(
            [*command, *flags],
            env=self.environment | variables,
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, verb: str, *flags: str, module: str = "", **variables: str):
        """Run a command, or another module that is called like one."""
        child = self.start(verb, *flags, module=module, **variables)
        out, err = child.communicate(timeout=300)
        return subprocess.CompletedProcess(child.args, child.returncode, out, err)


@contextmanager
def serving(scheme: str, folder: Path) -> Iterator[Bucket]:
    """Run a server with a bucket.

    Args:
        scheme: gs or s3.
        folder: For its log, and copies that commands make.
    """
    port = free_port()
    command, variables = {"gs": _google, "s3": _amazon}[scheme](port)
    with open(folder / "log", "w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            await_port(port, [server])
            with pytest.MonkeyPatch.context() as patch:
                for name, value in variables.items():
                    patch.setenv(name, value)
                _make_bucket(scheme)
                yield Bucket(scheme, variables, open_store(scheme), folder / "cache")
        finally:
            server.kill()
            server.wait()


def _make_bucket(scheme: str) -> None:
    if scheme == "gs":
        from google.cloud import storage

        storage.Client.create_anonymous_client().create_bucket(BUCKET, project="p")
    else:
        import boto3

        boto3.client("s3").create_bucket(Bucket=BUCKET)
