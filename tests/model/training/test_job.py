"""`python -m model.training`, through its main, on lines drawn in a second."""

import json

import pytest

from model.decoding.config import BEAM, DecodingConfig
from model.recogniser.bundle import load_bundle
from model.recogniser.recogniser import Recogniser
from model.text.charset import Charset
from schemas.records import Line, LineImage
from tests.drawn import line_example, text_strip, write_tfrecords

pytestmark = pytest.mark.train

TEXTS = ["maire", "marie", "rame", "aimer", "mare"]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dataset")
    for split, count in (("train", 160), ("eval", 10)):
        examples = [line_example(TEXTS[i % 5], i, split) for i in range(count)]
        write_tfrecords(folder / split / "lines.tfrecord.gz", examples)
    (folder / "charset.json").write_text(Charset.of_texts(TEXTS).to_json())
    return folder


def train(dataset, output, *flags):
    from model.training.__main__ import main

    return main(["--dataset", str(dataset), "--output", str(output), "--preset", "tiny", *flags])


def test_a_network_learns_its_training_lines(dataset, tmp_path, capsys):
    assert train(dataset, tmp_path / "m", "--epochs", "24", "--augmentation", "0") == 0
    printed = capsys.readouterr().out
    assert "training on CPU" in printed or "training on 1 GPU" in printed
    assert "160 lines to train on, 0 left out" in printed
    recogniser = Recogniser(load_bundle(tmp_path / "m"))
    for text in TEXTS:
        image = LineImage("p", Line("l", 0), text_strip(text))
        assert recogniser.read(image).text == text
    card = json.loads((tmp_path / "m" / "card.json").read_text())
    assert [result["epoch"] for result in card["course"]] == list(range(1, 25))
    assert card["course"][-1]["cer"] == 0
    assert card["language_model"]["lines"] == 160 and card["language_model"]["perplexity"] < 4
    assert card["decoding"]["note"].startswith("10 eval lines are fewer than 20")
    reader = Recogniser(load_bundle(tmp_path / "m"), DecodingConfig(BEAM))
    assert (reader.decoding_method, reader.decoding_note) == (BEAM, "")
    assert reader.read(image).text == TEXTS[-1]


def test_the_same_seed_gives_the_same_model(dataset, tmp_path):
    for name in ("one", "two"):
        assert train(dataset, tmp_path / name, "--epochs", "1", "--seed", "5") == 0
    digests = {load_bundle(tmp_path / name).digest() for name in ("one", "two")}
    assert len(digests) == 1


def test_a_character_outside_the_charset_counts_as_an_error(dataset, tmp_path):
    folder = tmp_path / "d"
    write_tfrecords(folder / "train" / "a.tfrecord.gz", [line_example("ame", i) for i in range(4)])
    write_tfrecords(folder / "eval" / "a.tfrecord.gz", [line_example("zoe", 0, "eval")])
    (folder / "charset.json").write_text(Charset.of_texts(["ame"]).to_json())
    assert train(folder, tmp_path / "m", "--epochs", "1") == 0
    card = json.loads((tmp_path / "m" / "card.json").read_text())
    assert card["course"][0]["cer"] >= 2 / 3


def test_an_unreadable_text_file_is_reported_before_the_training(dataset, tmp_path, capsys):
    text = tmp_path / "t.txt"
    text.write_bytes(b"\xff")
    assert train(dataset, tmp_path / "m", "--language_model_text", str(text)) == 2
    captured = capsys.readouterr()
    assert str(text) in captured.err and "epoch" not in captured.out


@pytest.mark.parametrize(
    ("lack", "reason"),
    [
        ("charset.json", "charset.json is missing"),
        ("train", "no lines; ingest more pages"),
        ("eval", "--eval_fraction"),
        ("nothing", "m exists"),
    ],
)
def test_an_unusable_dataset_is_reported_in_one_line(tmp_path, capsys, lack, reason):
    folder = tmp_path / "d"
    for split in ("train", "eval"):
        if split != lack:
            write_tfrecords(folder / split / "a.tfrecord.gz", [line_example("ame", 0, split)])
    if lack != "charset.json":
        (folder / "charset.json").write_text(Charset.of_texts(["ame"]).to_json())
    if lack == "nothing":
        (tmp_path / "m").mkdir()
    assert train(folder, tmp_path / "m", "--epochs", "1") == 2
    error = capsys.readouterr().err
    assert reason in error


@pytest.mark.parametrize(
    "step",
    ["model.training.job.quantise_bundle", "model.training.language.build.tune_decoding"],
)
def test_a_run_that_dies_while_it_writes_the_model_goes_on(dataset, tmp_path, monkeypatch, step):
    def die(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(step, die)
        with pytest.raises(KeyboardInterrupt):
            train(dataset, tmp_path / "m", "--epochs", "1")
    assert not (tmp_path / "m").exists()
    assert (tmp_path / "m.training" / "model").is_dir()
    assert train(dataset, tmp_path / "m", "--epochs", "1") == 0
    assert load_bundle(tmp_path / "m").has_language_model
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
