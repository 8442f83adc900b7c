"""How fast ingest is against a bare loop, and how flat its memory stays.

    python -m benchmarks.ingest speed --input 'PAGES/*.xml'
    python -m benchmarks.ingest memory

`speed` cuts the same pages in a bare loop over the pure functions, through the pipeline in one
process and in two, in turn, and prints lines a second and their ratios. `memory` ingests
drawn archives of growing size, each in a fresh process, and prints the peak of each.
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
_TWO = ["--direct_running_mode", "multi_processing", "--direct_num_workers", "2"]


def measure(way: str, pattern: str) -> tuple[int, float]:
    """Cut all lines of some pages one way, in this process.

    Args:
        way: One of 'loop', 'pipeline' and 'two processes'.
        pattern: Glob of PAGE or ALTO files.

    Returns:
        Lines, and seconds without the time that imports take.
    """
    import cv2

    from pipelines.ingest import main

    cv2.setNumThreads(1)
    if way == "loop":
        from pipelines.formats.pairing import MarkupFile
        from pipelines.formats.reading import ReadConfig, read_source
        from pipelines.transforms.cut import CutConfig, cut_examples
        from pipelines.transforms.files import BeamFiles
        from schemas.features import encode_line
        from schemas.records import LineExample, Page

        started, lines = time.perf_counter(), 0
        for path in glob.glob(pattern):
            (page,) = read_source(MarkupFile(path), ReadConfig(), BeamFiles())
            if not isinstance(page, Page):
                continue
            for record in cut_examples(page, CutConfig()):
                if isinstance(record, LineExample):
                    encode_line(record)
                    lines += 1
        return lines, time.perf_counter() - started
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--input", pattern, "--output", f"{folder}/out", "--max_failure_rate", "1"]
        started = time.perf_counter()
        main([*flags, *(_TWO if way == "two processes" else [])])
        seconds = time.perf_counter() - started
        counts = json.loads(Path(folder, "out", "manifest.json").read_text())["counts"]
        return counts["lines_ok"], seconds


def run_apart(*arguments: str) -> dict:
    """Run this module in a fresh process and read the JSON that it prints last."""
    command = [sys.executable, "-m", "benchmarks.ingest", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def compare_speed(pattern: str, rounds: int) -> None:
    """Print lines a second of each way, and the ratios round by round."""
    speeds = {way: [] for way in _WAYS}
    for _ in range(rounds):
        for way in _WAYS:
            result = run_apart("one", way, pattern)
            speeds[way].append(result["lines"] / result["seconds"])
    for way in _WAYS:
        print(f"{way}: {statistics.median(speeds[way]):.1f} lines/s (median of {rounds})")
    for way, base in ((_WAYS[1], _WAYS[0]), (_WAYS[2], _WAYS[1])):
        ratios = [a / b for a, b in zip(speeds[way], speeds[base])]
        print(f"{way} / {base}: {statistics.median(ratios):.2f}")


def compare_memory(line_counts: list[int]) -> None:
    """Print the peak of resident memory of ingesting ever larger archives."""
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
        lines, seconds = measure(args.way, args.pattern)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        os.write(1, json.dumps({"lines": lines, "seconds": seconds, "peak_mb": peak_mb}).encode())


if __name__ == "__main__":
    main()
