"""Cost per page, and memory, as an archive grows."""

from __future__ import annotations

import argparse
import glob
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.pace import Pace
from benchmarks.transcribe_run import chain_cpu_s, run_apart

_MARKUP = (".xml", ".alto.xml", ".page.xml")
# Pages per round of the reference loop that runs concurrently.
_PACE_PAGES = 20
_MOST_RUNS = 5


def repeat_pages(paths: Sequence[str], count: int, folder: Path) -> str:
    """Repeat pages, and the markup beside them, under new names in another folder.

    Args:
        paths: Page images.
        count: Number of pages to make.
        folder: Folder to create. It gets hard links, or copies if it is on another file system.

    Returns:
        Glob of the images there, which all have the same extension.
    """
    folder.mkdir(parents=True)
    extension = Path(paths[0]).suffix
    for number in range(count):
        source = Path(paths[number % len(paths)])
        name = folder / f"page_{number:06}"
        _link(source, name.with_suffix(extension))
        for suffix in _MARKUP:
            if source.with_suffix(suffix).exists():
                _link(source.with_suffix(suffix), name.with_suffix(suffix))
    return f"{folder}/*{extension}"


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source.resolve(), target)
    except OSError:
        target.write_bytes(source.read_bytes())


def costs(sizes: Sequence[int], results: Sequence[dict]) -> list[dict]:
    """Compute the cost per page without the start-up cost, which the smallest archive shows.

    Args:
        sizes: Pages of each archive, the smallest first.
        results: Result of `run_apart` for each, with the cost per page of the concurrent loop.

    Returns:
        For each archive except the first: its pages; CPU and wall-clock milliseconds per page;
        the CPU time as a multiple of that of the concurrent loop; memory.

    Example:
        >>> runs = [{"seconds": 3.0, "cpu_seconds": 2.0, "peak_mb": 300.0, "settled_mb": 290.0}]
        >>> runs += [{"seconds": 13.0, "cpu_seconds": 7.0, "peak_mb": 320.0, "settled_mb": 310.0}]
        >>> row = costs([1, 101], [{**run, "loop_ms": 40.0} for run in runs])[0]
        >>> row["cpu_ms"], row["loops"]
        (50.0, 1.25)
    """
    first, rows = results[0], []
    for size, run in zip(sizes[1:], results[1:]):
        pages = size - sizes[0]
        row = {
            "pages": size,
            "cpu_ms": 1000 * (run["cpu_seconds"] - first["cpu_seconds"]) / pages,
            "clock_ms": 1000 * (run["seconds"] - first["seconds"]) / pages,
            "loops": (_pages_of_loop(run) - _pages_of_loop(first)) / pages,
            "peak_mb": run["peak_mb"],
            "settled_mb": run["settled_mb"],
        }
        rows.append(row)
    return rows


def _pages_of_loop(run: dict) -> float:
    """Return how many pages the concurrent loop reads in the CPU time of a run."""
    return 1000 * run["cpu_seconds"] / run["loop_ms"]


def compare_growth(args: argparse.Namespace) -> None:
    """Print the cost per page and the memory for archives of growing size."""
    paths = sorted(glob.glob(args.input))
    sizes, results = [1, *sorted(args.pages)], []
    paced = paths[:_PACE_PAGES]
    with (
        tempfile.TemporaryDirectory(dir=args.scratch) as folder,
        Pace(chain_cpu_s, paced, args) as pace,
    ):
        for size in sizes:
            pattern = repeat_pages(paths, size, Path(folder, str(size)))
            runs = [_run_paced(pattern, args, pace, len(paced)) for _ in range(_runs(size, sizes))]
            middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
            results.append(middle)
            print(f"{size} pages: {runs}", file=sys.stderr, flush=True)
    rows = costs(sizes, results)
    for row in rows:
        print(
            f"{row['pages']:6} pages: {row['cpu_ms']:.1f} ms of CPU per page, "
            f"{row['loops']:.3f} times the concurrent loop, {row['clock_ms']:.1f} ms wall-clock, "
            f"{row['settled_mb']:.0f} MB, at most {row['peak_mb']:.0f}"
        )
    change = {key: rows[-1][key] / rows[0][key] - 1 for key in rows[0] if key != "pages"}
    print("last compared with first: " + ", ".join(f"{k} {v:+.1%}" for k, v in change.items()))
    print(json.dumps({"rows": rows, "change": change, "runs": results}))


def _runs(size: int, sizes: Sequence[int]) -> int:
    """Return how often to run; small archives are too short for the machine's speed to even out."""
    return max(1, min(_MOST_RUNS, sizes[-1] // (20 * size)))


def _run_paced(pattern: str, args: argparse.Namespace, pace: Pace, pace_pages: int) -> dict:
    mark = pace.mark()
    run = run_apart(args.way, args, pattern)
    return {**run, "loop_ms": 1000 * pace.seconds_since(mark) / pace_pages}
