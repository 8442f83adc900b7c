"""`python -m model.training.language`, through its main, on a fake model."""

import json
from dataclasses import replace

import pytest

from model import DEFAULT_FOLDER
from model.dataset.examples import decode_strip
from model.decoding.config import BEAM, DecodingConfig
from model.decoding.rescoring import RECURRENT_SHARE
from model.decoding.settings import DecodingSettings
from model.language.word_counts import read_model_words
from model.networks.manifest import write_manifest
from model.recogniser import bundle
from model.recogniser.auxiliary_head import AUXILIARY_SHARE
from model.recogniser.recogniser import Recogniser
from model.text.charset import Charset
from model.training.language import build as training_language
from model.training.language import recurrent as training_recurrent
from model.training.language.__main__ import main
from model.training.language.build import _build
from model.training.language.config import LanguageConfig
from model.training.optimisation import backend
from schemas.records import Line, LineImage
from tests.drawn import line_example, write_tfrecords
from tests.fakes import write_fake_auxiliary, write_fake_bundle, write_fake_recurrent

DRAWN = ("abbé de cadeba", "ecadé bac", "dé ace eba z", "bac cadeb")


@pytest.fixture
def model(tmp_path):
    return write_fake_bundle(tmp_path / "m")


@pytest.fixture
def dataset(tmp_path, model):
    """Write lines whose text is what the fake model reads in them, so that it makes no errors."""
    recogniser = Recogniser(bundle.load_bundle(model))
    examples = []
    for number, text in enumerate(DRAWN):
        example = line_example(text, number)
        image = LineImage("p", Line("l", 0), decode_strip(example))
        examples.append(replace(example, text=recogniser.read(image).text))
    for split, count in (("train", 8), ("eval", 24)):
        lines = [replace(examples[i % 4], line_id=f"l{i}", split=split) for i in range(count)]
        write_tfrecords(tmp_path / "ds" / split / "lines.tfrecord.gz", lines)
    return tmp_path / "ds"


def add(model, dataset, *flags):
    return main(["--model", str(model), "--dataset", str(dataset), *map(str, flags)])


def test_a_language_model_is_added(model, dataset, capsys):
    bundle.write_card(model, {"preset": "fast"})
    greedy = bundle.load_bundle(model).digest()
    assert add(model, dataset) == 0
    printed = capsys.readouterr().out
    assert "language model: order 6, 8 lines" in printed and "beam: eval CER" in printed
    whole = bundle.load_bundle(model)
    # Pages are read as before, but now their errors are estimated.
    assert replace(whole, decoding=DecodingSettings()).digest() == greedy != whole.digest()
    assert whole.has_language_model
    reader = Recogniser(whole, DecodingConfig(BEAM))
    assert reader.decoding_note == "" and reader.page_error is not None
    assert whole.decoding.knows_words
    card = json.loads((model / bundle.CARD_FILE).read_text())
    assert card["preset"] == "fast"
    assert card["language_model"]["perplexity"] > 1
    assert card["decoding"]["lines"] == 24 and card["decoding"]["greedy"]["cer"] == 0
    assert not list(model.glob(".*"))


def test_the_beam_search_is_tuned_with_the_auxiliary_head_if_there_is_one(model, dataset):
    assert add(model, dataset) == 0
    alone = bundle.load_bundle(model).decoding
    write_fake_auxiliary(model, "é")
    write_manifest(model)
    assert add(model, dataset) == 0
    both = bundle.load_bundle(model).decoding
    assert (alone.auxiliary_share, both.auxiliary_share) == (0, AUXILIARY_SHARE)
    assert both.greedy == alone.greedy
    assert both.beam != alone.beam


