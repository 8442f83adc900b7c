"""Servers of other programs, started for a test."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Sequence


def free_port() -> int:
    """Return a port of this machine that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def await_port(port: int, processes: Sequence[subprocess.Popen]) -> None:
    """Wait until somebody listens at a port, as long as the processes that may do so run."""
    for _ in range(600):
        try:
            return socket.create_connection(("localhost", port), 1).close()
        except OSError:
            assert all(process.poll() is None for process in processes)
            time.sleep(0.2)
    raise AssertionError(f"nobody listens at {port}")
