"""A Flink cluster, asked of its REST service, and whether it still answers during a run."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

import apache_beam as beam
from apache_beam.options.pipeline_options import (
    FlinkRunnerOptions,
    PipelineOptions,
    PortableOptions,
)

from pipelines.cli.options import GivenUp, UsageError
from pipelines.engines.job_server import prepare_job_server

# Beam starts a cluster of its own for these, so that there is none to ask.
_BEAMS_OWN = ("[auto]", "[local]")
_ANSWER_S = 10.0
_ASK_EVERY_S = 15.0
# Longer than a JobManager needs to start again.
_GONE_S = 180.0
_OWN_SIGNAL = signal.SIGUSR1


@dataclass(frozen=True)
class Cluster:
    """A Flink cluster.

    Attributes:
        version: Its version, such as `1.20.1`.
        task_managers: Number of its task managers.
        slots: Number of their slots.
        free_slots: Number of the slots that no job uses.
    """

    version: str
    task_managers: int
    slots: int
    free_slots: int

    @property
    def minor_version(self) -> str:
        """The version without its last part, as Beam names it: `1.20`."""
        return ".".join(self.version.split(".")[:2])


def parse_overview(text: bytes) -> Cluster | None:
    """Read what Flink's REST service answers at `/overview`.

    Args:
        text: The answer.

    Returns:
        The cluster; None if it is not Flink that answered.

    Example:
        >>> parse_overview(b'{"flink-version": "1.20.1", "taskmanagers": 2, "slots-total": 8, '
        ...                b'"slots-available": 6}')
        Cluster(version='1.20.1', task_managers=2, slots=8, free_slots=6)
        >>> parse_overview(b"<html>") is None
        True
    """
    try:
        said = json.loads(text)
        numbers = (said[name] for name in ("taskmanagers", "slots-total", "slots-available"))
        return Cluster(str(said["flink-version"]), *map(int, numbers))
    except (ValueError, KeyError, TypeError):
        return None


def ask_cluster(address: str) -> Cluster:
    """Ask a Flink cluster for its version and slots.

    Args:
        address: Of its REST service, `host:port`, with or without `http://`.

    Raises:
        UsageError: If nobody answers, or it is no Flink.
    """
    url = address if "://" in address else f"http://{address}"
    # The job server, in Java, goes through no proxy either.
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(f"{url.rstrip('/')}/overview", timeout=_ANSWER_S) as answer:
            text = answer.read()
    except HTTPError as error:
        text = f"HTTP status {error.code}".encode()
    except (OSError, HTTPException, ValueError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        said = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        raise UsageError(
            f"--flink_master {address}: no Flink answers there ({said}); give the address of its "
            "REST service, host:port, with port 8081 if rest.port is not set"
        ) from None
    cluster = parse_overview(text)
    if cluster is None:
        said = " ".join(text.decode("utf-8", "replace").split())[:60] or "an empty answer"
        raise UsageError(
            f"--flink_master {address}: what answers there is no Flink ({said}); give the address "
            "of its REST service"
        )
    return cluster


def prepare_flink(options: PipelineOptions, given: set[str]) -> None:
    """Complete Beam's options by what the cluster says, and find the job server.

    Args:
        options: Beam's options, which are changed.
        given: Flags that the user gave, which win.

    Raises:
        UsageError: If something is missing or of a version that does not fit.
    """
    flink, portable = options.view_as(FlinkRunnerOptions), options.view_as(PortableOptions)
    address = flink.flink_master
    if address not in _BEAMS_OWN:
        cluster = ask_cluster(address)
        flink.flink_version = _beams_version(cluster, address, flink.flink_version, given)
        if "--parallelism" not in given:
            flink.parallelism = _usable_slots(cluster, address)
        if not given & {"--sdk_worker_parallelism", "--environment_type"}:
            # A process of Python for each slot.
            portable.sdk_worker_parallelism = _slots_each(cluster)
    if not portable.job_endpoint:
        prepare_job_server(options)


def _beams_version(cluster: Cluster, address: str, asked: str, given: set[str]) -> str:
    """Return the version of Flink for Beam, once it is one that the cluster and Beam have."""
    known, own = FlinkRunnerOptions.PUBLISHED_FLINK_VERSIONS, cluster.minor_version
    if own not in known:
        raise UsageError(
            f"--flink_master {address} is Flink {cluster.version}; Beam {beam.__version__} works "
            f"with {', '.join(known)}: use such a cluster, or another Beam"
        )
    if "--flink_version" in given and asked != own:
        raise UsageError(
            f"--flink_version {asked}, but --flink_master {address} is Flink {cluster.version}; "
            "leave --flink_version out"
        )
    return own


def _usable_slots(cluster: Cluster, address: str) -> int:
    if not cluster.slots:
        raise UsageError(
            f"--flink_master {address}: the cluster has no slots; start a task manager, or, where "
            "they are started on demand, give --parallelism"
        )
    if not cluster.free_slots:
        raise UsageError(
            f"--flink_master {address}: other jobs use all {cluster.slots} slots of the cluster; "
            "wait for them, or start more task managers"
        )
    return cluster.free_slots


def _slots_each(cluster: Cluster) -> int:
    """Return how many slots a task manager has.

    Example:
        >>> _slots_each(Cluster("2.0.0", 2, 8, 8)), _slots_each(Cluster("2.0.0", 0, 0, 0))
        (4, 1)
    """
    return max(1, -(-cluster.slots // max(1, cluster.task_managers)))


@contextmanager
def watched(address: str, ask: Callable[[str], object] = ask_cluster) -> Iterator[None]:
    """End the run if its cluster goes away: Beam's job server would ask for it without end.

    Args:
        address: Of the REST service.
        ask: Asks whether it is there, and raises a `UsageError` if not.

    Raises:
        GivenUp: If it has not answered for three minutes.
    """
    if threading.current_thread() is not threading.main_thread() or address in _BEAMS_OWN:
        # Only the main thread receives signals.
        yield
        return
    has_ended = threading.Event()

    def watch() -> None:
        answered = time.monotonic()
        while not has_ended.wait(_ASK_EVERY_S):
            try:
                ask(address)
                answered = time.monotonic()
            except UsageError:
                if time.monotonic() - answered >= _GONE_S:
                    signal.pthread_kill(threading.main_thread().ident, _OWN_SIGNAL)
                    return

    def give_up(number: int, frame: object) -> None:
        raise GivenUp(
            f"Flink at {address} has not answered for {_GONE_S:.0f} seconds; what was done is "
            "kept: run the same command again once it is back"
        )

    previous = signal.signal(_OWN_SIGNAL, give_up)
    watcher = threading.Thread(target=watch, name="watch Flink", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        has_ended.set()
        watcher.join(_ANSWER_S)
        signal.signal(_OWN_SIGNAL, previous)
