"""Speed of ingest compared with a plain loop, and its memory as the archive grows.

    python -m benchmarks.ingest speed --input 'PAGES/*.xml'
    python -m benchmarks.ingest memory

`speed` cuts the lines of the same pages in a plain loop over the pure functions, and through the
pipeline in one process and in two, in turn. It prints lines per second and their ratios, by
wall-clock time and by CPU time, which other jobs on the machine hardly change. `memory` ingests
synthetic archives of growing size, each in a new process, and prints the peak memory of each.
"""

from __future__ import annotations

import argparse
import glob
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_WAYS = ("loop", "pipeline", "two processes")
_JOBS = {"two processes": ["--jobs", "2"]}


def cpu_s() -> float:
    """Return the CPU seconds of this process and of the children that it waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def measure(way: str, pattern: str) -> tuple[int, float, float]:
    """Cut all lines of some pages one way, in this process.

    Args:
        way: One of 'loop', 'pipeline' and 'two processes'.
        pattern: Glob of PAGE or ALTO files.

    Returns:
        Lines, wall-clock seconds and CPU seconds, without the imports of this process.
    """
    import apache_beam.runners.portability.fn_api_runner  # noqa: F401
    import cv2

    import pipelines.dataset.pipeline
    import pipelines.dataset.survey_pipeline  # noqa: F401
    from pipelines.ingest import main

    cv2.setNumThreads(1)
    if way == "loop":
        from pipelines.dataset.cut import CutConfig, cut_examples
        from pipelines.descriptions.pairing import MarkupFile
        from pipelines.descriptions.reading import ReadConfig, read_source
        from pipelines.files.filesystem import BeamFiles
        from schemas.features import encode_line
        from schemas.records import LineExample, Page

        started, cpu_started, lines = time.perf_counter(), cpu_s(), 0
        for path in glob.glob(pattern):
            (page,) = read_source(MarkupFile(path), ReadConfig(), BeamFiles())
            if not isinstance(page, Page):
                continue
            for record in cut_examples(page, CutConfig()):
                if isinstance(record, LineExample):
                    encode_line(record)
                    lines += 1
        return lines, time.perf_counter() - started, cpu_s() - cpu_started
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--input", pattern, "--output", f"{folder}/out", "--max_failure_rate", "1"]
        started, cpu_started = time.perf_counter(), cpu_s()
        main([*flags, *_JOBS.get(way, ["--jobs", "1"])])
        seconds, worked = time.perf_counter() - started, cpu_s() - cpu_started
        counts = json.loads(Path(folder, "out", "manifest.json").read_text())["counts"]
        return counts["lines_ok"] + counts["lines_dropped"], seconds, worked


def run_apart(*arguments: str) -> dict:
    """Run this module in a new process and return the JSON that it prints last."""
    command = [sys.executable, "-m", "benchmarks.ingest", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def compare_speed(pattern: str, rounds: int) -> None:
    """Print lines per second of each way, and the medians of the ratios in each round."""
    results = {way: [] for way in _WAYS}
    for _ in range(rounds):
        for way in _WAYS:
            results[way].append(run_apart("one", way, pattern))
    for clock in ("seconds", "cpu_seconds"):
        speeds = {way: [r["lines"] / r[clock] for r in results[way]] for way in _WAYS}
        for way in _WAYS:
            median = statistics.median(speeds[way])
            print(f"{way}: {median:.1f} lines by {clock} (median of {rounds})")
        for way, base in ((_WAYS[1], _WAYS[0]), (_WAYS[2], _WAYS[1])):
            ratios = [a / b for a, b in zip(speeds[way], speeds[base])]
            print(f"{way} / {base}: {statistics.median(ratios):.2f} by {clock}")


def compare_memory(line_counts: list[int]) -> None:
    """Print the peak resident memory of ingesting archives of growing size."""
    from pipelines.sample import main as sample

    with tempfile.TemporaryDirectory() as folder:
        for lines in line_counts:
            archive = f"{folder}/{lines}"
            sample(["--kind", "pages", "--count", str(lines // 20), "--lines_per_page", "20",
                    "--output", archive])  # fmt: skip
            result = run_apart("one", "pipeline", f"{archive}/*.xml")
            print(f"{result['lines']} lines: {result['peak_mb']:.0f} MB", flush=True)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    speed = verbs.add_parser("speed")
    speed.add_argument("--input", required=True, help="quoted glob of PAGE or ALTO files")
    speed.add_argument("--rounds", type=int, default=3)
    memory = verbs.add_parser("memory")
    memory.add_argument("--lines", type=int, nargs="+", default=[1_000, 10_000, 50_000])
    one = verbs.add_parser("one")
    one.add_argument("way", choices=_WAYS)
    one.add_argument("pattern")
    args = parser.parse_args()
    if args.verb == "speed":
        compare_speed(args.input, args.rounds)
    elif args.verb == "memory":
        compare_memory(args.lines)
    else:
        lines, seconds, cpu_seconds = measure(args.way, args.pattern)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        result = {
            "lines": lines,
            "seconds": seconds,
            "cpu_seconds": cpu_seconds,
            "peak_mb": peak_mb,
        }
        os.write(1, json.dumps(result).encode())


if __name__ == "__main__":
    main()
