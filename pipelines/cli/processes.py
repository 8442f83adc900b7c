"""Worker processes on this machine, which do what takes long while Beam runs in this process.

Beam's own worker processes talk to it through ports that are open to the network, wait forever for
one that was killed, and get their share of the pages before the first one is read.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.context import BaseContext
from types import ModuleType

from pipelines.cli.garbage import freeze_loaded
from pipelines.cli.jobs import Jobs
from pipelines.cli.options import GivenUp
from pipelines.cli.screen import current_screen, library_messages

# Work that is done before others are called in: about what it takes until they have started.
_ALONE_S = 5.0


class WorkerDied(GivenUp):
    """A worker process ended before its time."""

    def __init__(self):
        super().__init__(
            "a worker process was killed, perhaps because memory ran out; run the same command "
            "again with a smaller --jobs"
        )


class Workers:
    """The worker processes of a run; they start when they are first needed.

    Args:
        jobs: How many.

    Attributes:
        count: How many.
        peak_bytes: Most memory that one of them has taken so far; 0 if unknown.
        has_started: Whether they were needed.
        has_died: Whether one of them ended before its time.
    """

    def __init__(self, jobs: Jobs):
        self.count = jobs.count
        self.peak_bytes = 0
        self.has_started = self.has_died = False
        self._busy_s, self._needed_s = 0.0, 0.0 if jobs.is_asked else _ALONE_S
        self._executor: ProcessPoolExecutor | None = None
        self._others = set(multiprocessing.active_children())

    @property
    def are_needed(self) -> bool:
        """Whether there has been enough work that they are worth their start."""
        return self._busy_s >= self._needed_s

    def do_here(self, function: Callable, *arguments) -> object:
        """Call a function in this process, and remember how much work it was."""
        started = time.process_time()
        result = function(*arguments)
        self._busy_s += time.process_time() - started
        return result

    def submit(self, function: Callable, *arguments) -> Future:
        """Call a function in a worker process.

        Args:
            function: A function of a module.
            arguments: Its arguments.

        Returns:
            A future for `result_of`.
        """
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                self.count,
                _start_method(function.__module__),
                initializer=_begin_worker,
                initargs=(self.count, current_screen().is_verbose, given_options()),
            )
            self.has_started = True
        with self._noticing_death(), _without_main():
            return self._executor.submit(_call, function, arguments)

    def result_of(self, future: Future) -> object:
        """Wait for the result of a call.

        Raises:
            WorkerDied: If the process was killed; or what the function raised.
        """
        with self._noticing_death():
            result, peak_bytes = future.result()
        self.peak_bytes = max(self.peak_bytes, peak_bytes)
        return result

    def describe(self) -> str:
        """Return how many processes there are, and the most memory that one took."""
        most = f" of {self.peak_bytes / 1e9:.1f} GB" if self.peak_bytes else ""
        return f"{self.count} processes{most}"

    def stop(self, at_once: bool) -> None:
        """End the processes: after their current call, or at once."""
        if self._executor is None:
            return
        if at_once:
            for process in set(multiprocessing.active_children()) - self._others:
                process.kill()
        self._executor.shutdown(wait=True, cancel_futures=True)

    @contextmanager
    def _noticing_death(self) -> Iterator[None]:
        try:
            yield
        except BrokenProcessPool:
            self.has_died = True
            # Beam logs the error that stops it at length.
            logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
            raise WorkerDied from None


# Called before a process ends because the first one is gone.
at_orphaned: list[Callable[[], None]] = []
_workers: Workers | None = None
# In a worker process: how many there are.
_fellows = 1


@contextmanager
def worker_processes(jobs: Jobs) -> Iterator[Workers | None]:
    """Provide worker processes for the pipelines that are built and run in the context.

    Args:
        jobs: How many.

    Yields:
        The workers; None for a single process.

    Raises:
        WorkerDied: If one of them was killed, in place of the error that this led to.
    """
    global _workers
    if jobs.count == 1:
        yield None
        return
    _workers = workers = Workers(jobs)
    beam_log = logging.getLogger("apache_beam")
    level = beam_log.level
    try:
        yield workers
    except Exception:
        workers.stop(at_once=True)
        if workers.has_died:
            raise WorkerDied from None
        raise
    except BaseException:
        workers.stop(at_once=True)
        raise
    else:
        workers.stop(at_once=False)
    finally:
        beam_log.setLevel(level)
        _workers = None


def current_workers() -> Workers | None:
    """Return the worker processes of this run; None where it has none, and in a worker."""
    return _workers


def worker_count() -> int:
    """Return how many processes like this one work at the same time."""
    return _fellows


def _start_method(module: str) -> BaseContext:
    """Return how processes start: on Linux as copies of one that has imported a module."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([module])
    return context


@contextmanager
def _without_main() -> Iterator[None]:
    """Hide the script that runs: a new process would run it again, if it has no guard."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _begin_worker(fellows: int, is_verbose: bool, options: dict[str, object]) -> None:
    """Prepare a worker process: the first one decides when it ends, and all share the cores."""
    import cv2

    global _fellows
    _fellows = fellows
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    cv2.setNumThreads(1)
    give_options(options)
    # For as long as the process lasts.
    library_messages(is_verbose).__enter__()
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    freeze_loaded()


def give_options(values: Mapping[str, object]) -> None:
    """Give Beam's files options: those on S3 want some, also where there is no pipeline.

    Args:
        values: From `given_options` of the process that started this one; none for the usual ones.
    """
    from apache_beam.io.filesystems import FileSystems
    from apache_beam.options.pipeline_options import PipelineOptions

    FileSystems.set_options(PipelineOptions([], **values))


def given_options() -> dict[str, object]:
    """Return the options that Beam's files have in this process, as `--s3_endpoint_url`."""
    from apache_beam.io.filesystems import FileSystems

    options = FileSystems._pipeline_options
    return options.get_all_options(drop_default=True) if options else {}


def _end_with_parent() -> None:
    """End this process with the one that started it, which may have been killed."""
    multiprocessing.parent_process().join()
    for clean_up in at_orphaned:
        clean_up()
    os._exit(1)


def _call(function: Callable, arguments: tuple) -> tuple[object, int]:
    return function(*arguments), peak_bytes()


def peak_bytes() -> int:
    """Return the most memory that this process has taken, in bytes; 0 if it is not known."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
