"""Locks in a bucket: objects that their holders write again and again while they live.

A lock is held by one process. Marks beside it, `lock.shared-TOKEN`, are held by processes that
work together; they and the lock exclude each other: each writes its own object first, and looks
for the others' then, so that of two that come at the same instant at least one sees the other.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from pipelines.buckets.store import Store, StoredObject
from pipelines.cli.interruption import is_interrupted
from pipelines.cli.options import GivenUp, OutputBusy

_RENEWED_S = 30.0
# A holder that has not written for so long is dead, or cannot reach the bucket any more.
EXPIRES_S = 300.0
_POLL_S = 1.0
_SHARED = ".shared-"
# In place of the lock of a dead process, so that it cannot go on if it was only suspended.
_FREE = json.dumps({"free": True}).encode()


class LockLost(GivenUp):
    """Another run has taken the lock."""


class LockTaken(OutputBusy):
    """Another process holds a lock.

    Attributes:
        holder: Which one.
    """

    def __init__(self, message: str, holder: str):
        super().__init__(message)
        self.holder = holder


@contextmanager
def bucket_lock(
    store: Store,
    uri: str,
    holder: str,
    refusal: str = "{place}: another run ({other}) writes here; wait for it",
    waits: bool = False,
) -> Iterator[BucketLock]:
    """Hold a lock while the context lasts.

    Times are compared by the clock of the store alone.

    Args:
        store: The store.
        uri: The object.
        holder: Which process this is.
        refusal: What is said of another holder, in place of '{other}', and of '{place}', the lock.
        waits: Whether to wait until it is known whether the other holder lives: it writes its
            lock again, or that expires.

    Yields:
        The lock.

    Raises:
        UsageError: If another run holds it.
    """
    token = secrets.token_hex(8)
    version = _acquire(store, uri, _content(holder, token), refusal, waits)
    lock = BucketLock(store, uri, holder, token, version)
    try:
        yield lock
    finally:
        lock.release()


@contextmanager
def shared_mark(store: Store, uri: str, holder: str, refusal: str) -> Iterator[BucketLock]:
    """Hold a mark beside a lock while the context lasts; arguments as for `bucket_lock`.

    Raises:
        UsageError: If another process holds the lock.
    """
    own = f"{uri}{_SHARED}{secrets.token_hex(8)}"
    with bucket_lock(store, own, holder) as mark:
        while found := store.read(uri):
            if _is_free(found):
                break
            if not _is_expired(store, uri, found):
                raise _taken(found, uri, refusal, _left_s(store, uri, found))
            # Its holder is dead, or will notice.
            store.create(uri, _FREE, found.version)
        yield mark


def refuse_shared(store: Store, uri: str, refusal: str) -> None:
    """Check that no process holds a mark beside a lock that this process holds.

    Marks of dead processes are deleted.

    Raises:
        UsageError: If one does.
    """
    for mark in list(store.names(f"{uri}{_SHARED}")):
        found = store.read(mark)
        if found is None:
            continue
        if not _is_expired(store, mark, found):
            raise _taken(found, uri, refusal, _left_s(store, mark, found))
        store.delete(mark)


def _acquire(store: Store, uri: str, content: bytes, refusal: str, waits: bool) -> str:
    """Create a lock, or take one whose holder has died, and return its version.

    Raises:
        UsageError: If its holder lives, or another process was faster.
    """
    met: StoredObject | None = None
    while True:
        if version := store.create(uri, content):
            return version
        found = store.read(uri)
        if found is None:
            continue
        if _is_free(found) or _is_expired(store, uri, found):
            if version := store.create(uri, content, found.version):
                return version
            raise LockTaken(f"{uri}: another run has just begun here; wait for it", "another run")
        lives = met is not None and met.version != found.version
        if not waits or lives:
            raise _taken(found, uri, refusal, None if lives else _left_s(store, uri, found))
        met = met or found
        if is_interrupted():
            raise RuntimeError("interrupted")
        time.sleep(_POLL_S)


def _taken(found: StoredObject, uri: str, refusal: str, left_s: float | None) -> LockTaken:
    other = _holder(found)
    said = refusal.format(place=uri, other=other)
    if left_s is not None:
        minutes = max(1, round(left_s / 60))
        said += f". If it was killed, its lock expires in {minutes} min"
    return LockTaken(said, other)


def _content(holder: str, token: str, renewals: int = 0) -> bytes:
    # In S3 the version of an object is a digest of its content.
    return json.dumps({"holder": holder, "token": token, "renewals": renewals}).encode()


def _value(found: StoredObject, name: str) -> object:
    try:
        return json.loads(found.content)[name]
    # An earlier version wrote the name of the holder alone.
    except (ValueError, KeyError, TypeError):
        return None


def _holder(found: StoredObject) -> str:
    return str(_value(found, "holder") or found.content.decode(errors="replace"))


def _is_free(found: StoredObject) -> bool:
    return _value(found, "free") is True


def _is_expired(store: Store, uri: str, found: StoredObject) -> bool:
    return _left_s(store, uri, found) <= 0


def _left_s(store: Store, uri: str, found: StoredObject) -> float:
    """Return the seconds after which a lock expires that is not written again."""
    return EXPIRES_S - (_now(store, uri) - found.written) / timedelta(seconds=1)


def _now(store: Store, uri: str) -> datetime:
    """Return the time by the clock of the store, which sets the times of its objects."""
    probe = f"{uri.rpartition('/')[0]}/.clock-{secrets.token_hex(8)}"
    store.create(probe, b"")
    written = store.read(probe)
    store.delete(probe)
    return written.written


class BucketLock:
    """A lock that this process holds, and renews until it is released.

    Args:
        store: The store.
        uri: The object.
        holder: Which process this is.
        token: Tells it from all other holders.
        version: Version of the object.
    """

    def __init__(self, store: Store, uri: str, holder: str, token: str, version: str):
        self._store, self._uri, self._holder, self._token = store, uri, holder, token
        self._version, self._renewals = version, 0
        self._is_lost, self._stopped = False, threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lock", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Check that the lock is still held, before what only one run may do, such as publishing.

        Raises:
            LockLost: If another run has taken it.
        """
        found = None if self._is_lost else self._store.read(self._uri)
        if found is None or _value(found, "token") != self._token:
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
                content = _content(self._holder, self._token, self._renewals + 1)
                version = self._store.create(self._uri, content, self._version)
                self._is_lost = not version
                if self._is_lost:
                    return
                self._version, self._renewals = version, self._renewals + 1
