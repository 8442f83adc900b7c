"""Compile images and their transcriptions into a dataset of TFRecords."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from pipelines.cli.jobs import add_jobs_flag, jobs_of
from pipelines.cli.main import command_main
from pipelines.cli.metrics import add_metrics_flag
from pipelines.cli.options import (
    EXIT_OK,
    UsageError,
    add_output_flags,
    finish,
    share,
    verb_parser,
)
from pipelines.engines.flags import add_engine_flags
from pipelines.engines.running import run_beam_verb
from schemas.process_end import end_process

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions

    from model.dataset.examples import ExampleRules
    from pipelines.dataset.pipeline import IngestConfig

_DEFAULT_INPUT = "dataset"
_DEFAULT_SHARE = 0.1
# In the order of the fields of `TableColumns`.
_COLUMNS = (
    ("image", "images, or of their paths"),
    ("text", "texts"),
    ("split", "splits (train, val, test)"),
    ("writer", "writers"),
)
_FORMATS = (
    "auto", "pair", "alto", "corrections", "page", "histdb", "hocr", "hugging_face", "iam",
    "kraken_arrow", "labels", "quire", "rimes",
)  # fmt: skip


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("ingest", __doc__)
    parser.add_argument(
        "--input",
        nargs="+",
        default=[_DEFAULT_INPUT],
        help="files, folders, quoted globs, or @FILE with a list of them: images with texts, PAGE "
        "or ALTO XML, hOCR, CSV or TSV labels, IAM, IAM-HistDB, Bentham, RIMES, Parquet, Arrow, "
        "TFRecords, zip archives of these; a folder may mix them",
    )
    add_output_flags(parser, default="out/dataset")
    add_metrics_flag(parser)
    parser.add_argument(
        "--format", choices=_FORMATS, default="auto", help="of the input; auto: detected by content"
    )
    parser.add_argument(
        "--corrections",
        action="store_true",
        help="the input is what transcribe wrote: read the lines that people corrected, on their "
        "images",
    )
    parser.add_argument("--dry_run", action="store_true", help="count what would be read, and stop")
    parser.add_argument(
        "--line_kinds", nargs="+", default=[], help="read only lines of these kinds"
    )
    parser.add_argument(
        "--region_kinds", nargs="+", default=[], help="read only regions of these kinds"
    )
    parser.add_argument("--line_height_px", type=int, default=64, help="height of the line images")
    parser.add_argument(
        "--shards", type=int, default=0, help="files per split; 0: the runner decides"
    )
    add_jobs_flag(parser)
    add_engine_flags(parser)
    _add_column_flags(parser)
    _add_text_flags(parser)
    _add_split_flags(parser)
    return parser


def _add_column_flags(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("columns of tables (CSV, TSV, Parquet, Arrow)")
    for name, what in _COLUMNS:
        group.add_argument(
            f"--{name}_column",
            metavar="NAME",
            help=f"column of {what}; by default found by its usual names",
        )


def _add_text_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--normalisation",
        choices=["NFC", "NFD", "NFKC", "NFKD"],
        default="NFC",
        help="Unicode form",
    )
    parser.add_argument("--rules", help="file of text rules, one `pattern -> replacement` per line")
    parser.add_argument("--charset", help="charset.json; lines with other characters are rejected")


def _add_split_flags(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    # Has no default, to tell whether it was asked for: only then must one page alone have it.
    add(
        "--eval_fraction",
        type=share,
        metavar="SHARE",
        default=argparse.SUPPRESS,
        help=f"share of the lines in eval, by whole pages (default: {_DEFAULT_SHARE})",
    )
    add(
        "--test_fraction",
        type=share,
        metavar="SHARE",
        default=_DEFAULT_SHARE,
        help="share of the lines in test; 1, with --eval_fraction 0, gives a held-out set alone",
    )
    add("--split_seed", type=int, default=0, help="another seed gives other splits")
    add(
        "--group_by",
        choices=["page", "document", "writer"],
        default="page",
        help="unit that is assigned to a split as a whole",
    )


def _run(args: argparse.Namespace, options: PipelineOptions) -> int:
    if args.input == [_DEFAULT_INPUT] and not os.path.exists(_DEFAULT_INPUT):
        raise UsageError(
            f"./{_DEFAULT_INPUT} is missing; give --input, or draw a sample one with "
            f"python -m pipelines.sample --output {_DEFAULT_INPUT}"
        )
    from pipelines.dataset.pipeline import run_ingest
    from pipelines.dataset.survey_pipeline import run_survey

    config = _config(args)
    if args.dry_run:
        print(run_survey(config, options))
        return EXIT_OK
    from pipelines.cli.processes import worker_processes
    from pipelines.tables.recorded import record_run
    from pipelines.tables.shown_failures import show_failures

    with worker_processes(jobs_of(args)):
        ingested = run_ingest(config, options)
    record_run(ingested.account, args.output)
    print(*filter(None, [str(ingested), show_failures(args.output)]), sep="\n")
    problem = ingested.problem(is_eval_wanted="eval_fraction" in args)
    return finish(
        ingested.account.failure_rate, args.max_failure_rate, f"{args.output}/failures", problem
    )


def _config(args: argparse.Namespace) -> IngestConfig:
    from model.dataset.splits import SplitConfig
    from pipelines.dataset.cut import CutConfig
    from pipelines.dataset.pipeline import IngestConfig
    from pipelines.descriptions.reading import ReadConfig
    from pipelines.formats.tables.columns import TableColumns

    if not 16 <= args.line_height_px <= 256:
        raise UsageError(f"--line_height_px {args.line_height_px} is not between 16 and 256")
    if args.shards < 0:
        raise UsageError(f"--shards {args.shards} is not 0 or more")
    try:
        splits = SplitConfig(
            getattr(args, "eval_fraction", _DEFAULT_SHARE),
            args.test_fraction,
            args.split_seed,
            args.group_by,
        )
    except ValueError as error:
        raise UsageError(str(error)) from None
    inputs, image_folders = tuple(args.input), ()
    if args.corrections:
        from pipelines.corrections.log import corrected_images

        inputs, image_folders = corrected_images(inputs)
    return IngestConfig(
        inputs=inputs,
        output=args.output,
        overwrite=args.overwrite,
        read=ReadConfig(
            args.format,
            tuple(args.line_kinds),
            tuple(args.region_kinds),
            TableColumns(*(getattr(args, f"{name}_column") or "" for name, _ in _COLUMNS)),
        ),
        cut=CutConfig(args.line_height_px, _example_rules(args)),
        splits=splits,
        shards=args.shards,
        image_folders=image_folders,
    )


def _example_rules(args: argparse.Namespace) -> ExampleRules:
    from model.dataset.examples import ExampleRules
    from model.text.charset import Charset
    from model.text.rules import LEAVE_OUT_WITHOUT_INK, TextRules, load_rules

    try:
        given = load_rules(_read_text(args.rules)) if args.rules else ()
        rules = ExampleRules(TextRules(args.normalisation, (*given, LEAVE_OUT_WITHOUT_INK)))
        if args.charset:
            characters = Charset.from_json(_read_text(args.charset)).characters
            rules = replace(rules, characters=frozenset(characters))
    except ValueError as error:
        raise UsageError(f"{args.charset or args.rules}: {error}") from None
    return rules


def _read_text(path: str) -> str:
    from pipelines.files.filesystem import read_bytes

    try:
        return read_bytes(path).decode("utf-8-sig")
    except OSError:
        raise UsageError(f"{path}: no such file; check --rules and --charset") from None


main = command_main(_parser, _run, run_beam_verb)

if __name__ == "__main__":
    end_process(main)
