"""Run a command with a Beam pipeline: its flags, Beam's, and the engine that does the work."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
from pipelines.cli.settings import value_of
from pipelines.engines.flags import (
    DATAFLOW,
    FLINK,
    PROCESSES,
    REMOTE,
    beam_flags,
    engine_of,
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


@dataclass(frozen=True)
class _Call:
    """A call of a command with a Beam pipeline.

    Attributes:
        verb: The command.
        engine: One of `ENGINES`; empty where only Beam's flags say where to run.
        args: Its flags.
        options: Beam's options.
        given: Flags of Beam that the user gave.
    """

    verb: str
    engine: str
    args: argparse.Namespace
    options: PipelineOptions
    given: frozenset[str]


_Run = Callable[[argparse.Namespace, "PipelineOptions"], int]


def run_beam_verb(
    parser: OneLineParser,
    run: _Run,
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
    call = _Call(parser.verb, engine, args, options, frozenset(given))
    work = partial(_estimate if is_estimate else _on_engine, run, call)
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


def _estimate(run: _Run, call: _Call) -> int:
    """Make an estimate here, for as many workers as the engine has."""
    if "workers" in call.args and call.args.workers is None:
        call.args.workers = _cores_of(call.engine, call.options)
    return run(call.args, call.options)


def _cores_of(engine: str, options: PipelineOptions) -> int | None:
    """Return how many cores an engine has; None if that is not known."""
    if engine == FLINK:
        from apache_beam.options.pipeline_options import FlinkRunnerOptions

        from pipelines.engines.flink import ask_cluster

        flink = options.view_as(FlinkRunnerOptions)
        if flink.parallelism > 0:
            return flink.parallelism
        return ask_cluster(flink.flink_master).slots if ":" in flink.flink_master else None
    from pipelines.engines.dataflow import worker_cores

    return worker_cores(options)


def _on_engine(run: _Run, call: _Call) -> int:
    """Run a command whose pipeline may run elsewhere, once that engine and its workers answer."""
    if is_local(call.options):
        return run(call.args, call.options)
    if call.engine == DATAFLOW:
        from pipelines.engines.dataflow import is_of_template, prepare_dataflow

        prepare_dataflow(call.verb, call.args, call.options)
        if call.args.translate_only or is_of_template(call.options):
            return _without_waiting(run, call)
    from pipelines.engines.checks import check_engine, engine_messages_aside
    from pipelines.engines.failures import explain_failure

    try:
        with engine_messages_aside():
            if call.engine == FLINK:
                from pipelines.engines.flink import prepare_flink

                prepare_flink(call.options, call.given)
            check_engine(call.options)
            with _watched(call):
                return run(call.args, call.options)
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


def _without_waiting(run: _Run, call: _Call) -> int:
    """Translate the job for a file, or for the launcher of a template."""
    from apache_beam.options.pipeline_options import StandardOptions

    # It needs Google's packages, which are there now.
    from pipelines.engines import translation

    path = call.args.translate_only
    runner = translation.TRANSLATING_RUNNER if path else translation.TEMPLATE_RUNNER
    call.options.view_as(StandardOptions).runner = runner
    try:
        return run(call.args, call.options)
    except translation.Translated as translated:
        translated.write(path)
        print(f"{path} has the job; nothing was sent")
    except translation.HandedOver:
        print("the job is Dataflow's; once it has ended, the same command publishes what it read")
    return EXIT_OK


@contextmanager
def _watched(call: _Call) -> Iterator[None]:
    if call.engine != FLINK:
        yield
        return
    from apache_beam.options.pipeline_options import FlinkRunnerOptions

    from pipelines.engines.flink import watched

    with watched(call.options.view_as(FlinkRunnerOptions).flink_master):
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
