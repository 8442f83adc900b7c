"""--engine: where the work is done, and the flags of Beam that this stands for."""

from __future__ import annotations

import argparse

LOCAL, PROCESSES, FLINK, DATAFLOW = "local", "processes", "flink", "dataflow"
ENGINES = (LOCAL, PROCESSES, FLINK, DATAFLOW)
# Beam's own machines and clusters, whose workers have neither this process nor its disk.
REMOTE = (FLINK, DATAFLOW)
# The runners of each engine, in lower case.
_RUNNERS = {
    LOCAL: ("directrunner", "fnapirunner"),
    PROCESSES: ("directrunner", "fnapirunner"),
    FLINK: ("flinkrunner", "portablerunner"),
    DATAFLOW: ("dataflowrunner",),
}
_FLINK_REST, _POOL = "localhost:8081", "localhost:50000"
_EXAMPLES = {
    LOCAL: (
        "--input scans --output out",
        "--input scans --output out --engine local --jobs 1",
        "--config archive.toml --engine local",
    ),
    PROCESSES: (
        "--input scans --output out --engine processes",
        "--input scans --output out --engine processes --jobs 8",
        "--config archive.toml --engine processes --direct_num_workers 32",
    ),
    FLINK: (
        "--config archive.toml --engine flink --flink_master flink:8081",
        "--config archive.toml --engine flink --flink_master flink:8081 --parallelism 16",
        "--config archive.toml --engine flink --job_endpoint jobs:8099",
    ),
    DATAFLOW: (
        "--config archive.toml --engine dataflow --project P --region R "
        "--temp_location gs://B/tmp --sdk_container_image I",
        "--config archive.toml --engine dataflow --max_num_workers 50 --machine_type n2-standard-4",
        "--config archive.toml --engine dataflow --translate_only job.json",
    ),
}


def add_engine_flags(parser: argparse.ArgumentParser) -> None:
    """Add `--engine` and `--translate_only`, and to `--help` commands of each engine."""
    group = parser.add_argument_group("where the work is done")
    group.add_argument(
        "--engine",
        choices=ENGINES,
        help="local: this machine, with --jobs; processes: this machine, with Beam's own worker "
        "processes; flink, dataflow: a cluster; it stands for flags of Beam, and those that are "
        "given win (docs/engines.md)",
    )
    group.add_argument(
        "--translate_only",
        metavar="FILE",
        default="",
        help="with --engine dataflow: write the job as Dataflow would get it to FILE, send "
        "nothing, and stop",
    )
    lines = [
        f"  {parser.prog} {arguments}" for engine in ENGINES for arguments in _EXAMPLES[engine]
    ]
    # A settings file has whatever else is the same every night.
    parser.epilog = "\n\n".join([parser.epilog or "", "Commands of each engine:", "\n".join(lines)])


def engine_of(asked: str | None, runner: str) -> str:
    """Return the engine that a run has.

    Args:
        asked: The value of `--engine`; None if it is not given.
        runner: The value of `--runner`; empty if it is not given.

    Returns:
        The engine; empty where only Beam's flags say where to run.

    Example:
        >>> engine_of("flink", ""), engine_of("flink", "PortableRunner"), engine_of(None, "")
        ('flink', 'flink', '')
        >>> engine_of("flink", "DataflowRunner")
        ''
    """
    if not asked or (runner and runner.rpartition(".")[2].lower() not in _RUNNERS[asked]):
        return ""
    return asked


def beam_flags(engine: str, given: set[str], jobs: int) -> list[str]:
    """Return the flags of Beam that an engine stands for.

    Args:
        engine: One of `ENGINES`; empty for none.
        given: Flags of Beam that the user gave, which win.
        jobs: Number of processes on this machine.

    Example:
        >>> beam_flags("flink", {"--flink_master", "--environment_type"}, 1)
        ['--runner', 'FlinkRunner']
        >>> beam_flags("processes", set(), 8)[2:]
        ['--direct_running_mode', 'multi_processing', '--direct_num_workers', '8']
    """
    wanted: list[tuple[str, str]] = []
    if engine in (LOCAL, PROCESSES):
        wanted.append(("--runner", "DirectRunner"))
    if engine == PROCESSES:
        wanted += [("--direct_running_mode", "multi_processing")]
        wanted += [("--direct_num_workers", str(jobs))]
    if engine == FLINK:
        wanted.append(("--runner", "FlinkRunner"))
        if "--job_endpoint" not in given:
            wanted.append(("--flink_master", _FLINK_REST))
        if "--environment_type" not in given:
            wanted += [("--environment_type", "EXTERNAL"), ("--environment_config", _POOL)]
    if engine == DATAFLOW:
        # A process of Python for each core of a worker; each of its threads would open the model.
        wanted += [("--runner", "DataflowRunner"), ("--number_of_worker_harness_threads", "1")]
    return [word for flag, value in wanted if flag not in given for word in (flag, value)]
