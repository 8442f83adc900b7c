"""Evaluate a model on a split of a dataset."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from google.protobuf.message import DecodeError

from model.dataset.examples import decode_strip, read_examples
from model.decoding.config import AUTO_LANGUAGE, GREEDY, DecodingConfig
from model.evaluation.confidence_summary import ConfidenceTally
from model.evaluation.error_summary import summarise
from model.evaluation.error_tally import ErrorTally, EvaluatedLine
from model.recogniser.bundle import Bundle, load_bundle
from model.recogniser.line_reading import page_languages, read_line
from model.recogniser.recogniser import Recogniser
from model.text.charset import normalise_text
from pipelines.cli.options import UsageError
from pipelines.evaluation.results import EvaluationResults, name_of
from pipelines.files.cached import local_dataset
from schemas.features import DATASET_VERSION, LINE_FILES, MANIFEST_FILE
from schemas.records import Failure, Line, LineExample, LineImage, Transcript

# With a model of another script the texts share digits and punctuation, hardly more.
_LEAST_KNOWN_SHARE = 0.25


@dataclass(frozen=True)
class DatasetSplit:
    """A split of a dataset, and the model to evaluate on it.

    Attributes:
        dataset: Folder that `pipelines.ingest` wrote.
        split: 'train', 'eval' or 'test'.
        model: Folder of the bundle.
        precision: One of `model.recogniser.bundle.ONNX_FILES`.
        decoding: One of `model.decoding.config.DECODINGS`.
        language: As in `model.decoding.config.DecodingConfig`.
    """

    dataset: str
    split: str
    model: str
    precision: str = "fp32"
    decoding: str = GREEDY
    language: str = AUTO_LANGUAGE

    @cached_property
    def folder(self) -> Path:
        """Folder of the split."""
        return Path(local_dataset(self.dataset, self.split)) / self.split


def evaluate_dataset(config: DatasetSplit) -> EvaluationResults:
    """Read a split with a model and count the errors.

    Args:
        config: The split and the model.

    Returns:
        The results.

    Raises:
        UsageError: If the dataset or the model cannot be used, or not together.
    """
    _check_dataset(config)
    bundle, recogniser = _open_model(config)
    unknown = _check_lines(config, bundle)
    tally = ErrorTally()
    method = recogniser.decoding_method
    confidences = ConfidenceTally(method, bundle.decoding.calibration(method))
    languages: dict[str, str | None] = {}
    if recogniser.judges_languages:
        languages = page_languages(map(_line_image, _examples(config)), recogniser)
    for example in _examples(config):
        language = languages.get(example.page_uri, recogniser.plan.language)
        outcome = read_line(_line_image(example), recogniser, language)
        tally.add(_read_line(example, outcome))
        if isinstance(outcome, Transcript):
            confidences.add(example.text, outcome)
    if tally.lines_missing == tally.lines:
        raise UsageError(
            f"--model {config.model} could not read any line of {config.folder}; train it again"
        )
    return EvaluationResults(
        title=f"{config.split} of {name_of(config.dataset)}",
        model_digest=bundle.digest(method),
        summary=summarise(tally),
        counts={"characters_unknown": unknown.total()},
        remarks=(
            f"lines read with --decoding {method} --precision {config.precision}",
            *_remarks(unknown, tally.lines_missing),
        ),
        confidence=confidences.summary(),
    )


def _remarks(unknown: Counter[str], missing: int) -> Iterator[str]:
    if unknown:
        yield (
            "characters of the truth that are not in the model's charset, counted as errors: "
            f"{unknown.total():,} ({''.join(sorted(unknown))})"
        )
    if missing:
        yield f"lines that could not be read, counted as deleted: {missing:,}"


def _check_dataset(config: DatasetSplit) -> None:
    folder = config.folder
    if not folder.parent.is_dir():
        raise UsageError(f"{folder.parent}: no such folder; give --dataset what ingest wrote")
    manifest = folder.parent / MANIFEST_FILE
    if manifest.is_file():
        _check_version(manifest)
    if not any(folder.glob(LINE_FILES)):
        raise UsageError(
            f"{folder}: no {LINE_FILES}; ingest with a larger --{config.split}_fraction, "
            "or give another --split"
        )


def _check_version(manifest: Path) -> None:
    try:
        version = str(json.loads(manifest.read_text("utf-8"))["schema_version"])
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{manifest}: not a manifest of Quire; ingest the dataset again") from None
    if version.split(".")[0] != DATASET_VERSION.split(".")[0]:
        raise UsageError(
            f"{manifest}: dataset of schema version {version}, but this is {DATASET_VERSION}; "
            "ingest it again"
        )


def _open_model(config: DatasetSplit) -> tuple[Bundle, Recogniser]:
    try:
        bundle = load_bundle(config.model, config.precision)
    except ValueError as error:
        raise UsageError(f"--model {error}") from None
    try:
        recogniser = Recogniser(bundle, DecodingConfig(config.decoding, language=config.language))
    except ValueError as error:
        raise UsageError(f"--model {error}") from None
    if recogniser.plan.obstacle:
        raise UsageError(f"--decoding beam: {recogniser.plan.obstacle}")
    return bundle, recogniser


def _check_lines(config: DatasetSplit, bundle: Bundle) -> Counter[str]:
    """Check all lines before the slow part, and count characters that the model cannot output."""
    characters: Counter[str] = Counter()
    lines = 0
    for line in _examples(config):
        lines += 1
        characters.update(line.text.replace(" ", ""))
        height_px = bundle.preprocess.strip_height_px
        if line.height_px != height_px:
            raise UsageError(
                f"{config.folder}: lines are {line.height_px} px high but the model expects "
                f"{height_px}; ingest with --line_height_px {height_px}"
            )
    if not lines:
        raise UsageError(f"{config.folder}: no line with text in its files; give another --split")
    known = set(bundle.charset.characters)
    unknown = Counter({c: n for c, n in characters.items() if c not in known})
    if characters.total() - unknown.total() < _LEAST_KNOWN_SHARE * characters.total():
        some = "".join(c for c, _ in unknown.most_common(20))
        raise UsageError(
            f"--model {config.model} has another charset: it cannot output {some!r}, "
            f"{unknown.total() / characters.total():.0%} of the text of {config.folder}; "
            "give a model that was trained on such texts"
        )
    return unknown


def _examples(config: DatasetSplit) -> Iterator[LineExample]:
    """Yield the lines of a split that have text."""
    for path in sorted(config.folder.glob(LINE_FILES)):
        try:
            for example in read_examples([str(path)]):
                if normalise_text(example.text):
                    yield example
        except DecodeError:
            raise UsageError(
                f"{path}: records are not lines of Quire; ingest the dataset again"
            ) from None
        except (OSError, ValueError) as error:
            message = str(error)
            raise UsageError(message if str(path) in message else f"{path}: {message}") from None


def _read_line(example: LineExample, outcome: Transcript | Failure) -> EvaluatedLine:
    return EvaluatedLine(
        page_uri=example.page_uri,
        line_id=example.line_id,
        truth=example.text,
        read=outcome.text if isinstance(outcome, Transcript) else None,
        source=example.source,
        document=example.document,
        image=example.image,
    )


def _line_image(example: LineExample) -> LineImage:
    try:
        strip = decode_strip(example)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return LineImage(example.page_uri, Line(example.line_id, 0, direction=example.direction), strip)
