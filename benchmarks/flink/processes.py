"""Processes of other programs, each with a log, that are stopped together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

# How long a process may take to end once it is asked to.
_END_S = 20.0


class StepFailed(Exception):
    """A step could not be done; the message says why, and how to go on."""


class Processes:
    """Processes that end when the block ends.

    Args:
        folder: Folder for their logs.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._started: dict[str, subprocess.Popen] = {}

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        """Start a process.

        Args:
            name: Name of its log, without ending.
            command: Program and arguments.
            environment: Variables besides those of this process.

        Raises:
            StepFailed: If the program is not there.
        """
        with open(self.log_of(name), "wb") as log:
            try:
                self._started[name] = subprocess.Popen(
                    list(command),
                    env={**os.environ, **(environment or {})},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    # With what it starts, so that this can be stopped, too.
                    start_new_session=True,
                )
            except OSError as error:
                raise StepFailed(f"{command[0]}: {error.strerror}; install it") from None

    def log_of(self, name: str) -> Path:
        """Return the log of a process."""
        return self._folder / f"{name}.log"

    def wait_for(self, what: str, is_so: Callable[[], bool], limit_s: float) -> None:
        """Wait until something is so.

        Args:
            what: What is waited for, for the message.
            is_so: Asks whether it is so.
            limit_s: How long to wait.

        Raises:
            StepFailed: If it takes longer, or one of the processes ends meanwhile.
        """
        end = time.monotonic() + limit_s
        while not is_so():
            for name, process in self._started.items():
                if process.poll() is not None:
                    raise StepFailed(
                        f"{what}: {name} ended with status {process.returncode}: "
                        f"{_last_words(self.log_of(name))}; see {self.log_of(name)}"
                    )
            if time.monotonic() > end:
                raise StepFailed(
                    f"{what}: not within {limit_s:.0f} seconds; see the logs in {self._folder}"
                )
            time.sleep(0.2)

    def stop(self) -> None:
        """End all processes and what they started; those that do not end in time are killed."""
        for process in reversed(self._started.values()):
            _signal(process, signal.SIGTERM)
        end = time.monotonic() + _END_S
        for process in self._started.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, end - time.monotonic()))
            _signal(process, signal.SIGKILL)
            process.wait()
        self._started.clear()


def _signal(process: subprocess.Popen, number: signal.Signals) -> None:
    # The group may outlive the process, or be gone.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines()]
    # A trace of Java's stack says less than what is above it.
    said = [line for line in lines if line and not line.startswith(("at ", "..."))]
    causes = [line for line in said if line.startswith("Caused by: ")]
    return (causes or said or ["it said nothing"])[-1][:200]


def free_port() -> int:
    """Return a port of this machine that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def require_free(port: int, flag: str) -> None:
    """Check that nobody uses a port.

    Args:
        port: The port.
        flag: The flag that gives it.

    Raises:
        StepFailed: If somebody does.
    """
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        reason = os.strerror(error.errno)
        raise StepFailed(
            f"port {port}: {reason}; stop what uses it, or give another one by {flag}"
        ) from None


def answers(port: int) -> bool:
    """Return whether somebody listens at a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
