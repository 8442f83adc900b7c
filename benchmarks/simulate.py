"""Cost of an archive of millions of pages besides recognition: accounting, publishing, planning.

    python -m benchmarks.simulate --pages 10000 100000 1000000

There are no images: results are simulated (`benchmarks.fake_pages`) and processed by the code of
transcribe. A first run writes portions and publishes them; a second run looks up every page and
finds it known; then the tables are queried. Each size runs in a new process. Up to
`--runner_pages`, the first run and the plan are also run with Beam's local runner. Prints
wall-clock and CPU seconds per million pages, peak memory, files and bytes, and JSON on the last
line.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from benchmarks.fake_pages import (
    PORTION_PAGES,
    FakePortions,
    Shape,
    again,
    drawn_pages,
    read_page,
    sha256_of,
    source_of,
)
from benchmarks.ingest import cpu_s
from pipelines.archive.earlier_runs import write_known_pages
from pipelines.archive.folder import Archive
from pipelines.archive.gone import Listing
from pipelines.archive.page_keys import page_key
from pipelines.archive.portions import WriteInputs, WritePortions, write_portion
from pipelines.archive.publish import publish
from pipelines.archive.state import read_state
from pipelines.cli.options import LOCAL_RUNNER
from pipelines.files.filesystem import read_bytes
from pipelines.files.key_set import KeySet, UriTally
from pipelines.pages.inputs import page_inputs
from pipelines.pages.listing import ListPages, PagesConfig
from pipelines.pages.names import PageNames
from pipelines.tables.account import Account
from pipelines.tables.runs import RunStart
from pipelines.transcription.plan_pipeline import build_plan
from pipelines.transcripts.tables import open_tables

_MODEL = ("simulated", "nothing")


class Stages:
    """Time and memory of each stage."""

    def __init__(self) -> None:
        self.rows: list[dict] = []

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Measure the time and the peak memory of a stage."""
        # Reset the peak that Linux has recorded so far.
        Path("/proc/self/clear_refs").write_text("5")
        started, cpu_started = time.perf_counter(), cpu_s()
        yield
        row = {"stage": name, "seconds": time.perf_counter() - started}
        self.rows.append({**row, "cpu_seconds": cpu_s() - cpu_started, "peak_mb": peak_mb()})
        print(self.rows[-1], file=sys.stderr, flush=True)


def peak_mb() -> float:
    """Return the peak resident memory of this process."""
    status = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def size_of(folder: str, pattern: str = "**/*") -> dict[str, int]:
    """Count files and their bytes."""
    sizes = [path.stat().st_size for path in Path(folder).glob(pattern) if path.is_file()]
    return {"files": len(sizes), "bytes": sum(sizes)}


def simulate(page_count: int, shape: Shape, folder: str) -> dict:
    """Transcribe an archive twice and query it, in this process.

    Args:
        page_count: Number of pages.
        shape: Size of the pages.
        folder: Folder to write to.

    Returns:
        Stages, files and bytes, and the accounts of both runs.
    """
    stages, sizes = Stages(), {}
    archive = Archive(f"{folder}/out")
    archive.make()
    results = list(drawn_pages(shape))

    run = begin_run()
    fake = FakePortions(results, run.run_id)
    with stages.timed("write portions"):
        tally = write_portions(archive.portions, fake, page_count)
    sizes["portions"] = size_of(archive.portions)
    with stages.timed("publish"):
        first = publish(archive, run, read_state(archive), tally).account
    sizes["tables"] = size_of(archive.output, "*/*/*")

    run = begin_run()
    fake, known = FakePortions(list(map(again, results)), run.run_id), archive.known_pages("keys")
    with stages.timed("read the state"):
        state = read_state(archive)
    with stages.timed("key the known pages"):
        write_known_pages(archive, state, run, known)
    sizes["keys"] = size_of(archive.portions)
    with stages.timed("look up every page"):
        known_count = count_known(known, page_count, run.digest)
    with stages.timed("write portions, unchanged"):
        write_portions(archive.portions, fake, page_count)
    with stages.timed("publish, unchanged"):
        second = publish(archive, run, state, tally, Listing(PageNames(), ())).account
    if not known_count == second.pages_unchanged == page_count - first.pages_failed:
        raise SystemExit(f"{known_count} pages were known of {first}")
    with stages.timed("query"):
        query(archive.output, folder, first)
    accounts = {"first": first.columns(), "second": second.columns()}
    return {"pages": page_count, "stages": stages.rows, "sizes": sizes, "accounts": accounts}


def begin_run() -> RunStart:
    """Begin a run of the simulated model."""
    model, preprocess = _MODEL
    run = RunStart.now("transcribe", {}, model)
    return replace(run, collection="all", preprocess_digest=preprocess)


def write_portions(folder: str, fake: FakePortions, page_count: int) -> UriTally:
    """Write the portions of a run.

    Args:
        folder: Folder to write to.
        fake: Rows of the portions.
        page_count: Number of pages in the archive.

    Returns:
        Tally of their pages.
    """
    tally = UriTally()
    for first in range(0, page_count, PORTION_PAGES):
        rows = fake.named(first)
        write_portion(folder, [rows])
        for uri in rows.pages["page_uri"].to_pylist():
            tally.add(uri)
    return tally


