"""The language models of a base are mixed with the texts of a few pages."""

import json
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest

from model.decoding.config import BEAM, DecodingConfig
from model.decoding.settings import DecodingSettings
from model.language.ngram_build import build_language_model
from model.language.ngram_mix import open_tables, to_model
from model.language.ngram_model import LanguageModel
from model.language.perplexity import perplexity
from model.language.word_counts import read_model_words
from model.networks.manifest import changing
from model.recogniser import bundle
from model.recogniser.recogniser import Recogniser
from model.text.charset import Charset
from model.training.base_model import joined_charset
from model.training.language.base_models import fit_weights, mix_with_base
from model.training.language.build import add_language_model
from model.training.language.config import LanguageConfig
from model.training.language.decoding_tuning import LEAST_LINES_TO_RETUNE, tune_decoding
from schemas.features import TRANSCRIPTS
from tests.drawn import line_example, write_tfrecords
from tests.fakes import write_fake_bundle, write_language_model

OLD = ["abbé de cade", "bac de ecade", "dé ace"] * 4
NEW = {"p1": ["bade a bade", "cabe a bade"], "p2": ["bade a cabe"], "p3": ["ecab bade a"]}


@pytest.fixture
def base(tmp_path):
    folder = write_fake_bundle(tmp_path / "base")
    write_language_model(folder, OLD, order=4)
    return bundle.load_bundle(folder)


def mixed(base, tmp_path, pages, extra=(), charset=None):
    charset = charset or base.charset
    data, facts = mix_with_base(base, charset, pages, list(extra), order=4)
    (tmp_path / "mixed.bin").write_bytes(data)
    return to_model(open_tables(tmp_path / "mixed.bin", charset), charset), facts


def test_the_mixture_knows_both_the_language_and_the_phrases(base, tmp_path):
    model, facts = mixed(base, tmp_path, NEW)
    old = base.open_language_model()
    assert 0 < facts["share_of_base"] < 1 and facts["lines"] == 4
    assert perplexity(["bade a bade"], model) < perplexity(["bade a bade"], old)
    (tmp_path / "new.bin").write_bytes(
        build_language_model([text for texts in NEW.values() for text in texts], base.charset, 4)
    )
    new = LanguageModel.open(tmp_path / "new.bin", base.charset)
    assert perplexity(["abbé de cade"], model) < perplexity(["abbé de cade"], new)


@pytest.mark.parametrize(
    ("pages", "reason"),
    [
        ({"p": ["bade a bade", "cabe a bade", "bade a cabe"]}, "one page: its lines in turn"),
        ({"p": ["bade a bade"]}, "one line: equal weights"),
        ({"p": ["bade a bade"], "q": [" "]}, "a page without text"),
    ],
)
def test_few_texts_have_weights_too(base, tmp_path, pages, reason):
    _, facts = mixed(base, tmp_path, pages)
    assert 0 <= facts["share_of_base"] <= 1, reason


def test_texts_of_the_kind_of_the_base_leave_it_most_of_the_weight(base):
    old = base.open_language_model()
    alike, unlike = (
        fit_weights(old, base.charset, pages, [], 4)
        for pages in ({"p": OLD[:3], "q": OLD[3:6]}, {"p": ["bbbb"] * 3, "q": ["bbbb"] * 3})
    )
    assert alike[0] > unlike[0]
    assert sum(alike) == pytest.approx(1)


def test_without_new_texts_the_model_of_the_base_is_kept(base, tmp_path):
    model, facts = mixed(base, tmp_path, {})
    assert facts["share_of_base"] == 1
    old = base.open_language_model()
    assert perplexity(OLD, model) == pytest.approx(perplexity(OLD, old), rel=1e-3)


def test_new_characters_are_predicted(base, tmp_path):
    charset = joined_charset(base.charset, Charset.of_texts(["zut"]))
    model, _ = mixed(base, tmp_path, {"p": ["zut a bade", "zut"], "q": ["zut"]}, charset=charset)
    assert perplexity(["zut"], model) < 5


@pytest.fixture
def tuned(base, tmp_path):
    """Write what fine-tuning leaves before its language models are added."""
    folder = write_fake_bundle(tmp_path / "tuned")
    for split in ("train", "eval"):
        lines = [
            replace(line_example("abba", i, split), text=text, page_uri=page)
            for page, texts in NEW.items()
            for i, text in enumerate(texts)
        ]
        write_tfrecords(tmp_path / "ds" / split, lines)
    return folder


def add(tuned, tmp_path, base, **config):
    paths = [[str(tmp_path / "ds" / split)] for split in ("train", "eval")]
    said: list[str] = []
    add_language_model(tuned, *paths, LanguageConfig(**config), said.append, base)
    return "\n".join(said)