def test_a_language_model_is_replaced_and_removed(model, dataset, tmp_path):
    assert add(model, dataset) == 0
    first = (model / bundle.LANGUAGE_MODEL_FILE).read_bytes()
    text = tmp_path / "more.txt"
    text.write_text("\ufeffabbé de cade\nbac\n" * 9, "utf-8")
    assert add(model, dataset, "--language_model_text", text, "--language_model_order", 3) == 0
    assert (model / bundle.LANGUAGE_MODEL_FILE).read_bytes() != first
    facts = json.loads((model / bundle.CARD_FILE).read_text())["language_model"]
    assert (facts["order"], facts["lines"], facts["extra_texts"]) == (3, 8 + 18, ["more.txt"])
    assert read_model_words(model)["bac"] >= 9
    assert add(model, dataset, "--language_model_order", 0) == 0
    assert not bundle.load_bundle(model).has_language_model
    assert bundle.load_bundle(model).decoding.greedy.page_error is not None


def test_a_model_of_another_language_is_added_beside(model, dataset, tmp_path, capsys):
    assert add(model, dataset, "--language", "fr") == 0
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    text = tmp_path / "it.txt"
    text.write_text("decade bacé\n" * 9, "utf-8")
    flags = "--beside", "--language", "it", "--language_model_text", text
    assert add(model, dataset, *flags) == 0
    after = {path.name: path.read_bytes() for path in model.iterdir()}
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"language_model.it.bin", bundle.CARD_FILE, "manifest.json"}
    whole = bundle.load_bundle(model)
    assert (whole.decoding.language, whole.other_languages) == ("fr", ("it",))
    facts = bundle.read_card(model)["other_language_models"]["it"]
    assert facts["lines"] == 8 + 9 and facts["extra_texts"] == ["it.txt"]
    assert facts["perplexity"] > 1
    assert "17 lines" in capsys.readouterr().out
    # Its name stays when the model's own is built anew; without a search both go.
    assert add(model, dataset) == 0
    assert bundle.load_bundle(model).decoding.language == "fr"
    assert bundle.load_bundle(model).other_languages == ("it",)
    assert add(model, dataset, "--language_model_order", 0) == 0
    assert bundle.load_bundle(model).other_languages == ()


def test_a_model_beside_needs_another_language(model, dataset, capsys):
    assert add(model, dataset, "--beside") == 2
    assert "name it with --language" in capsys.readouterr().err
    assert add(model, dataset, "--beside", "--language", "it") == 2
    assert "its own language model is missing; leave out --beside" in capsys.readouterr().err
    assert add(model, dataset, "--language", "fr") == 0
    capsys.readouterr()
    assert add(model, dataset, "--beside", "--language", "fr") == 2
    assert "its own language model is fr; leave out --beside" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        add(model, dataset, "--language", "../x")
    assert "give a name of small letters" in capsys.readouterr().err


def test_after_an_error_the_model_is_as_it_was(model, dataset, monkeypatch, capsys):
    def fail(*args):
        raise ValueError("torch is not installed")

    monkeypatch.setattr(training_language, "LEAST_LINES", 8)
    monkeypatch.setattr(training_language, "add_recurrent_model", fail)
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    assert add(model, dataset) == 2
    assert capsys.readouterr().err == "torch is not installed\n"
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before
    assert [path.name for path in model.parent.glob(".*")] == []


def test_the_default_model_stays_as_it_is(dataset, capsys):
    assert add("default", dataset) == 2
    assert add(DEFAULT_FOLDER, dataset) == 2
    assert "copy its folder and give the copy" in capsys.readouterr().err


