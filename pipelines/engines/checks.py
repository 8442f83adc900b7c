"""The engine that runs a Beam pipeline: whether it and its workers can be used.

Beam waits minutes for a job server that is not there, and for ever for a worker that did not start.
So both are tried before the first page.
"""

from __future__ import annotations

import logging
import platform
import re
import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from functools import cache

import apache_beam as beam
from apache_beam.options.pipeline_options import (
    FlinkRunnerOptions,
    PipelineOptions,
    PortableOptions,
    StandardOptions,
)
from apache_beam.runners.runner import PipelineState, create_runner

from model.segmentation.finder import finder_digest
from pipelines.cli.options import UsageError
from pipelines.cli.screen import current_screen
from pipelines.engines.failures import UNFIT, explain_failure, why_unfit
from schemas import VERSION

# It runs the last branch of a pipeline and drops the others, so that the account cannot be kept.
_DROPPING = "daskrunner"
_CONNECT_S = 5.0
# A worker imports Beam and Quire, on a slow disk.
_START_S = 120.0
# Environments whose workers are not started by this process, or as copies of it.
_POOL, _COMMAND = "EXTERNAL", "PROCESS"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# The thread of Beam that reads what a job server says.
_LISTENER = "wait_until_finish_read"
# They tell how they start and stop.
_TALKATIVE = ("apache_beam.utils.subprocess_server", "PrismRunner")


def check_engine(options: PipelineOptions) -> None:
    """Check that the runner exists and that its server and its workers answer.

    Args:
        options: Beam's options.

    Raises:
        UsageError: If something is missing; the message says what was tried and what to start.
    """
    runner = options.view_as(StandardOptions).runner
    _check_runner(runner)
    portable = options.view_as(PortableOptions)
    if portable.job_endpoint:
        _check_address(
            "--job_endpoint",
            portable.job_endpoint,
            "start the job server there, for example python -m "
            "apache_beam.runners.portability.local_job_service_main --port 8099",
        )
    flink = options.view_as(FlinkRunnerOptions).flink_master
    if "flink" in runner.lower() and ":" in flink:
        _check_address("--flink_master", flink, "give the address of Flink's REST service")
    kind = (portable.environment_type or "").upper()
    if kind == _POOL and not _is_beside_the_worker(portable.environment_config, flink):
        _check_address(
            "--environment_config",
            portable.environment_config or "",
            "start the worker pool there: python -m "
            "apache_beam.runners.worker.worker_pool_main --service_port 50000",
        )
    if kind in (_POOL, _COMMAND):
        _check_workers(options)


def _check_runner(name: str) -> None:
    if name.rpartition(".")[2].lower() == _DROPPING:
        raise UsageError(
            f"--runner {name} drops parts of a pipeline in silence, so that pages would be lost; "
            "leave --runner out, or give PrismRunner, FlinkRunner or DataflowRunner"
        )
    known = StandardOptions.KNOWN_RUNNER_NAMES
    try:
        create_runner(name)
    except (ValueError, ImportError, AttributeError, TypeError) as error:
        near = get_close_matches(name, known, n=1, cutoff=0.75)
        hint = f"did you mean {near[0]}?" if near and near[0] != name else f"{error}"
        raise UsageError(f"--runner {name} is not known; {hint}") from None


def split_address(text: str) -> tuple[str, int] | None:
    """Return host and port of an address; None if it is not one.

    Example:
        >>> split_address("localhost:50000"), split_address("http://[::1]:8081")
        (('localhost', 50000), ('::1', 8081))
        >>> split_address("localhost") is None
        True
    """
    match = re.fullmatch(r"(?:\w+://)?(?:\[([^]]+)\]|([^:/\s]+)):(\d{1,5})/?", text)
    if match is None or not 0 < int(match[3]) < 65536:
        return None
    return match[1] or match[2], int(match[3])


def _is_beside_the_worker(pool: str | None, flink: str) -> bool:
    """Whether a pool is on the machines of a Flink cluster elsewhere, as Flink sees its address."""
    own, cluster = split_address(pool or ""), split_address(flink)
    return bool(own and cluster and own[0] in _LOOPBACK and cluster[0] not in _LOOPBACK)


