"""What answers at the address of a Flink cluster, in a test."""

from __future__ import annotations

import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import apache_beam as beam

VERSION = "1.20.1"


def overview(version: str = VERSION, task_managers: int = 2, slots: int = 8, free: int = 6) -> str:
    """Return what Flink's REST service says of its cluster."""
    # Recorded from Flink 1.20 and 2.2, the numbers of jobs left out.
    facts = {"taskmanagers": task_managers, "slots-total": slots, "slots-available": free}
    return json.dumps({**facts, "flink-version": version, "flink-commit": "deca765"})


@contextmanager
def answering(text: str, status: int = 200) -> Iterator[str]:
    """Answer every request with a text.

    Yields:
        The address, as host:port.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = text.encode() if self.path == "/overview" else b""
            self.send_response(status if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def write_jar(
    folder: Path, flink: str = "1.20", version: str = beam.__version__, java: int = 11
) -> Path:
    """Write a file with what is looked at in the jar of a job server."""
    path = folder / f"beam-runners-flink-{flink}-job-server-{version}.jar"
    with zipfile.ZipFile(path, "w") as jar:
        header = b"\xca\xfe\xba\xbe\0\0" + (44 + java).to_bytes(2, "big")
        jar.writestr("org/apache/beam/runners/flink/FlinkJobServerDriver.class", header)
        jar.writestr("org/apache/beam/sdk/sdk.properties", f"version={version}\nbuild.date=x\n")
    return path


def write_java(folder: Path, says: str) -> Path:
    """Write a program that prints a version as Java does."""
    path = folder / "java"
    path.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
    path.chmod(0o755)
    return path
