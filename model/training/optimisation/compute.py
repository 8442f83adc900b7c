"""Which precision, and how many threads, train fastest on this machine: a few steps of each tell.

No rule knows it: a processor without instructions for bfloat16 trains in it at a twentieth of the
speed of float32, and beside another busy process two threads wait for each other and reach a
quarter of the speed of one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from model.training.optimisation.device import AUTO, PRECISIONS

# A given choice that is slower than this share of the fastest one gets a warning.
_FAR_SLOWER = 0.6
# The precision of fewer bits must be this much faster to be taken.
_LEAST_GAIN = 1.1
# Threads that are left as the backend sets them.
BACKEND_THREADS = 0


@dataclass(frozen=True)
class Compute:
    """How the steps of a training are computed.

    Attributes:
        precision: One of `PRECISIONS`, or `AUTO`.
        threads: Number of threads of an operation; `BACKEND_THREADS` to leave the choice open.
    """

    precision: str = AUTO
    threads: int = BACKEND_THREADS

    def __str__(self):
        if not self.threads:
            return self.precision
        return f"{self.precision} on {self.threads} thread{'s' if self.threads > 1 else ''}"


@dataclass(frozen=True)
class Timing:
    """The measured speed of a way to compute.

    Attributes:
        compute: The way.
        speed: Lines (or steps) a second; 0 if it was given up as too slow, or failed.
    """

    compute: Compute
    speed: float


def core_count() -> int:
    """Return how many cores this process may use."""
    # Not on every system.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def time_computes(
    asked: Compute, cores: int, measure: Callable[[Compute], float]
) -> tuple[Timing, list[Timing]]:
    """Time ways to compute, and choose the fastest that fits what was asked for.

    Threads are halved from all cores for as long as that is faster, in the first of `PRECISIONS`;
    then the other precisions are timed with the best number, and what was asked for.

    Args:
        asked: What is prescribed, with `AUTO` and `BACKEND_THREADS` for what is not.
        cores: Highest number of threads to try; `BACKEND_THREADS` if threads cannot be chosen.
        measure: Returns the speed of a way to compute, 0 if it is too slow to wait for.

    Returns:
        The chosen way with its speed, and all timings in the order in which they were taken.

    Example:
        >>> speeds = {("float32", 2): 1.0, ("float32", 1): 4.0, ("bfloat16", 1): 0.2}
        >>> timer = lambda compute: speeds[compute.precision, compute.threads]
        >>> time_computes(Compute(), 2, timer)[0]
        Timing(compute=Compute(precision='float32', threads=1), speed=4.0)
    """
    found: dict[Compute, float] = {}

    def speed(precision: str, threads: int) -> float:
        compute = Compute(precision, threads)
        if compute not in found:
            found[compute] = measure(compute)
        return found[compute]

    threads = cores
    while threads > 1 and speed(PRECISIONS[0], threads // 2) > speed(PRECISIONS[0], threads):
        threads //= 2
    for precision in PRECISIONS:
        speed(precision, threads)
    wanted_threads = asked.threads or threads
    precisions = PRECISIONS if asked.precision == AUTO else (asked.precision,)
    fitting = [Timing(Compute(p, wanted_threads), speed(p, wanted_threads)) for p in precisions]
    chosen = fitting[0]
    for other in fitting[1:]:
        if other.speed > _LEAST_GAIN * chosen.speed:
            chosen = other
    return chosen, [Timing(compute, value) for compute, value in found.items()]


def slowness_warning(
    chosen: Timing, timings: Sequence[Timing], asked: Compute, unit: str = "lines"
) -> str:
    """Return a warning if what was asked for is far slower than something else; else nothing.

    Args:
        chosen: What will be used.
        timings: Everything that was timed.
        asked: What is prescribed.
        unit: What the speeds count.

    Example:
        >>> slow, fast = Compute("bfloat16", 1), Compute("float32", 1)
        >>> asked = Compute("bfloat16")
        >>> slowness_warning(Timing(slow, 0.2), [Timing(fast, 4.0)], asked)
        'warning: bfloat16 on 1 thread: 0.2 lines/s here, float32 on 1 thread: 4.0; leave out --precision'
    """  # noqa: E501
    fastest = max([chosen, *timings], key=lambda timing: timing.speed)
    given = {"--precision": asked.precision != AUTO, "--threads": bool(asked.threads)}
    if chosen.speed >= _FAR_SLOWER * fastest.speed or not any(given.values()):
        return ""
    speed = f"{chosen.speed:.1f} {unit}/s here" if chosen.speed else "too slow here to be timed"
    flags = " and ".join(flag for flag, is_given in given.items() if is_given)
    return (
        f"warning: {chosen.compute}: {speed}, {fastest.compute}: {fastest.speed:.1f}; "
        f"leave out {flags}"
    )


def timings_line(chosen: Timing, timings: Sequence[Timing], unit: str = "lines") -> str:
    """Return a line with all that was timed, and what was chosen.

    Example:
        >>> timings = [Timing(Compute("float32", 2), 1.0), Timing(Compute("float32", 1), 4.0)]
        >>> timings_line(timings[1], timings)
        'computing in float32 on 1 thread: 4.0 lines/s in a few timed steps (float32 on 2 threads: 1.0)'
    """  # noqa: E501
    others = ", ".join(
        f"{timing.compute}: {timing.speed:.1f}" if timing.speed else f"{timing.compute}: too slow"
        for timing in timings
        if timing.compute != chosen.compute
    )
    speed = f"{chosen.speed:.1f} {unit}/s in a few timed steps"
    return f"computing in {chosen.compute}: {speed}{f' ({others})' if others else ''}"


def use_threads(threads: int) -> bool:
    """Set how many threads an operation of the Keras backend uses.

    Args:
        threads: The number; `BACKEND_THREADS` changes nothing.

    Returns:
        Whether it is so now. TensorFlow cannot change the number once it has run an operation, JAX
        never.
    """
    if not threads:
        return True
    import keras

    backend = keras.backend.backend()
    if backend == "torch":
        import torch

        torch.set_num_threads(threads)
        return True
    if backend != "tensorflow":
        return False
    import tensorflow as tf

    if tf.config.threading.get_intra_op_parallelism_threads() == threads:
        return True
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
    except RuntimeError:
        return False
    return True
