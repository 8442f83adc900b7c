"""Run a command with a Beam pipeline: its flags, Beam's, and the engine that does the work."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from pipelines.cli.garbage import loading
from pipelines.cli.jobs import jobs_of
from pipelines.cli.main_process import MAIN_PROCESS
from pipelines.cli.options import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    LOCAL_RUNNER,
    GivenUp,
    OneLineParser,
    UsageError,
    is_local,
)
from pipelines.cli.running import completed, refuse_unknown, run_command
from pipelines.engines.flags import (
    DATAFLOW,
    FLINK,
    PROCESSES,
    REMOTE,
    beam_flags,
    engine_of,
    value_of,
)

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions

# For worker processes. The first filter does what `pipelines/__init__.py` does in this process; the
# second one is for what Python says when a run is killed. One malloc arena for all threads halves
# the memory: Beam's many threads would each fill an arena of their own with pages.
_WORKER_ENVIRONMENT = {
    "PYTHONWARNINGS": "ignore::FutureWarning:google.api_core._python_version_support,"
    "ignore::UserWarning:multiprocessing.resource_tracker",
    "MALLOC_ARENA_MAX": "1",
}
# Each worker process of Beam imports this module as it starts.
_WORKER_MODULE = "pipelines.cli.worker"
_WORKERS_OF_BEAM = ("--direct_num_workers", "--direct_running_mode")
# Beam has a flag of this name, too, for tests of its runners.
_DRY_RUN = "--dry_run"


def run_beam_verb(
    parser: OneLineParser,
    run: Callable[[argparse.Namespace, PipelineOptions], int],
    argv: list[str] | None,
) -> int:
    """Run a command with a Beam pipeline; flags that it does not define are passed to Beam.

    Args:
        parser: The parser from `verb_parser`.
        run: Takes the flags and Beam's options, does the work and returns the exit status.
        argv: Arguments without the program's name; None for those of the process.

    Returns:
        The exit status, as from `pipelines.cli.running.run_verb`.
    """
    argv = completed(parser, argv, lambda flag: flag in _beam_parser("")._option_string_actions)
    args, rest = parser.parse_known_args(argv)
    _refuse_dry_run(parser, rest)
    engine = _chosen_engine(args, rest)
    if getattr(args, "translate_only", "") and engine != DATAFLOW:
        parser.error("--translate_only is for Dataflow; add --engine dataflow")
    if getattr(args, "translate_only", "") and getattr(args, "dry_run", False):
        parser.error("--translate_only and --dry_run exclude each other; give one of them")
    # An estimate is made here, of pages that are read here.
    is_estimate = bool(getattr(args, "dry_run", False)) and engine in REMOTE
    given = {flag.partition("=")[0] for flag in rest}
    presets = [] if is_estimate else beam_flags(engine, given, jobs_of(args).count)
    options = _beam_options(parser, presets, rest)
    if by := "" if is_estimate else _who_has_workers(options, engine, given):
        if engine != PROCESSES and getattr(args, "jobs", 1) > 1:
            print(f"--jobs {args.jobs} is not used, as {by} is given", file=sys.stderr)
        args.jobs = 1
    if is_estimate:
        work = partial(_estimate, run, args, options, engine)
    else:
        work = partial(_on_engine, run, args, options, engine, given)
    return run_command(parser, args, argv, work)


def _refuse_dry_run(parser: OneLineParser, rest: list[str]) -> None:
    """End the program if a command without a dry run is asked for one, which Beam would ignore."""
    if any(argument.partition("=")[0] == _DRY_RUN for argument in rest):
        parser.error(
            f"{parser.verb} has no {_DRY_RUN}; to see the job that Dataflow would get, give "
            "--engine dataflow --translate_only FILE"
        )


def _chosen_engine(args: argparse.Namespace, rest: list[str]) -> str:
    asked, runner = getattr(args, "engine", None), value_of("--runner", rest)
    engine = engine_of(asked, runner)
    if asked and not engine:
        print(f"--engine {asked} is not used, as --runner {runner} is given", file=sys.stderr)
    return engine


def _estimate(
    run: Callable[[argparse.Namespace, PipelineOptions], int],
    args: argparse.Namespace,
    options: PipelineOptions,
    engine: str,
) -> int:
    """Make an estimate here, for as many workers as the engine has."""
    if "workers" in args and args.workers is None:
        args.workers = _cores_of(engine, options)
    return run(args, options)


def _cores_of(engine: str, options: PipelineOptions) -> int | None:
    """Return how many cores an engine has; None if that is not known."""
    if engine == FLINK:
        from apache_beam.options.pipeline_options import FlinkRunnerOptions

        from pipelines.engines.flink import ask_cluster

        parallelism = options.view_as(FlinkRunnerOptions).parallelism
        master = options.view_as(FlinkRunnerOptions).flink_master
        if parallelism > 0:
            return parallelism
        return ask_cluster(master).slots if ":" in master else None
    from pipelines.engines.dataflow import worker_cores

    return worker_cores(options)


def _on_engine(
    run: Callable[[argparse.Namespace, PipelineOptions], int],
    args: argparse.Namespace,
    options: PipelineOptions,
    engine: str,
    given: set[str],
) -> int:
    """Run a command whose pipeline may run elsewhere, once that engine and its workers answer."""
    if is_local(options):
        return run(args, options)
    if getattr(args, "translate_only", ""):
        return _translate(run, args, options)
    from pipelines.engines.checks import check_engine, engine_messages_aside
    from pipelines.engines.failures import explain_failure

    try:
        with engine_messages_aside():
            _prepare(engine, args, options, given)
            check_engine(options)
            with _watched(engine, options):
                return run(args, options)
    except (UsageError, GivenUp):
        raise
    # Each runner has errors of its own for this.
    except Exception as error:
        said = explain_failure(error)
        if said is None:
            raise
        if isinstance(said, UsageError):
            raise said from None
        print(said, file=sys.stderr)
        return EXIT_INTERRUPTED


def _translate(
    run: Callable[[argparse.Namespace, PipelineOptions], int],
    args: argparse.Namespace,
    options: PipelineOptions,
) -> int:
    from apache_beam.options.pipeline_options import StandardOptions

    from pipelines.engines.dataflow import prepare_dataflow

    prepare_dataflow(args, options)
    # It needs Google's packages, which are there now.
    from pipelines.engines.translation import TRANSLATING_RUNNER, Translated

    options.view_as(StandardOptions).runner = TRANSLATING_RUNNER
    try:
        return run(args, options)
    except Translated as translated:
        translated.write(args.translate_only)
    print(f"{args.translate_only} has the job; nothing was sent")
    return EXIT_OK


def _prepare(
    engine: str, args: argparse.Namespace, options: PipelineOptions, given: set[str]
) -> None:
    if engine == FLINK:
        from pipelines.engines.flink import prepare_flink

        prepare_flink(options, given)
    elif engine == DATAFLOW:
        from pipelines.engines.dataflow import prepare_dataflow

        prepare_dataflow(args, options)


@contextmanager
def _watched(engine: str, options: PipelineOptions) -> Iterator[None]:
    if engine != FLINK:
        yield
        return
    from apache_beam.options.pipeline_options import FlinkRunnerOptions

    from pipelines.engines.flink import watched

    with watched(options.view_as(FlinkRunnerOptions).flink_master):
        yield


def _beam_options(parser: OneLineParser, presets: list[str], rest: list[str]) -> PipelineOptions:
    """Return Beam's options.

    Args:
        parser: The parser of the command.
        presets: Flags that the engine stands for.
        rest: Arguments that the command does not know.
    """
    # Beam takes seconds to import, and --help does not need it.
    with loading():
        from apache_beam.io.filesystems import FileSystems
        from apache_beam.options.pipeline_options import (
            PipelineOptions,
            SetupOptions,
            StandardOptions,
        )

    refuse_unknown(parser, _unknown_to_beam(parser.prog, rest))
    for name, value in _WORKER_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    options = PipelineOptions([*presets, *rest])
    FileSystems.set_options(options)
    standard = options.view_as(StandardOptions)
    if standard.runner in (None, "DirectRunner"):
        standard.runner = LOCAL_RUNNER
    if standard.runner == LOCAL_RUNNER:
        os.environ[MAIN_PROCESS] = str(os.getpid())
        setup = options.view_as(SetupOptions)
        setup.beam_plugins = [*(setup.beam_plugins or ()), _WORKER_MODULE]
    return options


def _unknown_to_beam(prog: str, flags: list[str]) -> list[str]:
    return _beam_parser(prog).parse_known_args(flags)[1]


def _beam_parser(prog: str) -> OneLineParser:
    from apache_beam.options.pipeline_options import PipelineOptions

    parser = OneLineParser(prog=prog, allow_abbrev=False, add_help=False)
    for options in {str(cls): cls for cls in PipelineOptions.__subclasses__()}.values():
        options._add_argparse_args(parser)
    return parser


def _who_has_workers(options: PipelineOptions, engine: str, given: set[str]) -> str:
    """Return the flag that gives the work to others than `--jobs`; empty for none."""
    if engine == PROCESSES or not is_local(options):
        return f"--engine {engine}" if engine else "--runner"
    return next((flag for flag in _WORKERS_OF_BEAM if flag in given), "")