def count_known(path: str, page_count: int, digest: str) -> int:
    """Look up every page as `pipelines.transcription.read_pages` does; return how many are known.

    Args:
        path: File from `write_known_pages`.
        page_count: Number of pages in the archive.
        digest: Digest of model and preprocessing.
    """
    known, count = KeySet(read_bytes(path)), 0
    for number in range(page_count):
        uri = source_of(number).uri
        # A file that is not an image is known without a digest.
        keys = (page_key(uri, sha256, "", digest) for sha256 in (sha256_of(uri), ""))
        count += any(key in known for key in keys)
    return count


def query(output: str, scratch: str, account: Account) -> None:
    """Count pages and lines in the views, and check the counts.

    Args:
        output: Folder of the tables.
        scratch: Folder for the temporary files of DuckDB.
        account: Account of the first run, which the views must match.
    """
    connection = open_tables(output)
    connection.execute(f"SET temp_directory = '{scratch}/duckdb'; SET memory_limit = '1500MB'")
    (lines,) = connection.sql("SELECT count(*) FROM lines").fetchone()
    statuses = dict(connection.sql("SELECT status, count(*) FROM pages GROUP BY ALL").fetchall())
    (failures,) = connection.sql("SELECT count(*) FROM failures").fetchone()
    expected = {
        "ok": account.pages_ok,
        "failed": account.pages_failed,
        "skipped": account.pages_skipped,
    }
    connection.close()
    if lines != account.lines_ok or statuses != {k: v for k, v in expected.items() if v}:
        raise SystemExit(f"the views show {lines} lines and {statuses} pages of {account}")
    if failures < account.pages_failed:
        raise SystemExit(f"the views show {failures} failures of {account}")


def simulate_runner(page_count: int, shape: Shape, folder: str) -> dict:
    """Plan and transcribe an archive with Beam's local runner, in this process.

    Args:
        page_count: As in `simulate`.
        shape: As in `simulate`.
        folder: As in `simulate`.

    Returns:
        As in `simulate`.
    """
    stages, options = Stages(), PipelineOptions([], runner=LOCAL_RUNNER)
    archive, run = Archive(f"{folder}/out"), begin_run()
    archive.make()
    drawn_pages(shape)
    with open(f"{folder}/pages.txt", "w") as file:
        file.writelines(f"{source_of(number).uri}\n" for number in range(page_count))
    inputs = page_inputs([f"@{file.name}"])
    with stages.timed("plan, by the runner"), beam.Pipeline(options=options) as pipeline:
        build_plan(pipeline, ListPages(inputs, PagesConfig()), folder)
    with stages.timed("run, by the runner"), beam.Pipeline(options=options) as pipeline:
        found = pipeline | "List pages" >> ListPages(inputs, PagesConfig())
        found | "Inputs" >> WriteInputs(archive.inputs)
        results = found | "Spread pages" >> beam.Reshuffle() | "Read" >> beam.Map(read_page, shape)
        results | "Write" >> WritePortions(archive.portions, run.run_id)
    sizes = {"portions": size_of(archive.portions)}
    with stages.timed("publish, of the runner"):
        expected = UriTally(*json.loads(read_bytes(archive.inputs)))
        account = publish(archive, run, read_state(archive), expected).account
    accounts = {"first": account.columns()}
    return {"pages": page_count, "stages": stages.rows, "sizes": sizes, "accounts": accounts}


def run_apart(way: str, page_count: int, args: argparse.Namespace) -> dict:
    """Run one size in a new process.

    Args:
        way: 'loop' or 'runner'.
        page_count: Number of pages.
        args: Arguments of the command line.

    Returns:
        Result of `simulate` or `simulate_runner`.
    """
    command = [sys.executable, "-m", "benchmarks.simulate", "--one", way,
               "--pages", str(page_count), "--most_lines", str(args.most_lines),
               "--line_characters", str(args.line_characters),
               "--scratch", str(args.scratch)]  # fmt: skip
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def show(result: dict) -> None:
    """Print the results of one size."""
    millions = result["pages"] / 1e6
    print(f"{result['pages']:,} pages, {result['accounts']['first']['lines_ok']:,} lines")
    for row in result["stages"]:
        clock, worked = row["seconds"] / millions, row["cpu_seconds"] / millions
        print(
            f"  {row['stage']:26}{clock:9,.0f} s per million pages, {worked:7,.0f} s of CPU,"
            f" {row['peak_mb']:7,.0f} MB"
        )
    for name, size in result["sizes"].items():
        print(f"  {name}: {size['files']:,} files, {size['bytes'] / 1e6:,.0f} MB")


def main(argv: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pages", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument(
        "--most_lines", type=int, default=5, help="a page has from 1 to this many lines"
    )
    parser.add_argument("--line_characters", type=int, default=40)
    parser.add_argument("--runner_pages", type=int, default=100_000)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()),
                        help="folder to write to; a million pages take 3 GB")  # fmt: skip
    parser.add_argument("--one", choices=("loop", "runner"), help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if any(pages < 1 or pages % PORTION_PAGES for pages in args.pages):
        parser.error(f"--pages {args.pages}: give multiples of {PORTION_PAGES}")
    if args.one:
        way = simulate if args.one == "loop" else simulate_runner
        shape = Shape(args.most_lines, args.line_characters)
        with tempfile.TemporaryDirectory(dir=args.scratch) as folder:
            print(json.dumps(way(args.pages[0], shape, folder)), flush=True)
        return 0
    results = []
    for pages in sorted(args.pages):
        ways = ["loop", "runner"] if pages <= args.runner_pages else ["loop"]
        for way in ways:
            results.append(run_apart(way, pages, args))
            show(results[-1])
    print(json.dumps(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
