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

_WAYS = ("chain", "two chains", "pipeline", "two processes")
_RATIOS = (("pipeline", "chain"), ("two chains", "chain"), ("two processes", "pipeline"))
_TWO = ["--direct_running_mode", "multi_processing", "--direct_num_workers", "2"]
# Of some dozen lines each: as many as the pipeline holds to read together.
_PAGES_AT_ONCE = 2
_SAMPLE_EVERY_S = 0.2
_MARKUP = (".xml", ".alto.xml", ".page.xml")


def bare_chain(paths: Sequence[str], line_source: str, precision: str) -> int:
    """Read all lines of some pages without Beam and without writing.

    Args:
        paths: Page images.
        line_source: As of `pipelines.transcribe`.
        precision: As of `pipelines.transcribe`.

    Returns:
        Lines read.
    """
    from model.bundle import DEFAULT_MODEL, load_bundle
    from model.recogniser import Recogniser
    from pipelines.transforms.describe import PageReading, read_page
    from pipelines.transforms.page_files import file_source
    from pipelines.transforms.recognise import recognise_pages

    bundle = load_bundle(DEFAULT_MODEL, precision)
    recogniser = Recogniser(bundle)
    reading = PageReading(line_source, bundle.preprocess.strip_height_px)
    lines = 0
    for some in batches(list(paths), _PAGES_AT_ONCE):
        pages = [read_page(file_source(path), reading) for path in some]
        lines += sum(len(result.lines) for result in recognise_pages(pages, recogniser))
    return lines


def timed_chain(paths: Sequence[str], args: argparse.Namespace) -> tuple[int, float, float, float]:
    """Run `bare_chain`: lines, when it started and ended, and what the processor worked.

    Imports are not counted.
    """
    import cv2

    import pipelines.transforms.recognise  # noqa: F401

    # Beam's worker processes have one thread each, too.
    cv2.setNumThreads(1)
    started, cpu_started = time.monotonic(), cpu_s()
    lines = bare_chain(paths, args.lines, args.precision)
    return lines, started, time.monotonic(), cpu_s() - cpu_started


