"""How many processes a command works in: `--jobs`."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

# A worker process of transcribe takes 0.5 GB on pages of 5 megapixels; this is for larger ones.
PROCESS_BYTES = 700_000_000
# Limits of a container, of the versions 2 and 1 of control groups.
_CPU_V2 = Path("/sys/fs/cgroup/cpu.max")
_CPU_V1 = (
    Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
    Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us"),
)
_MEMORY_V2 = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current"))
_MEMORY_V1 = (
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
    Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
_MEMINFO = Path("/proc/meminfo")


@dataclass(frozen=True)
class Jobs:
    """How many processes a command works in.

    Attributes:
        count: Number of worker processes; 1 for none besides this process.
        is_asked: Whether the user gave it. If not, workers are started only once there has been
            work for some seconds: a small input is done before they would have started.
    """

    count: int = 1
    is_asked: bool = False


def add_jobs_flag(parser: argparse.ArgumentParser) -> None:
    """Add `--jobs`."""
    parser.add_argument(
        "--jobs",
        type=_positive,
        metavar="N",
        default=argparse.SUPPRESS,
        help="worker processes, each with its own session of the model and about "
        f"{PROCESS_BYTES / 1e9:.1f} GB of memory; 1 for this process alone (default: one for each "
        "core, fewer where memory is short or a GPU is used, none for a small input)",
    )


def jobs_of(args: argparse.Namespace, uses_gpu: bool = False) -> Jobs:
    """Return how many processes to work in.

    Args:
        args: The flags.
        uses_gpu: Whether a GPU may do the work; several processes would share its memory, so
            that it is for the user to ask for them.
    """
    if "jobs" in args:
        return Jobs(args.jobs, is_asked=True)
    return Jobs(1 if uses_gpu else default_jobs(core_count(), free_bytes()))


def default_jobs(cores: int, free: int | None) -> int:
    """Return the number of processes for a machine.

    Args:
        cores: Cores that this process may use.
        free: Bytes of free memory; None if unknown.

    Example:
        >>> default_jobs(8, 64 * 10**9), default_jobs(64, 8 * 10**9), default_jobs(4, None)
        (8, 11, 4)
    """
    fitting = cores if free is None else free // PROCESS_BYTES
    return max(1, min(cores, fitting))


def core_count() -> int:
    """Return the number of cores that this process may use: those of its container, if it has one.

    Example:
        >>> core_count() >= 1
        True
    """
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        cores = os.cpu_count() or 1
    quota = _quota()
    return max(1, min(cores, round(quota))) if quota else cores


def free_bytes() -> int | None:
    """Return how much memory is free, in bytes; None where the system does not say."""
    found = [_free_in_group(*_MEMORY_V2), _free_in_group(*_MEMORY_V1), _free_in_system()]
    known = [free for free in found if free is not None]
    return min(known) if known else None


def _quota() -> float | None:
    """Return how many cores the container may use; None for no limit."""
    quota, period = _read(_CPU_V2).split() or ("", "")
    if not quota:
        quota, period = map(_read, _CPU_V1)
    if not (quota.isdigit() and period.isdigit() and int(period)):
        return None
    return int(quota) / int(period)


def _free_in_group(limit: Path, used: Path) -> int | None:
    texts = _read(limit), _read(used)
    # "max", or in version 1 a number greater than any memory, is no limit.
    return int(texts[0]) - int(texts[1]) if all(text.isdigit() for text in texts) else None


def _free_in_system() -> int | None:
    for line in _read(_MEMINFO).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text} is not a number of processes; give 1 or more")
    return int(text)
