"""`train` as a process: TFX from TFRecords to a released model."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from model.dataset.examples import decode_strip
from model.evaluation.metrics import error_rates
from model.recogniser.bundle import load_bundle
from model.recogniser.recogniser import Recogniser
from model.text.charset import Charset
from schemas.features import encode_line
from schemas.records import Line, LineExample, LineImage
from tests.drawn import line_example

pytestmark = pytest.mark.train

REPOSITORY = Path(__file__).resolve().parents[2]
WORDS = ("acte", "du", "maire", "le", "12", "mai", "fils", "de", "Jean")
LINES = {"train": 500, "eval": 24}
DOCUMENTS = ("mairie", "notaire")


@dataclass(frozen=True)
class Run:
    """A run of the command line."""

    status: int
    out: str
    err: str


def draw_lines(split: str) -> list[LineExample]:
    rng = np.random.default_rng(len(split))
    lines = []
    for i in range(LINES[split]):
        line = line_example(" ".join(rng.choice(WORDS, 2)), i, split)
        lines.append(LineExample(**{**vars(line), "document": DOCUMENTS[i % 2]}))
    return lines


def train(dataset: Path, output: Path, *flags: str) -> Run:
    command = [sys.executable, "-m", "pipelines.train", "--preset", "tiny"]
    command += ["--dataset", str(dataset), "--output", str(output), *flags]
    run = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
    return Run(run.returncode, run.stdout, run.stderr)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dataset")
    for split in LINES:
        (folder / split).mkdir()
        path = str(folder / split / "lines.tfrecord.gz")
        # TFX verifies the checksums, so TensorFlow has to write them.
        with tf.io.TFRecordWriter(path, tf.io.TFRecordOptions(compression_type="GZIP")) as file:
            for line in draw_lines(split):
                file.write(encode_line(line))
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def released(dataset, models):
    run = train(dataset, models, "--epochs", "32", "--max_cer", "1.0")
    assert run.status == 0, run.err
    return run


@pytest.fixture(scope="module")
def refused(dataset, models, released):
    latest = os.readlink(models / "latest")
    run = train(dataset, models, "--epochs", "1", "--max_cer", "0.0")
    assert os.readlink(models / "latest") == latest
    return run


@pytest.fixture(scope="module")
def worse(dataset, models, refused):
    return train(dataset, models, "--epochs", "1", "--max_cer", "1.0")


@pytest.fixture(scope="module")
def unchanged(dataset, models, worse):
    """Fine-tune the released model so little that it stays as it is."""
    flags = ("--init", str(models / "latest"), "--epochs", "1", "--learning_rate", "1e-9")
    return train(dataset, models, *flags, "--max_cer", "1.0")


def test_only_progress_is_printed(released):
    steps = [line for line in released.out.splitlines() if line.endswith(" ...")]
    assert "LineExampleGen ..." in steps
    assert steps[-1] == "Pusher ..."
    assert "training on " in released.out
    assert "epoch 32: " in released.out
    assert released.out.splitlines()[-1].startswith("released ")
    assert "INFO" not in released.out
    assert "INFO" not in released.err
    assert "Traceback" not in released.err


def test_the_model_appears_with_a_link_and_all_its_files(released, models):
    (version,) = (path for path in models.iterdir() if path.name.isdigit())
    assert os.readlink(models / "latest") == version.name
    assert str(version) in released.out
    files = {path.name for path in version.iterdir()}
    assert files >= {
        "auxiliary.onnx",
        "card.json",
        "charset.json",
        "decoding.json",
        "language_model.bin",
        "model.onnx",
        "preprocess.json",
        "saved_model.pb",
        "weights.keras",
    }
    assert not list((models / ".tfx").glob("*/staging/*"))


def test_the_charset_is_that_of_the_train_split(released, models):
    expected = Charset.of_texts(line.text for line in draw_lines("train"))
    assert load_bundle(models / "latest").charset == expected


def test_the_card_has_the_errors_of_the_onnx_network(released, models):
    lines = draw_lines("eval")
    pairs = [(line.text, read_onnx(models, [line])[0][0]) for line in lines]
    card = json.loads((models / "latest" / "card.json").read_text("utf-8"))
    evaluation = card["evaluation"]
    results = [evaluation["overall"], *(evaluation["by_document"][d] for d in DOCUMENTS)]
    for result, kept in zip(results, (pairs, pairs[::2], pairs[1::2])):
        characters, words = error_rates(kept)
        assert result["lines"] == len(kept)
        assert (result["character_edits"], result["characters"]) == (
            characters.edits,
            characters.length,
        )
        assert (result["word_edits"], result["words"]) == (words.edits, words.length)
    assert card["dataset"]["lines"] == LINES


def test_saved_model_and_onnx_read_the_same(released, models):
    lines = draw_lines("eval")
    signatures = tf.saved_model.load(str(models / "latest")).signatures
    examples = tf.constant([encode_line(line) for line in lines])
    images = tf.constant([line.image for line in lines])
    expected = read_onnx(models, lines)
    for outputs in (
        signatures["serving_default"](examples=examples),
        signatures["images"](images=images),
    ):
        assert [text.decode() for text in outputs["text"].numpy()] == [t for t, _ in expected]
        np.testing.assert_allclose(
            outputs["confidence"].numpy(), [c for _, c in expected], atol=1e-4
        )
    # A network that outputs only blank labels would agree too.
    assert len({text for text, _ in expected}) > len(lines) / 4


def read_onnx(models: Path, lines: list[LineExample]) -> list[tuple[str, float]]:
    recogniser = Recogniser(load_bundle(models / "latest"))
    read = []
    for line in lines:
        image = LineImage(line.page_uri, Line(line.line_id, 0), decode_strip(line))
        transcript = recogniser.read(image)
        read.append((transcript.text, transcript.confidence))
    return read


def test_a_model_with_too_many_errors_is_not_released(refused, models):
    assert refused.status == 3
    last = refused.err.splitlines()[-1]
    assert last.startswith("not released: CER ")
    assert "--max_cer is 0.0 and the last good model reads them at CER " in last
    assert "Traceback" not in refused.err
    assert len([path for path in models.iterdir() if path.name.isdigit()]) == 1


def test_a_model_worse_than_the_last_good_one_is_not_released(worse, models):
    assert worse.status == 3
    last = worse.err.splitlines()[-1]
    assert "but the last good model reads them at CER " in last
    assert "--max_cer" not in last
    assert len([path for path in models.iterdir() if path.name.isdigit()]) == 1
    # Only the threshold was different, so nothing was trained again.
    assert "Trainer: nothing has changed" in worse.out
    assert "Evaluator: nothing has changed" not in worse.out


def test_the_card_has_intervals_and_slices(released, models):
    card = json.loads((models / "latest" / "card.json").read_text("utf-8"))
    overall = card["evaluation"]["overall"]
    low, high = overall["cer_interval"]
    assert low <= overall["cer"] <= high
    assert set(card["evaluation"]["by_script"]) == {"Latin"}
    assert sum(r["lines"] for r in card["evaluation"]["by_line_length"].values()) == LINES["eval"]


def test_a_fine_tuned_model_that_is_no_better_than_its_base_is_not_released(unchanged, models):
    assert unchanged.status == 3
    assert "fine-tuning: " in unchanged.out and "held-out lines of" in unchanged.out
    last = unchanged.err.splitlines()[-1]
    assert last.startswith("not released: no better than its base")
    assert "Traceback" not in unchanged.err
    assert len([path for path in models.iterdir() if path.name.isdigit()]) == 1
