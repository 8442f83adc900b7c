"""Start a Flink cluster here, transcribe on it, and compare the rows with those of one process.

python -m benchmarks.flink --flink_home DIR --output out/flink
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from benchmarks.flink.cluster import ClusterConfig, check_cluster, start_cluster
from benchmarks.flink.comparison import compare
from benchmarks.flink.processes import Processes, StepFailed, answers, free_port
from pipelines.cli.options import EXIT_FAILURES, EXIT_OK

ROOT = Path(__file__).resolve().parents[2]
REAL_PAGES = ROOT.parent / "shared" / "data" / "peraire" / "data" / "test"
_JOB_SERVICE = "apache_beam.runners.portability.local_job_service_main"
_POOL = "apache_beam.runners.worker.worker_pool_main"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Python imports Beam, on a slow disk.
_START_S = 180.0
_PICTURE_S = 120


def run_demo(args: argparse.Namespace) -> str:
    """Do all steps, and stop what was started.

    Args:
        args: The flags.

    Returns:
        What was compared, in one line.

    Raises:
        StepFailed: If a step could not be done.
    """
    output = Path(args.output).absolute()
    if output.exists():
        raise StepFailed(f"{output} exists; delete it, or give another --output")
    config = ClusterConfig(
        Path(args.flink_home).absolute(), args.java, args.port, args.task_managers, args.slots
    )
    if args.cluster == "flink":
        check_cluster(config)
    logs = output / "logs"
    logs.mkdir(parents=True)
    pages = _pages(args.input, output)
    with Processes(logs) as processes:
        flags = _start_pool(processes)
        if args.cluster == "beam":
            flags += _start_job_service(processes)
        else:
            flags += _start_flink(args, config, logs, processes)
        what = ["--input", pages, "--model", args.model]
        alone, there = output / "alone", output / "cluster"
        _transcribe("one process", [*what, "--output", str(alone), "--jobs", "1"], logs)
        try:
            job = [*what, "--output", str(there), "--engine", "flink", *flags]
            _transcribe("the job on the cluster", job, logs)
        finally:
            if args.cluster == "flink":
                _take_picture(f"http://{config.address}/#/overview", output / "flink.png")
    return compare(alone, there)


def _pages(asked: str, output: Path) -> str:
    """Return the pages to read: those asked for, the real ones, or drawn ones."""
    if asked:
        return asked
    if REAL_PAGES.is_dir():
        return str(REAL_PAGES)
    drawn = output / "pages"
    flags = ["--kind", "pages", "--count", "6", "--lines_per_page", "6", "--output", str(drawn)]
    _call("drawing pages", ["pipelines.sample", *flags], output / "logs" / "pages.log")
    return str(drawn)


def _start_pool(processes: Processes) -> list[str]:
    """Start the pool of workers, and return the flags of a job that uses it."""
    port = free_port()
    # It starts the first `python` of its PATH.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {"PATH": path, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", _POOL, "--service_port", str(port)]
    processes.start("pool", command, environment)
    processes.wait_for("waiting for the pool of workers", lambda: answers(port), _START_S)
    _say(f"a pool of workers: localhost:{port}")
    return ["--environment_type", "EXTERNAL", "--environment_config", f"localhost:{port}"]


def _start_job_service(processes: Processes) -> list[str]:
    port = free_port()
    command = [sys.executable, "-m", _JOB_SERVICE, "--port", str(port)]
    processes.start("job_service", command, {"PYTHONPATH": str(ROOT)})
    processes.wait_for("waiting for Beam's job service", lambda: answers(port), _START_S)
    _say(f"Beam's job service in place of Flink: localhost:{port}")
    return ["--runner", "PortableRunner", "--job_endpoint", f"localhost:{port}"]


def _start_flink(
    args: argparse.Namespace, config: ClusterConfig, logs: Path, processes: Processes
) -> list[str]:
    version = start_cluster(config, logs, processes)
    slots = config.task_managers * config.slots
    _say(f"Flink {version} with {slots} slots: http://{config.address}")
    flags = ["--flink_master", config.address, "--job_server_java_launcher", config.java]
    for name in ("flink_job_server_jar", "job_endpoint"):
        if value := getattr(args, name):
            flags += [f"--{name}", value]
    return flags


def _transcribe(name: str, flags: list[str], logs: Path) -> None:
    log = logs / f"{name.replace(' ', '_')}.log"
    _call(name, ["pipelines.transcribe", "--quiet", *flags], log)
    _say(f"{name}: done")


def _call(name: str, command: list[str], log: Path) -> None:
    """Run a command of Quire; its last line is the reason where it fails."""
    with open(log, "wb") as said:
        status = subprocess.run(
            [sys.executable, "-m", *command], cwd=ROOT, stdout=said, stderr=said, check=False
        ).returncode
    # Failures of single pages are compared like everything else.
    if status not in (EXIT_OK, EXIT_FAILURES):
        lines = log.read_text("utf-8", "replace").strip().splitlines() or ["it said nothing"]
        raise StepFailed(f"{name}: {lines[-1]} (exit status {status}; {log})")


def _take_picture(address: str, file: Path) -> None:
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        _say(f"no picture of Flink's page: none of {', '.join(_BROWSERS)} is installed")
        return
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    flags += ["--window-size=1280,800", "--virtual-time-budget=8000", f"--screenshot={file}"]
    try:
        subprocess.run([browser, *flags, address], capture_output=True, timeout=_PICTURE_S)
    except subprocess.TimeoutExpired:
        _say(f"no picture of Flink's page: {browser} took more than {_PICTURE_S} seconds")
        return
    _say(f"Flink's page: {file}" if file.exists() else f"no picture: {browser} made none")


def _say(text: str) -> None:
    print(text, flush=True)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flink", description=__doc__)
    parser.add_argument("--output", default="out/flink", help="folder to make, for all results")
    parser.add_argument(
        "--input", default="", help="pages (default: the real ones beside the repository, or drawn)"
    )
    parser.add_argument("--model", default="default", help="as of transcribe")
    parser.add_argument(
        "--cluster",
        choices=("flink", "beam"),
        default="flink",
        help="beam: Beam's own job service in Flink's place, which needs no Java",
    )
    parser.add_argument("--flink_home", default="flink", help="folder of Flink, with lib in it")
    parser.add_argument("--flink_job_server_jar", default="", help="Beam's jar, if it has one here")
    parser.add_argument("--job_endpoint", default="", help="a job server that runs, in its place")
    parser.add_argument("--java", default="java", help="program to start Flink with")
    parser.add_argument("--port", type=int, default=8081, help="of Flink's page")
    parser.add_argument("--task_managers", type=int, default=2, help="number of TaskManagers")
    parser.add_argument("--slots", type=int, default=1, help="slots of each")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the demonstration and return the exit status: 0, or 1 if a step failed."""
    args = make_parser().parse_args(argv)
    # What was started is stopped, too, where this is.
    previous = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        _say(run_demo(args))
    except StepFailed as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        signal.signal(signal.SIGTERM, previous)
    return 0


if __name__ == "__main__":
    sys.exit(main())
