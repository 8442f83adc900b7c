"""Overhead of the transcribe pipeline, and whether it grows with the archive.

    python -m benchmarks.transcribe speed --input 'PAGES/*.jpg'
    python -m benchmarks.transcribe growth --input 'PAGES/*.jpg'

`speed` transcribes the same pages in a plain loop over the pure functions, in two such loops side
by side, and through the pipeline in one process and in two, in turn. It prints lines per second
and their ratios, by wall-clock time and by CPU time, which other jobs on the machine hardly
change. The two loops show what a second core gains on this machine. `growth` transcribes archives
of growing size, made of the same pages under new names, each in a new process, and prints the
cost per page without the start-up cost, and the resident memory. Both print JSON on the last
line.
"""

from __future__ import annotations

import argparse
import glob
import json
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.growth import compare_growth
from benchmarks.transcribe_run import WAYS, measure, run_apart

_RATIOS = (("pipeline", "chain"), ("two chains", "chain"), ("two processes", "pipeline"))


def compare_speed(args: argparse.Namespace) -> None:
    """Print lines per second of each way, and the medians of the ratios in each round."""
    results = {way: [] for way in WAYS}
    for _ in range(args.rounds):
        for way in WAYS:
            results[way].append(run_apart(way, args, args.input))
    summary = {}
    for clock in ("seconds", "cpu_seconds"):
        speeds = {way: [r["lines"] / r[clock] for r in results[way]] for way in WAYS}
        for way in WAYS:
            low, high = min(speeds[way]), max(speeds[way])
            median = statistics.median(speeds[way])
            print(f"{way}: {median:.1f} lines by {clock} ({low:.1f} to {high:.1f})")
        for way, base in _RATIOS:
            ratio = statistics.median(a / b for a, b in zip(speeds[way], speeds[base]))
            summary[f"{way} / {base}, {clock}"] = ratio
            print(f"{way} / {base}: {ratio:.2f} by {clock}")
    print(json.dumps({"ratios": summary, "runs": results}))


def main(argv: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--input", required=True, help="quoted glob of page images")
    common.add_argument("--lines", default="auto", help="as in pipelines.transcribe")
    common.add_argument("--precision", default="fp32", help="as in pipelines.transcribe")
    common.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()),
                        help="folder to write to")  # fmt: skip
    verbs = parser.add_subparsers(dest="verb", required=True)
    speed = verbs.add_parser("speed", parents=[common])
    speed.add_argument("--rounds", type=int, default=3)
    growth = verbs.add_parser("growth", parents=[common])
    growth.add_argument("--pages", type=int, nargs="+", default=[100, 1_000, 10_000])
    growth.add_argument("--way", choices=WAYS, default="pipeline")
    one = verbs.add_parser("one", parents=[common])
    one.add_argument("way", choices=WAYS)
    args = parser.parse_args(argv)
    if not glob.glob(args.input):
        parser.error(f"--input {args.input}: no such file")
    if args.verb == "speed":
        compare_speed(args)
    elif args.verb == "growth":
        compare_growth(args)
    else:
        print(json.dumps(measure(args.way, args)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
