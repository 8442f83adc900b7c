"""One measurement of transcribing, in a plain loop or through the pipeline, with its memory."""

from __future__ import annotations

import argparse
import glob
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.ingest import cpu_s
from benchmarks.rivals.stopwatch import batches

WAYS = ("chain", "two chains", "pipeline", "two processes")
_JOBS = {"pipeline": ["--jobs", "1"], "two processes": ["--jobs", "2"]}
# As many as the pipeline collects to recognise their lines together.
_PAGES_AT_ONCE = 2
_SAMPLE_EVERY_S = 0.2


def bare_chain(paths: Sequence[str], line_source: str, precision: str) -> int:
    """Recognise all lines of some pages without Beam, and without writing results.

    Args:
        paths: Page images.
        line_source: As in `pipelines.transcribe`.
        precision: As in `pipelines.transcribe`.

    Returns:
        Number of lines.
    """
    from model import DEFAULT_MODEL
    from model.recogniser.bundle import load_bundle
    from model.recogniser.recogniser import Recogniser
    from pipelines.pages.listing import file_source
    from pipelines.transcription.read_pages import PageReading, read_page
    from pipelines.transcription.recognise import recognise_pages

    bundle = load_bundle(DEFAULT_MODEL, precision)
    recogniser = Recogniser(bundle)
    reading = PageReading(line_source, bundle.preprocess.strip_height_px)
    lines = 0
    for some in batches(list(paths), _PAGES_AT_ONCE):
        pages = [read_page(file_source(path), reading) for path in some]
        lines += sum(len(result.lines) for result in recognise_pages(pages, recogniser))
    return lines


def timed_chain(paths: Sequence[str], args: argparse.Namespace) -> tuple[int, float, float, float]:
    """Run `bare_chain`; return lines, start time, end time and CPU seconds, without imports."""
    import cv2

    import pipelines.transcription.recognise  # noqa: F401

    # Worker processes have one thread each, too.
    cv2.setNumThreads(1)
    started, cpu_started = time.monotonic(), cpu_s()
    lines = bare_chain(paths, args.lines, args.precision)
    return lines, started, time.monotonic(), cpu_s() - cpu_started


def chain_cpu_s(paths: Sequence[str], args: argparse.Namespace) -> float:
    """Run `bare_chain` and return its CPU seconds."""
    return timed_chain(paths, args)[-1]


def measure_chains(count: int, args: argparse.Namespace) -> dict:
    """Divide the pages among plain loops that run side by side, each in its own process."""
    paths = sorted(glob.glob(args.input))
    with ProcessPoolExecutor(count, multiprocessing.get_context("spawn")) as pool:
        loops = [pool.submit(timed_chain, paths[k::count], args) for k in range(count)]
        lines, starts, ends, worked = zip(*(loop.result() for loop in loops))
    return {
        "lines": sum(lines),
        "seconds": max(ends) - min(starts),
        "cpu_seconds": sum(worked),
    }


def measure(way: str, args: argparse.Namespace) -> dict:
    """Transcribe some pages one way, in this process.

    Args:
        way: One of `WAYS`.
        args: Arguments of the command line.

    Returns:
        Lines, wall-clock seconds and CPU seconds, without the imports of this process.
    """
    if way in ("chain", "two chains"):
        return measure_chains(1 if way == "chain" else 2, args)
    import apache_beam.runners.portability.fn_api_runner  # noqa: F401
    import cv2

    from pipelines.transcribe import main as transcribe

    # Worker processes have one thread each, too.
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory(dir=args.scratch) as folder:
        output = Path(folder, "out")
        started, cpu_started = time.perf_counter(), cpu_s()
        flags = ["--input", args.input, "--output", str(output), "--lines", args.lines,
                 "--precision", args.precision, "--decoding", "greedy",
                 "--max_failure_rate", "1"]  # fmt: skip
        status = transcribe([*flags, *_JOBS[way]])
        if status:
            raise SystemExit(f"transcribe ended with status {status}")
        seconds, worked = time.perf_counter() - started, cpu_s() - cpu_started
        return {
            "lines": count_rows(output / "lines"),
            "seconds": seconds,
            "cpu_seconds": worked,
        }


def count_rows(table: Path) -> int:
    """Return the number of rows of a table in Parquet files."""
    import pyarrow.parquet as parquet

    return sum(parquet.read_metadata(path).num_rows for path in table.rglob("*.parquet"))


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process and its descendants; 0 once it has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = [
            task.read_text().split() for task in Path(f"/proc/{pid}/task").glob("*/children")
        ]
    except (OSError, IndexError):
        return 0.0
    own = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return own + sum(resident_mb(int(child)) for listed in children for child in listed)


def run_apart(way: str, args: argparse.Namespace, pattern: str) -> dict:
    """Run one measurement in a new process and sample its memory.

    Args:
        way: As in `measure`.
        args: Arguments of the command line.
        pattern: Glob of page images.

    Returns:
        Result of `measure`, with the peak resident memory and the median of the second half of
        its samples, in MB.
    """
    command = [sys.executable, "-m", "benchmarks.transcribe", "one", way, "--input", pattern,
               "--lines", args.lines, "--precision", args.precision,
               "--scratch", str(args.scratch)]  # fmt: skip
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=output, stderr=errors)
        samples = []
        while process.poll() is None:
            samples.append(resident_mb(process.pid))
            time.sleep(_SAMPLE_EVERY_S)
        output.seek(0), errors.seek(0)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)}:\n{errors.read()}")
        result = json.loads(output.read().splitlines()[-1])
    second_half = samples[len(samples) // 2 :]
    return {**result, "peak_mb": max(samples), "settled_mb": statistics.median(second_half)}