def measure_chains(count: int, args: argparse.Namespace) -> dict:
    """Divide the pages among some bare loops side by side, each in a process of its own."""
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
        way: One of `_WAYS`.
        args: Of the command line.

    Returns:
        Lines, and seconds and processor seconds without the imports of this process.
    """
    if way in ("chain", "two chains"):
        return measure_chains(1 if way == "chain" else 2, args)
    import apache_beam.runners.portability.fn_api_runner  # noqa: F401
    import cv2

    from pipelines.transcribe import main as transcribe

    # Beam's worker processes have one thread each, too.
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory(dir=args.scratch) as folder:
        output = Path(folder, "out")
        started, cpu_started = time.perf_counter(), cpu_s()
        flags = ["--input", args.input, "--output", str(output), "--lines", args.lines,
                 "--precision", args.precision, "--max_failure_rate", "1"]  # fmt: skip
        status = transcribe([*flags, *(_TWO if way == "two processes" else [])])
        if status:
            raise SystemExit(f"transcribe ended with status {status}")
        seconds, worked = time.perf_counter() - started, cpu_s() - cpu_started
        return {
            "lines": count_rows(output / "lines"),
            "seconds": seconds,
            "cpu_seconds": worked,
        }


def count_rows(table: Path) -> int:
    """Count the rows of a table in Parquet files."""
    import pyarrow.parquet as parquet

    return sum(parquet.read_metadata(path).num_rows for path in table.rglob("*.parquet"))


def resident_mb(pid: int) -> float:
    """Tell the resident memory of a process and all that it started; 0 once it has ended."""
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
    """Run one measurement in a fresh process and watch its memory.

    Args:
        way: As of `measure`.
        args: Of the command line.
        pattern: Glob of page images.

    Returns:
        What `measure` gave, with the peak of the resident memory and the median of its second
        half, in MB.
    """
    command = [sys.executable, "-m", "benchmarks.transcribe", "one", way, "--input", pattern,
               "--lines", args.lines, "--precision", args.precision,
               "--scratch", str(args.scratch)]  # fmt: skip
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=said, stderr=errors)
        samples = []
        while process.poll() is None:
            samples.append(resident_mb(process.pid))
            time.sleep(_SAMPLE_EVERY_S)
        said.seek(0), errors.seek(0)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)}:\n{errors.read()}")
        result = json.loads(said.read().splitlines()[-1])
    second_half = samples[len(samples) // 2 :]
    return {**result, "peak_mb": max(samples), "settled_mb": statistics.median(second_half)}


def compare_speed(args: argparse.Namespace) -> None:
    """Print lines a second of each way, and the ratios round by round."""
    results = {way: [] for way in _WAYS}
    for _ in range(args.rounds):
        for way in _WAYS:
            results[way].append(run_apart(way, args, args.input))
    summary = {}
    for clock in ("seconds", "cpu_seconds"):
        speeds = {way: [r["lines"] / r[clock] for r in results[way]] for way in _WAYS}
        for way in _WAYS:
            low, high = min(speeds[way]), max(speeds[way])
            median = statistics.median(speeds[way])
            print(f"{way}: {median:.1f} lines by {clock} ({low:.1f} to {high:.1f})")
        for way, base in _RATIOS:
            ratio = statistics.median(a / b for a, b in zip(speeds[way], speeds[base]))
            summary[f"{way} / {base}, {clock}"] = ratio
            print(f"{way} / {base}: {ratio:.2f} by {clock}")
    print(json.dumps({"ratios": summary, "runs": results}))


def repeat_pages(paths: Sequence[str], count: int, folder: Path) -> str:
    """Give pages, and the markup beside them, more names in another folder.

    Args:
        paths: Page images.
        count: Names to give.
        folder: Where to; it is made. Hard links, or copies where it is another file system.

    Returns:
        Glob of the images there, which all have one extension.
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
    """Tell what a page costs beyond the start, which the smallest archive shows.

    Args:
        sizes: Pages of each archive, the smallest first.
        results: What `run_apart` gave for each.

    Returns:
        For each but the first: pages, milliseconds of processor and clock a page, memory.

    Example:
        >>> runs = [{"seconds": 3.0, "cpu_seconds": 2.0, "peak_mb": 300.0, "settled_mb": 290.0}]
        >>> runs += [{"seconds": 13.0, "cpu_seconds": 7.0, "peak_mb": 320.0, "settled_mb": 310.0}]
        >>> costs([1, 101], runs)[0]["cpu_ms"]
        50.0
    """
    first = results[0]
    return [
        {
            "pages": size,
            "cpu_ms": 1000 * (run["cpu_seconds"] - first["cpu_seconds"]) / (size - sizes[0]),
            "clock_ms": 1000 * (run["seconds"] - first["seconds"]) / (size - sizes[0]),
            "peak_mb": run["peak_mb"],
            "settled_mb": run["settled_mb"],
        }
        for size, run in zip(sizes[1:], results[1:])
    ]


def compare_growth(args: argparse.Namespace) -> None:
    """Print what a page costs and what memory there is, for ever more pages."""
    paths = sorted(glob.glob(args.input))
    sizes, results = [1, *sorted(args.pages)], []
    with tempfile.TemporaryDirectory(dir=args.scratch) as folder:
        for size in sizes:
            pattern = repeat_pages(paths, size, Path(folder, str(size)))
            results.append(run_apart(args.way, args, pattern))
            print(f"{size} pages: {results[-1]}", file=sys.stderr, flush=True)
    rows = costs(sizes, results)
    for row in rows:
        print(
            f"{row['pages']:6} pages: {row['cpu_ms']:.1f} ms of processor a page, "
            f"{row['clock_ms']:.1f} ms by the clock, "
            f"{row['settled_mb']:.0f} MB, at most {row['peak_mb']:.0f}"
        )
    change = {key: rows[-1][key] / rows[0][key] - 1 for key in rows[0] if key != "pages"}
    print("last against first: " + ", ".join(f"{k} {v:+.1%}" for k, v in change.items()))
    print(json.dumps({"rows": rows, "change": change, "runs": results}))


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
    growth.add_argument("--way", choices=_WAYS, default="pipeline")
    one = verbs.add_parser("one", parents=[common])
    one.add_argument("way", choices=_WAYS)
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
