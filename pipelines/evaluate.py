"""Measure recognition errors: CER and WER with intervals, confusions, the worst lines.

Evaluates either a model on a split of a dataset (--dataset, --split, --model), or transcripts
against PAGE or ALTO ground truth (--transcripts, --truth). Where the line finder found the lines,
line detection is measured too, and the CER is that of whole pages. Texts are compared in NFC,
with every run of white space as one space. Where standard output is no terminal, the last line is a
JSON object; with --json it is the only one.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from model import DEFAULT_MODEL
from pipelines.cli.main import command_main
from pipelines.cli.options import UsageError, verb_parser
from pipelines.cli.reading import AUTO_LANGUAGE, BALANCED, add_reading_flags
from schemas.features import SPLITS
from schemas.process_end import end_process

if TYPE_CHECKING:
    from model.text.rules import TextRules
    from pipelines.evaluation.results import EvaluationResults

_DEFAULT_SPLIT = "test"
_DEFAULT_FORM = "NFC"
# The flags of the two kinds of evaluation, and those among them that are required.
_DATASET_FLAGS = ("dataset", "model", "split", "quality", "precision", "decoding", "language")
_TRANSCRIPT_FLAGS = ("transcripts", "truth", "match", "incomplete_truth", "normalisation", "rules")
_REQUIRED = ("dataset", "transcripts", "truth")


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("evaluate", __doc__, takes_beam_flags=False, prints_data=True)
    # Flags that are not given stay out of the namespace: so those of the other kind are noticed.
    suppress = {"argument_default": argparse.SUPPRESS}
    dataset = parser.add_argument_group("a model on a dataset", **suppress)
    dataset.add_argument("--dataset", help="folder that ingest wrote")
    dataset.add_argument(
        "--split", choices=SPLITS, help=f"split to read (default: {_DEFAULT_SPLIT})"
    )
    dataset.add_argument("--model", help="folder that train wrote (default: the bundled model)")
    add_reading_flags(dataset, argparse.SUPPRESS)
    transcripts = parser.add_argument_group("transcripts against ground truth", **suppress)
    transcripts.add_argument("--transcripts", help="folder that transcribe wrote")
    transcripts.add_argument(
        "--truth",
        nargs="+",
        help="PAGE or ALTO files, folders or quoted globs; each belongs to the page of its file "
        "name; lines that were not transcribed count as deleted",
    )
    transcripts.add_argument(
        "--match",
        choices=["id", "place"],
        help="how lines are matched: id, by identifier; place, by baseline, where extra lines "
        "count as inserted (default: place on pages whose lines the line finder found, "
        "otherwise id)",
    )
    transcripts.add_argument(
        "--incomplete_truth",
        action="store_true",
        help="the truth does not have all lines of its pages: lines found elsewhere do not count",
    )
    transcripts.add_argument(
        "--normalisation",
        choices=["NFC", "NFD", "NFKC", "NFKD"],
        help=f"Unicode form of the truth, as for ingest (default: {_DEFAULT_FORM})",
    )
    transcripts.add_argument("--rules", help="file of text rules for the truth, as for ingest")
    parser.add_argument(
        "--report",
        default="",
        help="HTML file to write, with images of the worst lines; replaced if it exists",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    return parser


def _run(args: argparse.Namespace) -> int:
    _check_flags(args)
    from pipelines.evaluation.results import check_report, write_report

    if args.report:
        check_report(args.report)
    evaluation = _evaluate_dataset(args) if "dataset" in args else _evaluate_transcripts(args)
    if args.json:
        _print_json(evaluation)
    else:
        _print_text(evaluation, args.report)
    # Last, so that the figures are printed even where the report cannot be written.
    if args.report:
        write_report(evaluation, args.report)
    return 0


def _print_text(evaluation: EvaluationResults, report: str) -> None:
    for line in evaluation.lines():
        print(line)
    if not report:
        print("give --report FILE.html to see the worst lines")
    if not sys.stdout.isatty():
        # A person reads the lines above; a program reads the last one.
        _print_json(evaluation)


def _print_json(evaluation: EvaluationResults) -> None:
    print(json.dumps(evaluation.to_dict(), ensure_ascii=False, allow_nan=False), flush=True)


def _check_flags(args: argparse.Namespace) -> None:
    given = [
        [name for name in names if getattr(args, name, None)]
        for names in (_DATASET_FLAGS, _TRANSCRIPT_FLAGS)
    ]
    if all(given):
        one, other = (names[0] for names in given)
        raise UsageError(
            f"--{one} and --{other} do not go together; give the flags of one kind of evaluation"
        )
    if not any(given):
        raise UsageError("give --dataset, or --transcripts and --truth")
    for names, known in zip(given, (_DATASET_FLAGS, _TRANSCRIPT_FLAGS)):
        missing = [name for name in known if name in _REQUIRED and name not in names]
        if names and missing:
            raise UsageError(f"--{names[0]} needs --{missing[0]}; give both")


def _evaluate_dataset(args: argparse.Namespace) -> EvaluationResults:
    from model.recogniser.quality import choose_reading
    from pipelines.evaluation.dataset import DatasetSplit, evaluate_dataset
    from pipelines.files.cached import local_model

    split = getattr(args, "split", _DEFAULT_SPLIT)
    model = local_model(getattr(args, "model", DEFAULT_MODEL))
    asked = (getattr(args, name, None) for name in ("decoding", "precision"))
    choice = choose_reading(model, getattr(args, "quality", BALANCED), *asked)
    reading = choice.precision, choice.decoding
    language = getattr(args, "language", AUTO_LANGUAGE)
    return evaluate_dataset(DatasetSplit(args.dataset, split, model, *reading, language))


def _evaluate_transcripts(args: argparse.Namespace) -> EvaluationResults:
    from pipelines.evaluation.truth import TruthFiles, evaluate_transcripts
    from pipelines.transcripts.files import naming_damage

    config = TruthFiles(
        transcripts=args.transcripts,
        truth=tuple(args.truth),
        rules=_text_rules(args),
        has_pictures=bool(args.report),
        match=getattr(args, "match", ""),
        is_complete=not getattr(args, "incomplete_truth", False),
    )
    with naming_damage(args.transcripts):
        return evaluate_transcripts(config)


def _text_rules(args: argparse.Namespace) -> TextRules:
    from model.text.rules import LEAVE_OUT_WITHOUT_INK, TextRules, load_rules
    from pipelines.files.filesystem import read_bytes

    form = getattr(args, "normalisation", _DEFAULT_FORM)
    if "rules" not in args:
        return TextRules(form, (LEAVE_OUT_WITHOUT_INK,))
    try:
        given = load_rules(read_bytes(args.rules).decode("utf-8-sig"))
        return TextRules(form, (*given, LEAVE_OUT_WITHOUT_INK))
    except OSError:
        raise UsageError(f"{args.rules}: no such file; check --rules") from None
    except ValueError as error:
        raise UsageError(f"{args.rules}: {error}") from None


main = command_main(_parser, _run)

if __name__ == "__main__":
    end_process(main)
