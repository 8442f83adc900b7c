"""Kill a command at each file operation, run it again, and compare what comes out."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from benchmarks.drill.hook import sitecustomize as hook
from benchmarks.drill.outcome import Outcome

_HOOK = str(Path(hook.__file__).parent)
_LIMIT_S = 300
_KILLED = -signal.SIGKILL


@dataclass(frozen=True)
class Subject:
    """A command that is killed.

    Attributes:
        name: What it is called in the table.
        main: Its `main`, which takes arguments.
        arguments: Returns its arguments for a folder of a trial.
        output: The output in that folder; what is beside it and called so counts, too.
        rows: Returns what it wrote there, to be compared.
        statuses: With what the second run may end; 2 where the first was done.
    """

    name: str
    main: Callable[[list[str]], int]
    arguments: Callable[[Path], list[str]]
    output: str
    rows: Callable[[Path], object]
    statuses: tuple[int, ...] = (0,)


def drill(subject: Subject, start: Path, scratch: Path, moment: str, most: int) -> Outcome:
    """Kill a command at its file operations, one trial each.

    Args:
        subject: The command.
        start: Folder that each trial begins with a copy of.
        scratch: Folder for the trials.
        moment: 'before' an operation, or in the 'middle' of writing a file.
        most: Most trials, spread over all operations.
    """
    when = "before a file operation" if moment == "before" else "in the middle of one"
    outcome = Outcome(f"{subject.name}, killed {when}")
    whole = _copy(start, scratch / "whole")
    count, status = _run(subject, whole, 0, moment)
    wanted = in_child(lambda: subject.rows(whole))[1]
    if status:
        outcome.add(f"undisturbed, it ends with {status}: {_said(whole)}")
        return outcome
    for at in spread(count, most):
        outcome.add(_trial(subject, start, scratch / f"trial-{at}", at, moment, wanted))
    return outcome


def spread(count: int, most: int) -> list[int]:
    """Return some of the numbers from 1, spread evenly, the first and last among them.

    Example:
        >>> spread(9, 3), spread(2, 3), spread(9, 1)
        ([1, 5, 9], [1, 2], [5])
    """
    if count <= most:
        return list(range(1, count + 1))
    if most == 1:
        return [(count + 1) // 2]
    return sorted({1 + (count - 1) * place // max(1, most - 1) for place in range(most)})


def _trial(
    subject: Subject, start: Path, folder: Path, at: int, moment: str, wanted: object
) -> str:
    """Kill a command once and run it again; return what went wrong."""
    _copy(start, folder)
    _, status = _run(subject, folder, at, moment)
    first = _said(folder)
    if status not in (0, 4, _KILLED):
        return f"operation {at}: ended with {status}: {first}"
    _, status = _run(subject, folder, 0, moment)
    if status not in subject.statuses:
        return f"operation {at}: the next run ended with {status}: {_said(folder)}"
    if "Traceback" in first + _said(folder):
        return f"operation {at}: a traceback"
    rows = in_child(lambda: subject.rows(folder))[1]
    left = sorted(
        path.name for path in folder.rglob("*") if path.name.endswith((".part", ".partial"))
    )
    shutil.rmtree(folder)
    if left:
        return f"operation {at}: {left} stay"
    return "" if rows == wanted else f"operation {at}: other rows"


def _run(subject: Subject, folder: Path, at: int, moment: str) -> tuple[int, int]:
    """Run a command, killed at an operation; return its operations and its status."""
    log = folder / "operations"
    log.write_bytes(b"")
    environment = {
        hook.FOLDERS: f"{folder}/{subject.output}{os.pathsep}{folder}/.{subject.output}",
        hook.LOG: str(log), hook.AT: str(at), hook.MOMENT: moment,
        "PYTHONPATH": os.pathsep.join([_HOOK, os.getcwd()]),
    }  # fmt: skip

    def work() -> int:
        os.environ.update(environment)
        hook.install()
        return subject.main(subject.arguments(folder))

    status, _ = in_child(work, folder / "said")
    return log.stat().st_size, status


def in_child(work: Callable[[], object], said: Path | None = None) -> tuple[int, object]:
    """Do something in a process of its own, which shares what this one has imported.

    Args:
        work: What to do; its result must be an integer below 256, or have a `repr`.
        said: File for what it prints; None to drop that.

    Returns:
        The exit status, negative for a signal; and the result as text.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            os.close(reading)
            signal.alarm(_LIMIT_S)
            with (
                open(said or os.devnull, "w") as file,
                redirect_stdout(file),
                redirect_stderr(file),
            ):
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
                result = work()
                os.write(writing, repr(result).encode()) if not isinstance(result, int) else None
                status = result if isinstance(result, int) else 0
        except BaseException:
            with open(said or os.devnull, "a") as file:
                traceback.print_exc(file=file)
        finally:
            sys.stdout.flush()
            os._exit(status)
    os.close(writing)
    parts = list(iter(lambda: os.read(reading, 1 << 16), b""))
    os.close(reading)
    _, ended = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(ended), b"".join(parts).decode()


def _said(folder: Path) -> str:
    return (folder / "said").read_text(errors="replace").strip()[-300:]


def _copy(start: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return Path(shutil.copytree(start, folder, symlinks=True))


def text_rows(folder: Path) -> Iterator[str]:
    """Yield the rows of an archive that do not tell when they were written."""
    from pipelines.transcripts.tables import open_tables

    tables = open_tables(str(folder / "out"))
    for query in (
        "SELECT page_uri, status, reason, sha256, lines_ok, lines_failed FROM pages",
        "SELECT page_uri, line_id, text, confidence FROM lines",
        "SELECT uri, line_id, stage, error FROM failures",
    ):
        yield from map(repr, tables.sql(f"{query} ORDER BY ALL").fetchall())
