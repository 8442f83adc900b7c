"""`--part`: which share of the pages a process reads, as given or as a scheduler says."""

from __future__ import annotations

import argparse
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.buckets.store import is_bucket, store_of
from pipelines.cli.options import UsageError

_CURE = "give --part K/N, the K-th of N parts, as --part 3/8"
_AUTO = "auto"
# Schedulers that number their tasks from 0: where the number is, where the count is, and what the
# count is called there. Kubernetes tells a task its number only.
_SCHEDULERS = {
    "Kubernetes": ("JOB_COMPLETION_INDEX", "", "completions"),
    "AWS Batch": ("AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE", "size"),
    "Google Batch": ("BATCH_TASK_INDEX", "BATCH_TASK_COUNT", "taskCount"),
}


@dataclass(frozen=True)
class Part:
    """One of the parts that the pages of a run are read in.

    Attributes:
        number: From 1.
        count: How many parts there are.
    """

    number: int
    count: int

    def __str__(self):
        return f"{self.number}/{self.count}"

    def takes(self, name: str) -> bool:
        """Whether this part reads a page: by a hash of its name, which new pages do not change.

        Args:
            name: Name of the page in the tables.

        Example:
            >>> [[name for name in "abcdef" if Part(k, 2).takes(name)] for k in (1, 2)]
            [['a', 'b', 'c', 'e', 'f'], ['d']]
        """
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.number - 1


def check_place(output: str, part: Part) -> None:
    """Check that parts can keep out of each other's way in an output.

    Raises:
        UsageError: If they cannot.
    """
    if is_bucket(output) and store_of(output) is None:
        raise UsageError(
            f"--part {part}: --output {output} is in a store without conditions, where parts "
            "cannot keep out of each other's way; give a folder on a disk that all machines "
            "share, one in gs:// or s3://, or leave out --part"
        )


def add_part_flag(parser: argparse.ArgumentParser) -> None:
    """Add `--part`."""
    parser.add_argument(
        "--part",
        metavar="K/N",
        default="",
        help="read only the K-th of N shares of the pages: the N commands, on any machines that "
        "share the disk or bucket of --output, are one run, and the last to end publishes it; "
        "auto: K and N from a Slurm array, AWS Batch or Google Batch; auto/N: K from Kubernetes",
    )


def part_of(text: str, environment: Mapping[str, str]) -> Part | None:
    """Return the part that a flag names.

    Args:
        text: 'K/N', 'auto' or 'auto/N'; empty for none.
        environment: Variables of the environment, in which a scheduler tells a task its number.

    Returns:
        The part; None for all pages.

    Raises:
        UsageError: If there is no such part, or no scheduler tells which.

    Example:
        >>> print(part_of("3/8", {}), part_of("auto/8", {"JOB_COMPLETION_INDEX": "0"}))
        3/8 1/8
        >>> print(part_of("", {}))
        None
    """
    if not text:
        return None
    where, _, count = text.partition("/")
    if where == _AUTO and (text == _AUTO or _is_number(count)):
        part = _part_of_task(text, int(count) if count else None, environment)
    elif _is_number(where) and _is_number(count):
        part = Part(int(where), int(count))
    else:
        raise UsageError(f"--part {text} is no part; {_CURE}, or auto in an array of tasks")
    if not 1 <= part.number <= part.count:
        found = "" if where != _AUTO else f", as the scheduler says ({part})"
        raise UsageError(
            f"--part {text}: there is no such part{found}; parts are numbered from 1 to their "
            f"count: {_CURE}"
        )
    return part


def _is_number(text: str) -> bool:
    return bool(re.fullmatch("[0-9]{1,9}", text))


def _part_of_task(text: str, count: int | None, environment: Mapping[str, str]) -> Part:
    """Return the part of a task of an array; `count` where the flag gives it."""
    if "SLURM_ARRAY_TASK_ID" in environment:
        return _part_of_slurm(text, count, environment)
    for scheduler, (index, size, called) in _SCHEDULERS.items():
        if index not in environment:
            continue
        number = _number(text, index, environment) + 1
        told = _number(text, size, environment) if environment.get(size) else None
        if told is None and count is None:
            raise UsageError(
                f"--part {text}: {scheduler} says which part this is ({index}="
                f"{environment[index]}) but not of how many; give --part auto/N, with the "
                f"{called} of the job as N"
            )
        _check_count(text, told, count)
        return Part(number, told or count or 0)
    raise UsageError(
        f"--part {text}: this is no task of an array (no SLURM_ARRAY_TASK_ID, "
        f"{', '.join(index for index, *_ in _SCHEDULERS.values())} in the environment); {_CURE}"
    )


def _part_of_slurm(text: str, count: int | None, environment: Mapping[str, str]) -> Part:
    """Return the part of a task of a Slurm array, whose numbers may start anywhere and have steps.

    Example:
        >>> task = {"SLURM_ARRAY_TASK_ID": "14", "SLURM_ARRAY_TASK_MIN": "10"}
        >>> task |= {"SLURM_ARRAY_TASK_MAX": "16", "SLURM_ARRAY_TASK_STEP": "2"}
        >>> print(_part_of_slurm("auto", None, task | {"SLURM_ARRAY_TASK_COUNT": "4"}))
        3/4
    """
    start = "SLURM_ARRAY_TASK_"
    given = {f"{start}STEP": "1", **environment}
    number, least, most, told, step = (
        _number(text, f"{start}{name}", given) for name in ("ID", "MIN", "MAX", "COUNT", "STEP")
    )
    _check_count(text, told, count)
    step = step or 1
    if least + (told - 1) * step != most or (number - least) % step:
        raise UsageError(
            f"--part {text}: the {told} tasks of this Slurm array, from {least} to {most}, are not "
            f"numbered one after the other; submit it with --array=1-{told}, or {_CURE}"
        )
    return Part((number - least) // step + 1, told)


def _check_count(text: str, told: int | None, count: int | None) -> None:
    if told is not None and count is not None and told != count:
        raise UsageError(
            f"--part {text}: this array has {told} tasks, not {count}; to run one of {count} parts "
            f"alone, {_CURE}"
        )


def _number(text: str, name: str, environment: Mapping[str, str]) -> int:
    value = environment.get(name, "")
    if not _is_number(value):
        shown = f"{name}={value} is no number" if value else f"{name} is not set"
        raise UsageError(f"--part {text}: {shown}; {_CURE}")
    return int(value)
