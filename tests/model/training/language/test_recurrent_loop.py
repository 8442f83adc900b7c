"""The recurrent language model: trained on a few texts, exported to ONNX, run."""

import math
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest

from model.language.ngram_model import LINE_END
from model.language.perplexity import perplexity
from model.language.recurrent_model import LABELS, LOG_PROBABILITIES, RecurrentLanguageModel
from model.text.charset import Charset

pytestmark = pytest.mark.train

TEXTS = ["le maire du lieu", "la mairie de la ville", "le lieu de la mairie"] * 30
CHARSET = Charset.of_texts([*TEXTS, "é"])


def train(reported=None, **settings):
    from model.training.language.recurrent_loop import RecurrentConfig, train_language_network

    config = replace(RecurrentConfig(epochs=6, batch_lines=6), **settings)
    report = (reported if reported is not None else []).append
    return train_language_network(TEXTS, CHARSET, config, report)


@pytest.fixture(scope="module")
def network():
    return train()


@pytest.fixture(scope="module")
def model(network, tmp_path_factory):
    from model.training.networks.recurrent_language import quantised_language_network

    path = tmp_path_factory.mktemp("m") / "recurrent_language_model.onnx"
    path.write_bytes(quantised_language_network(network))
    return RecurrentLanguageModel(path, CHARSET)


def test_the_model_learns_the_texts(model):
    assert perplexity(TEXTS[:3], model) < 1.6 < 10 < perplexity(["uv llmm"], model)
    right, wrong = model.log_probabilities(
        [CHARSET.encode(text) for text in ("la mairie de la ville", "la mairie de la vilie")]
    )
    assert right > wrong + 2


def test_the_score_of_a_text_hardly_depends_on_its_batch(model):
    texts = [CHARSET.encode(text) for text in TEXTS[:3]] + [[]]
    together = model.log_probabilities(texts)
    alone = [model.log_probabilities([text])[0] for text in texts]
    assert together == pytest.approx(alone, abs=0.3)
    whole = math.exp(-sum(alone[:3]) / sum(len(text) + 1 for text in texts[:3]))
    assert perplexity(TEXTS[:3], model) == pytest.approx(whole, rel=1e-3)


def test_characters_outside_the_charset_are_ignored(model):
    assert len(model.character_log_probabilities("le m☃ire")) == len("le mire") + 1
    assert math.isfinite(perplexity(["le m☃ire"], model))


def test_the_graph_computes_what_the_network_computes(network):
    from model.training.networks.recurrent_language import export_language_network

    labels = np.random.default_rng(0).integers(0, CHARSET.class_count, (3, 17)).astype(np.int32)
    logits = np.asarray(network.predict_on_batch(labels))
    graph = export_language_network(network).SerializeToString()
    (log_probabilities,) = onnxruntime.InferenceSession(graph).run(
        [LOG_PROBABILITIES], {LABELS: labels.T}
    )
    expected = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    assert np.allclose(log_probabilities.transpose(1, 0, 2), expected, atol=1e-4)


def test_the_same_seed_gives_the_same_network():
    one, two, other = (
        train(epochs=1, most_characters=700, seed=seed).get_weights() for seed in (3, 3, 4)
    )
    assert all(np.array_equal(a, b) for a, b in zip(one, two))
    assert not np.array_equal(one[0], other[0])


def test_long_texts_get_fewer_passes():
    reported = []
    characters = sum(map(len, TEXTS))
    train(reported, epochs=20, most_characters=characters * 2 // 3)
    assert len(reported) == 1 and reported[0].startswith("recurrent language model, 10 of 10 steps")


def test_an_input_starts_and_a_target_ends_with_a_line_end():
    from model.training.language.recurrent_loop import pad_texts

    lines = [np.array([3, 1, 2]), np.array([4, -1, 5, 6])]
    before, after = pad_texts(lines, np.random.default_rng(0), 0.0)
    assert before.shape == after.shape == (2, 16)
    assert before[0, :5].tolist() == [LINE_END, 3, 1, 2, LINE_END]
    assert after[0, :5].tolist() == [3, 1, 2, LINE_END, -1]
    # Characters outside the charset are neither input nor target.
    assert before[1, :5].tolist() == [LINE_END, 4, LINE_END, 5, 6]
    assert after[1, :6].tolist() == [4, -1, 5, 6, LINE_END, -1]
    hidden, same = pad_texts(lines, np.random.default_rng(0), 1.0)
    assert not hidden.any() and np.array_equal(same, after)


def test_a_long_line_is_split():
    from model.training.language.recurrent_loop import _encode

    parts = list(_encode("le " * 150, Charset(("l", "e", " "))))
    assert [len(part) for part in parts] == [200, 200, 49]
    assert np.concatenate(parts)[:4].tolist() == [1, 2, 3, 1]


def test_training_without_text_is_rejected():
    from model.training.language.recurrent_loop import RecurrentConfig, train_language_network

    with pytest.raises(ValueError, match="no text to train on"):
        train_language_network(["", " "], CHARSET, RecurrentConfig(1), print)
