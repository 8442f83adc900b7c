"""What the pipeline costs beside the functions in it, and whether it grows with the archive.

    python -m benchmarks.transcribe speed --input 'PAGES/*.jpg'
    python -m benchmarks.transcribe growth --input 'PAGES/*.jpg'

`speed` reads the same pages in a bare loop over the pure functions, in two such loops side by
side, through the pipeline in one process and in two, in turn, and prints lines a second and their
ratios; and the same of the time that the processors worked, which other jobs of the machine
hardly change. Two loops tell how much two of the machine's cores are worth. `growth`
transcribes ever more pages, repeated under other names, each in a fresh process, and prints
what a page costs beyond the start, and the resident memory. Both print JSON on the last line.
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
    """Print lines a second of each way, and the ratios round by round."""
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
    common.add_argument("--lines", default="auto", help="as of pipelines.transcribe")
    common.add_argument("--precision", default="fp32", help="as of pipelines.transcribe")
    common.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()),
                        help="where to write")  # fmt: skip
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
