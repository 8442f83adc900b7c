"""Adaptation without labels: the dataset of a model's own surest readings of an archive."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2

from model.dataset.examples import read_examples
from model.dataset.tfrecord import write_record
from model.recogniser.bundle import CHARSET_FILE
from model.text.charset import Charset
from model.training.adaptation.readings import Reading, Teacher
from model.training.adaptation.selection import (
    AGREEMENT,
    TRUTH,
    Selection,
    SelectionConfig,
    select_readings,
)
from model.training.base_model import open_base
from pipelines.cli.options import UsageError
from pipelines.training.archive_lines import read_archive
from schemas.features import LINE_FILES, TRANSCRIPTS, encode_line
from schemas.records import LineExample

_READ_FILE = "read.tfrecord.gz"


@dataclass(frozen=True)
class Adaptation:
    """What to adapt a model to.

    Attributes:
        transcripts: Archive that transcribe wrote.
        init: The model to adapt.
        truth: Dataset with lines of the same hand that were corrected; None for none.
        folder: Folder to write the dataset of the adaptation to.
    """

    transcripts: str
    init: str
    truth: Path | None
    folder: Path


def make_adaptation_dataset(adaptation: Adaptation) -> str:
    """Write the dataset that a model is adapted with.

    Args:
        adaptation: What to adapt to.

    Returns:
        What the adapted model is judged by, `AGREEMENT` or `TRUTH`.

    Raises:
        UsageError: If the archive or the model cannot be used.
    """
    try:
        bundle = open_base(adaptation.init)
        teacher = Teacher(bundle)
        height_px = _truth_height_px(adaptation.truth) or bundle.preprocess.strip_height_px
        readings = read_archive(adaptation.transcripts, teacher, height_px, _report)
        selection = select_readings(readings, SelectionConfig())
    except UsageError:
        raise
    except ValueError as error:
        raise UsageError(f"--adapt {adaptation.transcripts}: {error}") from None
    _report(str(selection))
    if selection.documents > 1:
        _report(
            f"note: these lines are in {selection.documents} folders; one hand is adapted to best, "
            "so transcribe each into an --output of its own"
        )
    return _write(selection, adaptation)


def _report(text: str) -> None:
    print(text, flush=True)


def _files(dataset: Path | None, split: str) -> list[str]:
    return sorted(map(str, dataset.glob(f"{split}/{LINE_FILES}"))) if dataset else []


def _truth_height_px(dataset: Path | None) -> int:
    """Return the height of the lines of a dataset; 0 if it has none."""
    paths = _files(dataset, "train") + _files(dataset, "eval")
    return next((example.height_px for example in read_examples(paths)), 0)


def _write(selection: Selection, adaptation: Adaptation) -> str:
    """Write the dataset; lines with truth take the place of the held-out readings."""
    folder, truth = adaptation.folder, adaptation.truth
    held_out = _files(truth, "eval")
    has_truth = next(read_examples(held_out), None) is not None
    train = [*selection.train, *(selection.held_out if has_truth else ())]
    _write_lines(folder / "train", train)
    if not has_truth:
        _write_lines(folder / "eval", selection.held_out)
    for split in ("train", "eval"):
        (folder / split).mkdir(exist_ok=True)
        for number, path in enumerate(_files(truth, split)):
            shutil.copyfile(path, folder / split / f"truth-{number:05d}.tfrecord.gz")
    texts = [example.text for example in read_examples(_files(folder, "train"))]
    (folder / CHARSET_FILE).write_text(Charset.of_texts(texts).to_json(), "utf-8")
    return TRUTH if has_truth else AGREEMENT


def _write_lines(folder: Path, readings: Iterable[Reading]) -> None:
    folder.mkdir(parents=True)
    with gzip.open(folder / _READ_FILE, "wb") as file:
        for reading in readings:
            write_record(file, encode_line(_example(reading, folder.name)))


def _example(reading: Reading, split: str) -> LineExample:
    image = reading.image
    height_px, width_px = image.strip.shape
    return LineExample(
        image=cv2.imencode(".png", image.strip)[1].tobytes(),
        width_px=width_px,
        height_px=height_px,
        text=reading.text,
        page_uri=image.page_uri,
        line_id=image.line.line_id,
        document=reading.document,
        source=TRANSCRIPTS,
        split=split,
        direction=image.line.direction,
    )
