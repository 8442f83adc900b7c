"""A lock in a bucket: an object that its holder writes again and again while it lives."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from pipelines.cli.options import GivenUp, OutputBusy
from pipelines.files.bucket import Store, StoredObject

_RENEWED_S = 30.0
# A holder that has not written for so long is dead, or cannot reach the bucket any more.
EXPIRES_S = 300.0


class LockLost(GivenUp):
    """Another run has taken the lock."""


@contextmanager
def bucket_lock(store: Store, uri: str, holder: str) -> Iterator[BucketLock]:
    """Hold a lock while the context lasts.

    Times are compared by the clock of the store alone.

    Args:
        store: The store.
        uri: The object.
        holder: Which process this is.

    Yields:
        The lock.

    Raises:
        UsageError: If another run holds it.
    """
    token = json.dumps({"holder": holder, "token": secrets.token_hex(8)}).encode()
    version = store.create(uri, token) or _take_over(store, uri, token)
    lock = BucketLock(store, uri, token, version)
    try:
        yield lock
    finally:
        lock.release()


def _take_over(store: Store, uri: str, token: bytes) -> str:
    """Take a lock whose holder has died, and return its version.

    Raises:
        UsageError: If its holder lives, or another process was faster.
    """
    found = store.read(uri)
    if found is None:
        version = store.create(uri, token)
    else:
        age = _now(store, uri) - found.written
        if age < timedelta(seconds=EXPIRES_S):
            left_s = EXPIRES_S - age.total_seconds()
            raise OutputBusy(
                f"{uri}: another run ({_holder(found)}) writes here; wait for it. If it was "
                f"killed, its lock expires in {max(1, round(left_s / 60))} min"
            )
        version = store.create(uri, token, found.version)
    if not version:
        raise OutputBusy(f"{uri}: another run has just begun here; wait for it")
    return version


def _holder(found: StoredObject) -> str:
    try:
        return str(json.loads(found.content)["holder"])
    # An earlier version wrote the name alone.
    except (ValueError, KeyError, TypeError):
        return found.content.decode(errors="replace")


def _now(store: Store, uri: str) -> datetime:
    """Return the time by the clock of the store, which sets the times of its objects."""
    probe = f"{uri}.clock-{secrets.token_hex(4)}"
    store.create(probe, b"")
    written = store.read(probe)
    store.delete(probe)
    return written.written


class BucketLock:
    """A lock that this process holds, and renews until it is released.

    Args:
        store: The store.
        uri: The object.
        token: Its content.
        version: Its version.
    """

    def __init__(self, store: Store, uri: str, token: bytes, version: str):
        self._store, self._uri, self._token, self._version = store, uri, token, version
        self._is_lost, self._stopped = False, threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lock", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Check that the lock is still held, before what only one run may do, such as publishing.

        Raises:
            LockLost: If another run has taken it.
        """
        found = None if self._is_lost else self._store.read(self._uri)
        if found is None or found.content != self._token:
            self._is_lost = True
            raise LockLost(
                f"{self._uri}: another run has taken the lock, as this one could not reach the "
                "bucket for minutes; run the same command again"
            )

    def release(self) -> None:
        """Give the lock back."""
        self._stopped.set()
        self._thread.join()
        with suppress(LockLost):
            self.check()
            self._store.delete(self._uri)

    def _renew(self) -> None:
        while not self._stopped.wait(_RENEWED_S):
            # What cannot be reached now is tried again; `check` decides.
            with suppress(Exception):
                version = self._store.create(self._uri, self._token, self._version)
                self._is_lost = not version
                if self._is_lost:
                    return
                self._version = version
