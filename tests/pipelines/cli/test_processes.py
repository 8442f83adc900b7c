"""Worker processes: they start when there is work, and end with their run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.cli.jobs import Jobs
from pipelines.cli.options import LOCAL_RUNNER
from pipelines.cli.processes import (
    WorkerDied,
    current_workers,
    worker_count,
    worker_processes,
)
from pipelines.transforms.in_processes import InProcesses
from schemas.records import Failure

TWO = Jobs(2, is_asked=True)
FOUND = []


def collect(record):
    FOUND.append(record)


def squares(numbers, extra=0):
    """Return squares, and that of 13 as what cannot be."""
    return [Failure(str(n), "read", "bad") if n == 13 else n * n + extra for n in numbers]


def kill_at(numbers, victim):
    for number in numbers:
        if number == victim:
            os.kill(os.getpid(), signal.SIGKILL)
    return numbers


def fail_at(numbers, victim):
    if victim in numbers:
        raise ValueError(f"{victim} is a bug")
    return numbers


def fellows(numbers):
    return [worker_count() for _ in numbers]


def run(numbers, *transform, **named):
    """Return what a pipeline makes of numbers, in the order in which it comes."""
    FOUND.clear()
    with beam.Pipeline(options=PipelineOptions([], runner=LOCAL_RUNNER)) as pipeline:
        out = pipeline | beam.Create(numbers, reshuffle=False) | InProcesses(*transform, **named)
        collected = [out[kind.__name__] for kind in named["into"]] if "into" in named else [out]
        for number, records in enumerate(collected):
            records | f"Collect {number}" >> beam.Map(collect)
    return FOUND


@pytest.mark.parametrize("jobs", [Jobs(3, is_asked=True), Jobs(3)])
def test_results_come_in_the_order_of_the_elements(jobs):
    numbers = list(range(25))
    with worker_processes(jobs) as workers:
        assert current_workers() is workers
        assert run(numbers, squares, 4, (1,)) == [n * n + 1 for n in numbers if n != 13][:13] + [
            Failure("13", "read", "bad")
        ] + [n * n + 1 for n in numbers[14:]]
        # What is not worth a start is done here.
        assert workers.has_started == jobs.is_asked
    assert current_workers() is None


def test_records_are_sorted_by_type():
    with worker_processes(TWO):
        found = run([1, 13, 2], squares, 2, into=(int, Failure))
    assert sorted(found, key=str) == [1, 4, Failure("13", "read", "bad")]


def test_a_type_that_is_not_expected_is_an_error():
    with pytest.raises(Exception, match="squares returned a Failure"), worker_processes(TWO):
        run([13], squares, 1, into=(int, str))


def test_elements_are_weighed():
    with worker_processes(Jobs(2)) as workers:
        sizes = []
        workers.do_here = lambda function, chunk, *rest: sizes.append(len(chunk)) or chunk
        run([1, 1, 1, 5, 1], squares, 3, weight=int)
    assert sizes == [3, 1, 1]


def test_one_process_has_no_workers():
    with worker_processes(Jobs(1, is_asked=True)) as workers:
        assert workers is current_workers() is None


def test_workers_know_how_many_they_are():
    with worker_processes(TWO) as workers:
        assert run([0], fellows, 1) == [2]
        assert workers.peak_bytes > 10_000_000
        assert workers.describe().startswith("2 processes of 0.")
    assert worker_count() == 1


def test_a_worker_that_is_killed_ends_the_run():
    started = time.monotonic()
    with pytest.raises(WorkerDied, match="again with a smaller --jobs"), worker_processes(TWO):
        run(list(range(8)), kill_at, 1, (3,))
    assert time.monotonic() - started < 60


def test_an_error_in_a_worker_is_that_of_the_run():
    with pytest.raises(Exception, match="3 is a bug"), worker_processes(TWO):
        run(list(range(8)), fail_at, 1, (3,))


ENDLESS = """
import os, sys, time
from pipelines.cli.jobs import Jobs
from pipelines.cli.processes import worker_processes
from tests.pipelines.cli.sleeper import note_and_sleep
# No guard: workers do not run this again.
print("script", flush=True)
with worker_processes(Jobs(2, is_asked=True)) as workers:
    workers.submit(note_and_sleep, sys.argv[1])
    while not os.path.exists(sys.argv[1]):
        time.sleep(0.1)
    os.kill(os.getpid(), int(sys.argv[2]))
    time.sleep(300)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=str)
def test_workers_end_with_the_process_that_started_them(tmp_path, number):
    path = tmp_path / "worker"
    command = [sys.executable, "-c", ENDLESS, str(path), str(int(number))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400)
    assert done.returncode != 0 and done.stdout == "script\n", done.stderr
    for _ in range(300):
        if not is_running(int(path.read_text())):
            return
        time.sleep(0.1)
    pytest.fail("the worker is still running")


def is_running(process):
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
