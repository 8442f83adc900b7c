"""A lock in a bucket: one holder, which may die, and whose clock does not matter."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipelines.cli.options import GivenUp, UsageError
from pipelines.files import bucket_lock as module
from pipelines.files.bucket_lock import EXPIRES_S, bucket_lock, refuse_shared, shared_mark
from tests.pipelines.buckets.memory_store import MemoryStore

URI = "gs://archive/out/.unfinished/lock"


@pytest.fixture
def store():
    return MemoryStore()


def test_a_lock_is_held_by_one_and_given_back(store):
    with bucket_lock(store, URI, "a, process 1") as lock:
        lock.check()
        with (
            pytest.raises(UsageError, match=r"another run \(a, process 1\) .* expires in 5 min"),
            bucket_lock(store, URI, "b, process 2"),
        ):
            pass
        lock.check()
    assert store.objects == {}
    with bucket_lock(store, URI, "b, process 2"):
        pass


def test_an_error_gives_the_lock_back(store):
    with pytest.raises(ValueError, match="broken"), bucket_lock(store, URI, "a"):
        raise ValueError("broken")
    assert store.objects == {}


def test_of_many_that_start_at_once_one_gets_the_lock(store):
    def hold(number: int) -> bool:
        try:
            with bucket_lock(store, URI, str(number)):
                time.sleep(0.2)
        except UsageError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(hold, range(8))) == 1
    assert store.objects == {}


@pytest.mark.parametrize("content", [b'{"holder": "a", "token": "x"}', b"a", b"[1]"])
def test_the_lock_of_a_dead_process_expires(store, content):
    store.write(URI, content)
    store.wait(EXPIRES_S - 70)
    with (
        pytest.raises(UsageError, match="its lock expires in 1 min"),
        bucket_lock(store, URI, "b"),
    ):
        pass
    store.wait(80)
    with bucket_lock(store, URI, "b") as lock:
        lock.check()
    assert store.objects == {}


def test_a_living_holder_renews_its_lock(store, monkeypatch):
    monkeypatch.setattr(module, "_RENEWED_S", 0.02)
    with bucket_lock(store, URI, "a") as lock:
        for _ in range(3):
            store.wait(EXPIRES_S)
            time.sleep(0.3)
        with pytest.raises(UsageError, match="another run"), bucket_lock(store, URI, "b"):
            pass
        lock.check()


def test_a_holder_that_was_away_for_long_does_not_publish(store, monkeypatch):
    monkeypatch.setattr(module, "_RENEWED_S", 0.02)
    with bucket_lock(store, URI, "a") as lock:
        # The process is suspended, as seen from the store.
        lock._stopped.set()
        lock._thread.join()
        store.wait(EXPIRES_S + 1)
        with bucket_lock(store, URI, "b") as other:
            with pytest.raises(GivenUp, match="another run has taken the lock"):
                lock.check()
            other.check()
            # What the first one gives back is not the lock of the second.
            lock.release()
            other.check()
    assert store.objects == {}


def test_a_bucket_that_does_not_answer_for_a_moment_loses_nothing(store, monkeypatch):
    monkeypatch.setattr(module, "_RENEWED_S", 0.02)
    with bucket_lock(store, URI, "a") as lock:
        store.is_reachable = False
        time.sleep(0.2)
        store.is_reachable = True
        time.sleep(0.2)
        lock.check()
    assert store.objects == {}


REFUSAL = "{place}: another run ({other}) writes here"


def test_marks_stand_side_by_side_and_keep_a_run_alone_out(store):
    with (
        shared_mark(store, URI, "part 1", REFUSAL),
        shared_mark(store, URI, "part 2", REFUSAL),
        bucket_lock(store, URI, "alone"),
        pytest.raises(UsageError, match=r"another run \(part \d\) writes here"),
    ):
        refuse_shared(store, URI, REFUSAL)
    with bucket_lock(store, URI, "alone"):
        refuse_shared(store, URI, REFUSAL)
        with (
            pytest.raises(UsageError, match=r"another run \(alone\) writes here"),
            shared_mark(store, URI, "part 1", REFUSAL),
        ):
            pass
    assert store.objects == {}


def test_the_mark_of_a_dead_part_expires(store):
    store.write(f"{URI}.shared-1", b'{"holder": "part 1", "token": "x"}')
    with bucket_lock(store, URI, "alone"):
        with pytest.raises(UsageError, match=r"part 1.* its lock expires in 5 min"):
            refuse_shared(store, URI, REFUSAL)
        store.wait(EXPIRES_S + 1)
        refuse_shared(store, URI, REFUSAL)
    assert store.objects == {}


def test_a_run_alone_that_was_suspended_does_not_go_on_beside_a_part(store, monkeypatch):
    monkeypatch.setattr(module, "_RENEWED_S", 1e6)
    with bucket_lock(store, URI, "alone") as lock:
        store.wait(EXPIRES_S + 1)
        with shared_mark(store, URI, "part 1", REFUSAL) as mark:
            mark.check()
            with pytest.raises(GivenUp, match="another run has taken the lock"):
                lock.check()
    # What is left says that the lock is free.
    assert list(store.objects) == [URI]
    with bucket_lock(store, URI, "alone again") as lock:
        lock.check()
    assert store.objects == {}


def test_of_parts_and_a_run_alone_at_the_same_instant_never_both_are_at_work(store):
    at_work: list[str] = []

    def alone(_) -> str:
        try:
            with bucket_lock(store, URI, "alone") as lock:
                refuse_shared(store, URI, REFUSAL)
                lock.check()
                at_work.append("alone")
                time.sleep(0.01)
                assert {*at_work} == {"alone"}
                at_work.remove("alone")
        except UsageError:
            return "refused"
        return "done"

    def part(_) -> str:
        try:
            with shared_mark(store, URI, "part", REFUSAL):
                at_work.append("part")
                time.sleep(0.01)
                assert {*at_work} == {"part"}
                at_work.remove("part")
        except UsageError:
            return "refused"
        return "done"

    with ThreadPoolExecutor(8) as threads:
        ends = [*threads.map(alone, range(40)), *threads.map(part, range(40))]
        futures = [threads.submit(what, 0) for _ in range(100) for what in (alone, part)]
        ends += [future.result() for future in futures]
    assert "done" in ends
    assert store.objects == {}


def test_a_lock_that_is_written_again_is_that_of_a_living_process(store, monkeypatch):
    monkeypatch.setattr(module, "_POLL_S", 0.01)
    monkeypatch.setattr(module, "_RENEWED_S", 0.05)
    with (
        bucket_lock(store, URI, "a"),
        pytest.raises(UsageError, match=r"another run \(a\) writes here; wait for it$"),
        bucket_lock(store, URI, "b", waits=True),
    ):
        pass


def test_a_dead_process_is_waited_for(store, monkeypatch):
    monkeypatch.setattr(module, "_POLL_S", 0.01)
    store.write(URI, b'{"holder": "a", "token": "x"}')
    threading.Timer(0.2, lambda: store.wait(EXPIRES_S + 1)).start()
    with bucket_lock(store, URI, "b", waits=True) as lock:
        lock.check()
    assert store.objects == {}
