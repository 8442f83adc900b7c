"""Measure how well lines are read: CER and WER with intervals, confusions, the worst lines.

Either a model reads a split of a dataset (--dataset, --split, --model), or transcripts are
compared with PAGE or ALTO ground truth (--transcripts, --truth); where the lines were found,
that too is measured, and the CER is that of whole pages. Texts are compared in NFC,
every run of white space one space. The last line printed is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from model import DEFAULT_MODEL
from model.decoding.config import DECODINGS, GREEDY
from model.recogniser.bundle import ONNX_FILES
from pipelines.cli.main import command_main
from pipelines.cli.options import UsageError, verb_parser
from schemas.features import SPLITS

if TYPE_CHECKING:
    from model.text.rules import TextRules
    from pipelines.evaluation.results import EvaluationResults

_DEFAULT_SPLIT = "test"
_DEFAULT_FORM = "NFC"
# The flags of each way, and those that it cannot do without.
_OF_DATASET = ("dataset", "model", "split", "precision", "decoding")
_OF_TRANSCRIPTS = ("transcripts", "truth", "match", "incomplete_truth", "normalisation", "rules")
_NEEDED = ("dataset", "transcripts", "truth")


def _parser() -> argparse.ArgumentParser:
    parser = verb_parser("evaluate", __doc__, takes_beam_flags=False)
    # A flag that is not given is left out: it has no default that holds for both ways.
    suppress = {"argument_default": argparse.SUPPRESS}
    dataset = parser.add_argument_group("a model on a dataset", **suppress)
    dataset.add_argument("--dataset", help="folder that ingest wrote")
    dataset.add_argument(
        "--split", choices=SPLITS, help=f"what to read (default: {_DEFAULT_SPLIT})"
    )
    dataset.add_argument("--model", help="folder that train pushed (default: the one in the box)")
    dataset.add_argument(
        "--precision", choices=sorted(ONNX_FILES), help="of the network (default: fp32)"
    )
    dataset.add_argument(
        "--decoding",
        choices=DECODINGS,
        help="how text is read: greedy, or beam, with the model's language model (default: greedy)",
    )
    transcripts = parser.add_argument_group("transcripts against ground truth", **suppress)
    transcripts.add_argument("--transcripts", help="folder that transcribe wrote")
    transcripts.add_argument(
        "--truth",
        nargs="+",
        help="PAGE or ALTO files, folders or quoted globs; a page is found by its file name; "
        "lines that were not transcribed count as lost",
    )
    transcripts.add_argument(
        "--match",
        choices=["id", "place"],
        help="how a line is found: id, by its identifier; place, by its baseline, and lines "
        "found too much count as inserted (default: place on pages whose lines the line finder "
        "found, else id)",
    )
    transcripts.add_argument(
        "--incomplete_truth",
        action="store_true",
        help="the truth leaves lines of its pages out: what is found elsewhere does not count",
    )
    transcripts.add_argument(
        "--normalisation",
        choices=["NFC", "NFD", "NFKC", "NFKD"],
        help=f"of the truth, as given to ingest (default: {_DEFAULT_FORM})",
    )
    transcripts.add_argument("--rules", help="file of rules for the truth, as given to ingest")
    parser.add_argument(
        "--report",
        default="",
        help="HTML file to write, with the worst lines and their pictures; replaced if it exists",
    )
    return parser


def _run(args: argparse.Namespace) -> int:
    _check_flags(args)
    from pipelines.evaluation.results import check_report, write_report

    if args.report:
        check_report(args.report)
    evaluation = _of_dataset(args) if "dataset" in args else _of_transcripts(args)
    for line in evaluation.lines():
        print(line)
    if not args.report:
        print("give --report FILE.html to see the worst lines")
    print(json.dumps(evaluation.to_dict(), ensure_ascii=False, allow_nan=False), flush=True)
    # Last, so that the figures are told even where it cannot be written.
    if args.report:
        write_report(evaluation, args.report)
    return 0


def _check_flags(args: argparse.Namespace) -> None:
    given = [
        [name for name in names if getattr(args, name, None)]
        for names in (_OF_DATASET, _OF_TRANSCRIPTS)
    ]
    if all(given):
        one, other = (names[0] for names in given)
        raise UsageError(f"--{one} and --{other} do not go together; evaluate one way at a time")
    if not any(given):
        raise UsageError("give --dataset, or --transcripts and --truth")
    for names, known in zip(given, (_OF_DATASET, _OF_TRANSCRIPTS)):
        missing = [name for name in known if name in _NEEDED and name not in names]
        if names and missing:
            raise UsageError(f"--{names[0]} needs --{missing[0]}; give both")


def _of_dataset(args: argparse.Namespace) -> EvaluationResults:
    from pipelines.evaluation.dataset import DatasetSplit, evaluate_dataset

    split = getattr(args, "split", _DEFAULT_SPLIT)
    model = getattr(args, "model", DEFAULT_MODEL)
    precision = getattr(args, "precision", "fp32")
    decoding = getattr(args, "decoding", GREEDY)
    return evaluate_dataset(DatasetSplit(args.dataset, split, model, precision, decoding))


def _of_transcripts(args: argparse.Namespace) -> EvaluationResults:
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
    from model.text.rules import TextRules, load_rules
    from pipelines.files.filesystem import read_bytes

    form = getattr(args, "normalisation", _DEFAULT_FORM)
    if "rules" not in args:
        return TextRules(form)
    try:
        return TextRules(form, load_rules(read_bytes(args.rules).decode("utf-8-sig")))
    except OSError:
        raise UsageError(f"{args.rules}: no such file; check --rules") from None
    except ValueError as error:
        raise UsageError(f"{args.rules}: {error}") from None


main = command_main(_parser, _run)

if __name__ == "__main__":
    sys.exit(main())
