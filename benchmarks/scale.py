"""Pages a second by processes and parts, and what a run costs that finds nothing new.

    python -m benchmarks.scale race --input 'scans/*.jpg' --rounds 3
    python -m benchmarks.scale known --input 'scans/*.jpg' --pages 1000 10000

`race` transcribes the same pages in one process, in two (`--jobs 2`) and in two parts
(`--part K/2`), one after the other in each round, as the speed of a machine changes with what else
it does. `known` fills an archive with many names of a few pages, which are read once, and runs
the command again. All run as commands of their own, from their start to their end. Both print JSON
on the last line.
"""

from __future__ import annotations

import argparse
import glob
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.growth import repeat_pages

WAYS = {"one process": ["--jobs=1"], "two processes": ["--jobs=2"], "two parts": ["--jobs=1"]}


def commands_of(way: str, flags: list[str]) -> list[list[str]]:
    """Return the commands that run at the same time.

    Example:
        >>> [command[-1] for command in commands_of("two parts", ["--input=x"])]
        ['--part=1/2', '--part=2/2']
    """
    command = [sys.executable, "-m", "pipelines.transcribe", *flags, *WAYS[way]]
    if way != "two parts":
        return [command]
    return [[*command, f"--part={number}/2"] for number in (1, 2)]


def timed(commands: list[list[str]]) -> float:
    """Run commands side by side, and return the seconds until the last has ended.

    Raises:
        SystemExit: If one fails.
    """
    started = time.monotonic()
    children = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for command in commands
    ]
    for child in children:
        _, errors = child.communicate()
        if child.returncode:
            raise SystemExit(f"{child.args}: exit status {child.returncode}\n{errors}")
    return time.monotonic() - started


def race(args: argparse.Namespace) -> dict:
    """Print pages a second of each way, and how they compare with one process."""
    count = len(glob.glob(args.input))
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    for number in range(args.rounds):
        for way in WAYS:
            with tempfile.TemporaryDirectory(dir=args.scratch) as folder:
                flags = [f"--input={args.input}", f"--output={folder}/out", "--quality=fast"]
                seconds[way].append(timed(commands_of(way, flags)))
            print(f"round {number + 1}, {way}: {seconds[way][-1]:.1f} s", file=sys.stderr)
    rows = {}
    for way, times in seconds.items():
        gains = [one / this for one, this in zip(seconds["one process"], times)]
        rows[way] = {"pages_a_second": count / statistics.median(times), "gain": gains}
        shown = ", ".join(f"{gain:.2f}" for gain in gains)
        print(f"{way}: {rows[way]['pages_a_second']:.2f} pages a second, {shown} times one process")
    return {"pages": count, "rows": rows}


def known(args: argparse.Namespace) -> dict:
    """Print what a run costs that finds nothing new among so many known pages."""
    rows = []
    for size in sorted(args.pages):
        with tempfile.TemporaryDirectory(dir=args.scratch) as folder:
            pattern = repeat_pages(sorted(glob.glob(args.input)), size, Path(folder, "in"))
            flags = [f"--input={pattern}", f"--output={folder}/out", "--quality=fast"]
            commands = commands_of("one process", flags)
            first_s, again_s = timed(commands), timed(commands)
        rows.append({"pages": size, "first_s": first_s, "again_s": again_s})
        print(f"{size:,} pages: {first_s:.1f} s at first, {again_s:.1f} s with nothing new")
    return {"rows": rows}


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scale", description=__doc__.splitlines()[0]
    )
    parser.add_argument("what", choices=("race", "known"))
    parser.add_argument("--input", required=True, help="quoted glob of page images")
    parser.add_argument("--rounds", type=int, default=3, help="of race")
    parser.add_argument("--pages", type=int, nargs="+", default=[1_000, 10_000], help="of known")
    parser.add_argument("--scratch", default=tempfile.gettempdir(), help="folder for outputs")
    args = parser.parse_args(argv)
    print(json.dumps((race if args.what == "race" else known)(args)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