@pytest.mark.train
def test_a_recurrent_language_model_is_added(model, dataset, capsys, monkeypatch):
    monkeypatch.setattr(training_language, "LEAST_LINES", 8)
    monkeypatch.setattr(training_recurrent, "_LEAST_GAIN", 20)
    assert add(model, dataset, "--recurrent_epochs", 3) == 0
    assert "recurrent language model, 3 of 3 steps" in capsys.readouterr().out
    whole = bundle.load_bundle(model)
    assert whole.decoding.recurrent_share == RECURRENT_SHARE
    facts = json.loads((model / bundle.CARD_FILE).read_text())["language_model"]
    assert facts["recurrent"]["epochs"] == 3
    assert facts["perplexity"] < facts["recurrent"]["perplexity_of_both"]
    assert facts["recurrent"]["perplexity_of_both"] < facts["recurrent"]["perplexity"] < 10
    reader = Recogniser(whole, DecodingConfig(BEAM))
    assert (reader.decoding_method, reader.decoding_note) == (BEAM, "")
    # A model that is much worse than the n-gram model is left out.
    monkeypatch.setattr(training_recurrent, "_LEAST_GAIN", 0.97)
    assert add(model, dataset, "--recurrent_epochs", 1) == 0
    assert ": too high, the model is left out" in capsys.readouterr().out
    assert bundle.load_bundle(model).decoding.recurrent_share == 0
    assert not whole.recurrent_path.exists()


def test_with_few_lines_there_is_no_recurrent_language_model(model, dataset):
    write_fake_recurrent(model, "a")
    assert add(model, dataset) == 0
    whole = bundle.load_bundle(model)
    assert not whole.recurrent_path.exists() and whole.decoding.recurrent_share == 0


def test_without_keras_the_error_names_the_cure(model, dataset, capsys, monkeypatch):
    monkeypatch.setattr(training_language, "LEAST_LINES", 8)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.setattr(backend, "_is_installed", lambda name: False)
    assert add(model, dataset) == 2
    assert "pip install 'quire-htr[train]', or give --recurrent_epochs 0" in capsys.readouterr().err
    assert add(model, dataset, "--recurrent_epochs", 0) == 0


def test_with_few_lines_the_default_weights_are_used(model, dataset, capsys):
    write_tfrecords(dataset / "eval" / "lines.tfrecord.gz", [line_example("abbé", 0, "eval")])
    assert add(model, dataset) == 0
    assert "1 eval lines are fewer than 20: the usual weights" in capsys.readouterr().out
    assert bundle.load_bundle(model).decoding == DecodingSettings()
    assert bundle.load_bundle(model).has_language_model


def test_a_large_charset_gets_a_lower_order(dataset):
    many = tuple(map(chr, range(2**14)))
    reported = []
    _, facts = _build(
        Charset(many),
        [str(dataset / "train" / "lines.tfrecord.gz")],
        LanguageConfig(),
        reported.append,
    )
    assert facts["order"] == 4
    assert reported == ["language model of order 4: the charset is too large for 6"]


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (lambda model, ds: (model / "model.onnx").unlink(), "model.onnx"),
        (lambda model, ds: (ds / "train" / "lines.tfrecord.gz").unlink(), "make the dataset"),
        (lambda model, ds: (ds / "train" / "lines.tfrecord.gz").write_bytes(b"x"), "gzip"),
        (lambda model, ds: (model / "card.json").write_text("["), "card.json: not a model card"),
        (lambda model, ds: (ds.parent / "t.txt").write_bytes(b"\xff\xfe"), "t.txt: "),
    ],
)
def test_invalid_input_is_reported_in_one_line(model, dataset, tmp_path, capsys, break_it, reason):
    text = tmp_path / "t.txt"
    text.write_text("bac\n")
    break_it(model, dataset)
    assert add(model, dataset, "--language_model_text", text) == 2
    captured = capsys.readouterr()
    assert reason in captured.err and captured.err.count("\n") == 1


@pytest.mark.parametrize(
    "flags",
    [
        ["--language_model_order", 1],
        ["--language_model_text", "no"],
        ["--recurrent_epochs", -1],
        ["--recurrent_epochs", "a"],
    ],
)
def test_invalid_flags_are_rejected(model, dataset, flags, capsys):
    with pytest.raises(SystemExit):
        add(model, dataset, *flags)
    assert flags[0] in capsys.readouterr().err
