"""Timing a few training steps of each way to compute, in a process of its own.

The number of threads can be set only once in a process, and a way to compute that is too slow has
to be stopped in the middle of a step. The process runs a module whose `main` is `serve_trial`.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import model
from model.training.optimisation.checkpoint import load_checkpoint
from model.training.optimisation.compute import (
    BACKEND_THREADS,
    Compute,
    Timing,
    core_count,
    slowness_warning,
    time_computes,
    timings_line,
    use_threads,
)
from model.training.optimisation.device import AUTO, PRECISIONS

_LEAST_STEPS, _MOST_STEPS, _ENOUGH_S = 3, 8, 2.0
# The first trial loads the backend from disk. The others may take so many times as long as the
# fastest one, or so long.
_FIRST_LIMIT_S, _LIMIT_FACTOR, _LEAST_LIMIT_S = 600.0, 2.0, 20.0


class TrialTimer:
    """Measures the speed of ways to compute, each in a new process.

    Args:
        module: Name of the module to run.
        order: What it is to time, as JSON values.

    Attributes:
        error: Last line of what a trial that failed printed; empty if none did.
    """

    def __init__(self, module: str, order: dict):
        self._module, self._order = module, order
        self._limit_s = _FIRST_LIMIT_S
        self.error = ""

    def __call__(self, compute: Compute) -> float:
        """Return lines (or steps) a second; 0 if it failed, or takes far longer than another."""
        root = str(Path(model.__file__).parents[1])
        paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        started = time.monotonic()
        try:
            run = subprocess.run(
                [sys.executable, "-m", self._module],
                input=json.dumps({"order": self._order, "compute": asdict(compute)}),
                capture_output=True,
                text=True,
                timeout=self._limit_s,
                env={**os.environ, "PYTHONPATH": paths},
            )
        except subprocess.TimeoutExpired:
            return 0.0
        if run.returncode:
            self.error = (run.stderr.strip().splitlines() or ["no reason given"])[-1]
            return 0.0
        longest_s = max(_LEAST_LIMIT_S, _LIMIT_FACTOR * (time.monotonic() - started))
        self._limit_s = min(self._limit_s, longest_s)
        return float(json.loads(run.stdout.splitlines()[-1]))


def serve_trial(time_steps: Callable[[dict, str], float]) -> int:
    """Be the process of a `TrialTimer`: read its order, and print the speed as the last line.

    Args:
        time_steps: Returns lines (or steps) a second, given the order and the precision.

    Returns:
        The exit status.
    """
    wanted = json.load(sys.stdin)
    compute = Compute(**wanted["compute"])
    use_threads(compute.threads)
    print(json.dumps(time_steps(wanted["order"], compute.precision)))
    return 0


def median_time(step: Callable[[], object]) -> float:
    """Return the seconds that a step takes, after a first one that is not counted."""
    step()
    times: list[float] = []
    while len(times) < _LEAST_STEPS or (sum(times) < _ENOUGH_S and len(times) < _MOST_STEPS):
        started = time.monotonic()
        step()
        times.append(time.monotonic() - started)
    return statistics.median(times)


def settle(
    asked: Compute, timer: TrialTimer, report: Callable[[str], None], unit: str = "lines"
) -> Timing:
    """Choose precision and threads by timing, and use the threads in this process.

    Args:
        asked: What the flags prescribe.
        timer: Measures the speed of a way to compute.
        report: Is given each line of output.
        unit: What the speeds count.

    Returns:
        What is chosen, and its speed; 0 if it could not be timed.
    """
    import keras

    report("timing a few steps ...")
    # JAX has its threads from the environment.
    cores = BACKEND_THREADS if keras.backend.backend() == "jax" else core_count()
    chosen, timings = time_computes(asked, cores, timer)
    if not chosen.speed and timer.error:
        report(f"warning: {chosen.compute} could not be timed ({timer.error})")
    report(slowness_warning(chosen, timings, asked, unit) or timings_line(chosen, timings, unit))
    if not use_threads(chosen.compute.threads):
        report("warning: the number of threads stays as it is in this process")
    return chosen


def untimed(asked: Compute) -> Timing:
    """Return what a run that is too short to be timed computes with, and use it in this process."""
    precision = PRECISIONS[0] if asked.precision == AUTO else asked.precision
    # One thread is never far slower than several on a busy machine; several may be.
    threads = asked.threads or 1
    use_threads(threads)
    return Timing(Compute(precision, threads), 0.0)


def resumed(asked: Compute, checkpoint: Path) -> Compute:
    """Return what is prescribed, with the precision of an interrupted run if there is one.

    Args:
        asked: What the flags prescribe.
        checkpoint: The file that the run has left, or would have.
    """
    if asked.precision != AUTO or not checkpoint.is_file():
        return asked
    _, facts = load_checkpoint(checkpoint)
    return replace(asked, precision=json.loads(facts["settings"])["config"]["precision"])