def _check_address(flag: str, text: str, cure: str) -> None:
    address = split_address(text)
    if address is None:
        raise UsageError(f"{flag} {text!r} is not an address; give host:port")
    try:
        socket.create_connection(address, timeout=_CONNECT_S).close()
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"{flag} {text}: nobody answers there ({reason}); {cure}") from None


def _check_workers(options: PipelineOptions) -> None:
    """Run a tiny pipeline, so that a worker starts and compares itself with this process.

    Raises:
        UsageError: If it does not start within two minutes, or is another one.
    """
    portable = options.view_as(PortableOptions)
    where, timeout_s = portable.environment_config, portable.job_server_timeout
    portable.job_server_timeout = min(timeout_s, _START_S)
    pipeline = beam.Pipeline(options=options)
    pipeline | beam.Create([own_facts()]) | beam.Map(compare_facts)
    try:
        result = pipeline.run()
        state = result.wait_until_finish(duration=int(_START_S * 1000))
    # Each runner has errors of its own.
    except Exception as error:
        said = explain_failure(error)
        if isinstance(said, UsageError) and UNFIT not in str(error):
            raise said from None
        raise UsageError(f"{where}: {why_unfit(error)}") from None
    finally:
        portable.job_server_timeout = timeout_s
    if PipelineState.is_terminal(state):
        return
    with suppress(Exception):
        result.cancel()
    raise UsageError(
        f"{where}: no worker has started within {_START_S:.0f} seconds; the pool starts the first "
        "`python` of its PATH, which needs apache-beam and Quire: start the pool with the PATH of "
        "that environment"
    )


@contextmanager
def engine_messages_aside() -> Iterator[None]:
    """Keep what an engine says of itself, and tracebacks that it sends, off the screen.

    `--verbose` and `--log_file` have the tracebacks. The error that ends the run tells what is
    wrong, or has the last of them.
    """
    # Beam logs what an engine sends with the root logger.
    root = logging.getLogger()
    root.addFilter(_is_short)
    for name in _TALKATIVE:
        # They also speak when this process ends.
        logging.getLogger(name).addFilter(_is_of_interest)
    _quieten_listener()
    try:
        yield
    finally:
        root.removeFilter(_is_short)


@cache
def _quieten_listener() -> None:
    """Keep off the screen that Beam's listener fails with a job, as long as the process lasts."""
    others = threading.excepthook

    def tell(fault: threading.ExceptHookArgs) -> None:
        if fault.thread is None or fault.thread.name != _LISTENER:
            others(fault)
            return
        error = (fault.exc_type, fault.exc_value, fault.exc_traceback)
        current_screen().tell("".join(traceback.format_exception(*error)))

    threading.excepthook = tell


def _is_short(record: logging.LogRecord) -> bool:
    text = record.getMessage()
    if "Traceback (most recent" not in text and not record.exc_info:
        return True
    current_screen().tell(text)
    return False


def _is_of_interest(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.ERROR or current_screen().is_verbose


def own_facts() -> dict[str, str]:
    """Return what a worker must have in common with the process that starts the run."""
    return {
        "Quire": VERSION,
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "apache-beam": beam.__version__,
        "line finder": finder_digest()[:12],
    }


def compare_facts(wanted: dict[str, str]) -> None:
    """Compare this worker with the process that started the run.

    Args:
        wanted: `own_facts` of that process.

    Raises:
        RuntimeError: If they differ.

    Example:
        >>> compare_facts(own_facts())
        >>> compare_facts({"Quire": "0.0.1"})  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        RuntimeError: this worker cannot begin: ... has Quire ..., the run is of 0.0.1
    """
    own = own_facts()
    differing = [
        f"{name} {own.get(name)}, the run is of {value}"
        for name, value in wanted.items()
        if own.get(name) != value
    ]
    if differing:
        raise RuntimeError(f"{UNFIT} {socket.gethostname()} has {'; '.join(differing)}")
