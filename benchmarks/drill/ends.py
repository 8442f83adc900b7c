"""End commands again and again, in every way: only documented statuses come out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.drill.outcome import Outcome

# See `quire COMMAND --help`.
_OK, _USAGE, _FAILURES, _STOPPED, _CTRL_C = 0, 2, 3, 4, 130
_LIMIT_S = 300
# Seconds after the start at which a command is stopped.
_MOMENTS_S = (0.05, 0.3, 0.8, 1.5, 2.5, 4.0, 6.0)


def ways_to_end(scratch: Path) -> list[tuple[list[str], set[int], int]]:
    """Return commands, the statuses that each may end with, and the signal that it gets, or 0.

    Args:
        scratch: Folder that `benchmarks.drill.subjects.draw_start` filled.
    """
    pages, model = f"--input={scratch}/pages", f"--model={scratch}/model"
    out, read = f"--output={scratch}/ends", f"--transcripts={scratch}/start/out"
    transcribe = ["transcribe", pages, model, out, "--redo"]
    stopped = [
        (transcribe, {_OK, _FAILURES, status}, number)
        for number, status in ((signal.SIGTERM, _STOPPED), (signal.SIGINT, _CTRL_C))
    ]
    return [
        (["query", read, "SELECT * FROM lines"], {_OK}, 0),
        ([*transcribe, "--max_failure_rate", "1"], {_OK}, 0),
        (["query", read, "SELECT nothing"], {_USAGE}, 0),
        stopped[0],
        (["transcribe", pages, f"--model={scratch}/none", out], {_USAGE}, 0),
        (transcribe, {_FAILURES}, 0),
        stopped[1],
        (["export", read, f"--output={scratch}/texts", "--to", "text", "--overwrite"], {_OK}, 0),
        (["query", read, "COPY lines TO 'x.csv'"], {_USAGE}, 0),
        (["ingest", pages, f"--output={scratch}/set", "--overwrite"], {_FAILURES}, 0),
        (["transcribe", pages, "--no_such_flag"], {_USAGE}, 0),
        (["compact", read], {_OK}, 0),
    ]


def end_often(scratch: Path, count: int) -> Outcome:
    """End commands, one after the other, in their own processes."""
    outcome, ways = Outcome("ends with a documented status"), ways_to_end(scratch)
    for number in range(count):
        arguments, statuses, sent = ways[number % len(ways)]
        delay_s = _MOMENTS_S[number // len(ways) % len(_MOMENTS_S)]
        status, said = _end(arguments, sent, delay_s)
        # Before Python comes to Quire's code, it answers to signals itself.
        is_early = sent and status in (-sent, 1) and "pipelines" not in said
        fault = ""
        if not is_early and (status not in statuses or "Traceback" in said):
            fault = f"{' '.join(arguments)} (signal {sent}): {status}: {said[-200:].strip()}"
        outcome.add(fault)
    return outcome


def _end(arguments: list[str], sent: int, delay_s: float) -> tuple[int, str]:
    verb, *flags = arguments
    with subprocess.Popen(
        [sys.executable, "-m", f"pipelines.{verb}", *flags],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=os.environ,
    ) as process:
        if sent:
            time.sleep(delay_s)
            process.send_signal(sent)
        try:
            _, said = process.communicate(timeout=_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait(), f"hangs for {_LIMIT_S} s"
    return process.returncode, said