def test_words_and_settings_of_the_base_are_kept(base, tuned, tmp_path):
    settings = DecodingSettings(replace(DecodingSettings().search, lm_weight=0.7), True)
    (base.directory / bundle.DECODING_FILE).write_text(settings.to_json())
    (base.directory / "words.json").write_text('{"abbé": 3}')
    said = add(tuned, tmp_path, bundle.load_bundle(base.directory))
    whole = bundle.load_bundle(tuned)
    assert whole.decoding == settings
    assert read_model_words(tuned) == {"abbé": 3, "bade": 5, "a": 4, "cabe": 2, "ecab": 1}
    assert "4 eval lines: the search and the calibration are those of the base" in said
    assert "% of that of the base" in said
    assert Recogniser(whole, DecodingConfig(BEAM)).decoding_note == ""
    facts = json.loads((tuned / bundle.CARD_FILE).read_text())["language_model"]
    assert 0 < facts["share_of_base"] < 1


def test_a_base_without_a_language_model_is_told(base, tuned, tmp_path):
    (base.directory / bundle.LANGUAGE_MODEL_FILE).unlink()
    said = add(tuned, tmp_path, bundle.load_bundle(base.directory))
    assert "has no language_model.bin: only the new texts are used" in said
    assert bundle.load_bundle(tuned).has_language_model


def test_models_of_other_languages_are_kept(base, tuned, tmp_path):
    for language in ("de", "it"):
        write_language_model(base.directory, ["abba bade"], language=language)
    settings = DecodingSettings(language="fr").to_json()
    (base.directory / bundle.DECODING_FILE).write_text(settings)
    add(tuned, tmp_path, bundle.load_bundle(base.directory))
    whole = bundle.load_bundle(tuned)
    assert whole.other_languages == ("de", "it") and whole.decoding.language == "fr"
    before, after = (one.open_language_model("it") for one in (base, whole))
    assert perplexity(["abba bade"], after) == pytest.approx(
        perplexity(["abba bade"], before), rel=0.01
    )
    # The new model is of a language that the base had beside its own.
    with changing(tuned):
        (tuned / bundle.language_file("it")).unlink()
    add(tuned, tmp_path, bundle.load_bundle(base.directory), language="it")
    whole = bundle.load_bundle(tuned)
    assert whole.other_languages == ("de",) and whole.decoding.language == "it"


def test_texts_that_a_model_has_read_do_not_become_its_language_model(base, tuned, tmp_path):
    lines = [replace(line_example("abba", i), text="bbbb", source=TRANSCRIPTS) for i in range(9)]
    write_tfrecords(tmp_path / "ds" / "train", lines)
    said = add(tuned, tmp_path, base)
    assert "0 lines and 100% of that of the base" in said
    model = bundle.load_bundle(tuned).open_language_model()
    assert perplexity(["bbbb"], model) == pytest.approx(
        perplexity(["bbbb"], base.open_language_model()), rel=0.01
    )


def test_on_many_lines_the_settings_of_the_base_are_tuned_further():
    charset = Charset(("a", "b"))
    logits = np.full((4, 3), -9.0, np.float32)
    logits[[0, 1, 2, 3], [1, 0, 2, 0]] = 9
    start = DecodingSettings(replace(DecodingSettings().search, lm_weight=0.7))
    few, many = (
        tune_decoding([(logits, "ab")] * count, charset, None, start=start)
        for count in (LEAST_LINES_TO_RETUNE - 1, LEAST_LINES_TO_RETUNE)
    )
    assert few.settings == start and "those of the base" in few.note
    assert many.note == "" and many.settings.greedy.page_error is not None


def write_network(path, classes=3):
    """Write a recurrent language model with the names of a real one."""
    from model.training.networks.recurrent_language import (
        build_language_network,
        quantised_language_network,
    )

    path.write_bytes(quantised_language_network(build_language_network(classes, 0.0)))


@pytest.mark.train
def test_a_recurrent_model_gets_new_characters_and_predicts_the_known_ones_as_before(tmp_path):
    from model.training.networks.recurrent_widening import widen_language_network

    path = tmp_path / "r.onnx"
    write_network(path)
    data = path.read_bytes()
    assert widen_language_network(data, 3) is data
    labels = np.array([[0], [1], [2]], np.int32)
    before, after = (
        onnxruntime.InferenceSession(one).run(["log_probabilities"], {"labels": labels})[0]
        for one in (data, widen_language_network(data, 5))
    )
    assert after.shape == (3, 1, 5)
    known = np.exp(after[..., :3])
    assert known / known.sum(-1, keepdims=True) == pytest.approx(np.exp(before), rel=1e-3)
    assert (after[..., 3:] < after[..., :3].min()).all()
    with pytest.raises(ValueError, match="2 more characters than the recogniser"):
        widen_language_network(widen_language_network(data, 5), 3)
    other = onnx.helper.make_model(onnx.helper.make_graph([], "g", [], []))
    with pytest.raises(ValueError, match="not a recurrent language model"):
        widen_language_network(other.SerializeToString(), 3)
