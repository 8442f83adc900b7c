"""CTC prefix beam search, tested against the plain reference and against sums over all paths."""

import itertools
import math
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from model.decoding.beam_search import beam_search, search_frames
from model.decoding.config import BeamConfig
from model.decoding.ctc import decode_greedy, softmax
from model.decoding.prefix_weights import PrefixWeights
from model.evaluation.metrics import character_errors
from model.language.lexicon import Lexicon
from model.language.ngram_build import build_language_model
from model.language.ngram_model import LINE_END, LanguageModel
from model.text.charset import Charset
from model.training.language.beam_tuning import tune_weights
from tests.model.decoding.prefix_beams import factor_of_last_character, prefix_beams

CHARSET = Charset((" ", "-", "a", "b"))
EVERYTHING = BeamConfig(1024, least_probability=0.0, least_share=0.0)
CONFIGS = st.builds(
    BeamConfig,
    width=st.sampled_from([1, 2, 3, 16]),
    lm_weight=st.sampled_from([0.0, 0.5, 2.0]),
    length_bonus=st.sampled_from([-1.0, 0.0, 1.5]),
    unknown_edge_penalty=st.sampled_from([0.0, 2.0]),
    least_probability=st.sampled_from([0.0, 0.01, 0.3]),
    least_share=st.sampled_from([0.0, 0.001, 0.2]),
)


def logits_of(classes, most_steps):
    # Integers make ties.
    levels = st.one_of(st.integers(-6, 6).map(float), st.floats(-9, 9, width=16))
    shapes = st.tuples(st.integers(1, most_steps), st.just(classes))
    return npst.arrays(np.float32, shapes, elements=levels)


@pytest.fixture(scope="module")
def language_model(tmp_path_factory):
    path = tmp_path_factory.mktemp("lm") / "x.bin"
    path.write_bytes(build_language_model(["ab ab", "abba a-b", "ba b", "ab-a"], CHARSET, 4))
    return LanguageModel.open(path, CHARSET)


@settings(deadline=None, max_examples=300)
@given(
    logits=logits_of(CHARSET.class_count, 14),
    config=CONFIGS,
    with_model=st.booleans(),
    with_words=st.booleans(),
)
def test_the_search_equals_the_reference_to_the_last_bit(
    logits, config, with_model, with_words, language_model
):
    lexicon = Lexicon(["ab", "ba"]) if with_words else None
    weights = PrefixWeights(CHARSET, config, language_model if with_model else None, lexicon)
    probabilities = softmax(logits)
    found = beam_search(probabilities, config, weights)
    assert found == prefix_beams(probabilities, config, weights)
    # Once more, with all factors cached.
    assert found == beam_search(probabilities, config, weights)


@settings(deadline=None, max_examples=60)
@given(logits=logits_of(3, 5), lm_weight=st.sampled_from([0.0, 0.7]), bonus=st.floats(-2, 2))
def test_a_wide_beam_sums_over_all_paths(logits, lm_weight, bonus, tmp_path_factory):
    charset = Charset(("a", "b"))
    path = tmp_path_factory.mktemp("lm") / "x.bin"
    path.write_bytes(build_language_model(["ab", "abb", "a"], charset, 3))
    model = LanguageModel.open(path, charset)
    probabilities = softmax(logits)
    expected = defaultdict(float)
    for steps in itertools.product(range(3), repeat=len(logits)):
        labels = tuple(label for label, _ in itertools.groupby(steps) if label)
        expected[labels] += math.prod(float(row[k]) for row, k in zip(probabilities, steps))
    for labels in expected:
        line = [LINE_END, *labels, LINE_END]
        log_lm = sum(
            model.log_probability(model.state(line[:at]), line[at]) for at in range(1, len(line))
        )
        expected[labels] *= math.exp(lm_weight * log_lm + bonus * len(labels))
    config = replace(EVERYTHING, lm_weight=lm_weight, length_bonus=bonus)
    found = beam_search(probabilities, config, PrefixWeights(charset, config, model))
    assert {b.labels: pytest.approx(b.weight, rel=1e-5) for b in found} == expected
    assert found[0].weight == pytest.approx(max(expected.values()), rel=1e-5)
    narrow = replace(config, width=2)
    best = beam_search(probabilities, narrow, PrefixWeights(charset, narrow, model))[0]
    assert expected[best.labels] <= found[0].weight * (1 + 1e-5)


@given(text=st.text("ab -", max_size=12), noise=logits_of(5, 60))
def test_a_beam_of_one_equals_the_best_path_on_confident_logits(text, noise):
    logits = np.resize(noise, (2 * len(text) + 1, 5)) / 10
    steps = [0] * len(logits)
    steps[1::2] = CHARSET.encode(text)
    logits[np.arange(len(logits)), steps] += 12
    config = BeamConfig(width=1, length_bonus=0.0)
    best = beam_search(softmax(logits), config, PrefixWeights(CHARSET, config))[0]
    assert CHARSET.decode(best.labels) == decode_greedy(logits, CHARSET)[0] == text


@pytest.mark.parametrize("bonus", [-15.0, 15.0])
def test_weights_of_a_long_line_neither_underflow_nor_overflow(language_model, bonus):
    labels = CHARSET.encode("ab ba-" * 300)
    steps = [step for label in labels for step in (label, 0)]
    probabilities = np.full((len(steps), 5), 0.02, np.float32)
    probabilities[np.arange(len(steps)), steps] = 0.92
    config = BeamConfig(length_bonus=bonus, least_probability=0.03)
    found = beam_search(probabilities, config, PrefixWeights(CHARSET, config, language_model))
    assert found[0].labels == tuple(labels)
    assert 0 < found[0].weight < math.inf


def test_the_language_model_decides_between_similar_probabilities(language_model):
    a, b = CHARSET.encode("ab")
    probabilities = np.full((3, 5), 0.02, np.float32)
    probabilities[0, a] = 0.92
    probabilities[1, 0] = 0.92
    probabilities[2, [a, b]] = 0.49, 0.45
    plain = BeamConfig(length_bonus=0.0)
    alone = beam_search(probabilities, plain, PrefixWeights(CHARSET, plain))
    helped = beam_search(probabilities, plain, PrefixWeights(CHARSET, plain, language_model))
    assert [CHARSET.decode(found[0].labels) for found in (alone, helped)] == ["aa", "ab"]


@pytest.mark.parametrize(
    ("text", "penalties"),
    [
        ("a ab b", 0),
        ("a ba b", 1),
        ("ba ab b", 0),  # the first word may be the end of a broken one
        ("a aa-b", 0),  # a broken word
        ("a bb ba b", 2),
        ("a ab ba", 0),  # the last word may be broken
    ],
)
def test_words_that_are_not_in_the_lexicon_are_penalised(text, penalties):
    config = BeamConfig(length_bonus=0.0, unknown_word_penalty=2.0, unknown_edge_penalty=0.0)
    weights = PrefixWeights(CHARSET, config, lexicon=Lexicon(["ab"]))
    assert weight_of(weights, text) == pytest.approx(math.exp(-2 * penalties))


def weight_of(weights, text):
    """Return the product of all factors of a text."""
    labels = CHARSET.encode(text)
    factors = [
        factor_of_last_character(weights, labels[:stop]) for stop in range(1, len(labels) + 1)
    ]
    return math.prod(factors) * weights.end_factor(labels)


@pytest.mark.parametrize(
    ("text", "penalties"),
    [
        ("", 0),
        ("ab", 0),
        ("a", 1),  # both first and last, penalised once
        ("a ab b", 2),
        ("ab ab ab", 0),
        ("ab bb b", 1),
        (" a ab", 0),  # after a space, a word is not the first
        ("a- ab b-", 0),  # broken words
        ("ab ", 0),
    ],
)
def test_unknown_first_and_last_words_have_a_penalty_of_their_own(text, penalties):
    config = BeamConfig(length_bonus=0.0, unknown_word_penalty=0.0, unknown_edge_penalty=3.0)
    weights = PrefixWeights(CHARSET, config, lexicon=Lexicon(["ab"]))
    assert weight_of(weights, text) == pytest.approx(math.exp(-3 * penalties))
    labels = CHARSET.encode(text)
    probabilities = np.full((len(labels) * 2 + 1, 5), 1e-6, np.float32)
    steps = [0, *(step for label in labels for step in (label, 0))]
    probabilities[np.arange(len(steps)), steps] = 1
    best = beam_search(probabilities, config, weights)[0]
    assert best.labels == tuple(labels)
    assert best.weight == pytest.approx(math.exp(-3 * penalties), rel=1e-4)


def test_an_unknown_word_can_still_be_read():
    config = BeamConfig(length_bonus=0.0, unknown_word_penalty=1.0)
    weights = PrefixWeights(CHARSET, config, lexicon=Lexicon(["ab"]))
    labels = CHARSET.encode("a ba a")
    probabilities = np.full((len(labels), 5), 0.01, np.float32)
    probabilities[np.arange(len(labels)), labels] = 0.96
    assert CHARSET.decode(beam_search(probabilities, config, weights)[0].labels) == "a ba a"


def test_tuning_gives_a_helpful_language_model_a_weight(language_model):
    rng = np.random.default_rng(0)
    lines = []
    for text in ["ab ab", "abba", "ab a-b", "ba ab"] * 3:
        steps = [step for label in CHARSET.encode(text) for step in (label, 0)]
        logits = rng.normal(0, 1, (len(steps), 5)).astype(np.float32)
        logits[np.arange(len(steps)), steps] += 2
        lines.append((logits, text))

    def edits(config):
        weights = PrefixWeights(CHARSET, config, language_model)
        return sum(
            character_errors(text, CHARSET.decode(best.labels)).edits
            for logits, text in lines
            for best in beam_search(search_frames(logits, config, weights), config, weights)[:1]
        )

    start = BeamConfig(lm_weight=0.0, length_bonus=0.0)
    tuned, errors = tune_weights(lines, CHARSET, start, language_model)
    assert tuned.lm_weight > 0
    assert errors.edits == edits(tuned) < edits(start)
    assert errors.length == sum(len(text) for _, text in lines)


def test_a_blank_penalty_lets_characters_win_over_the_blank():
    config = BeamConfig(length_bonus=0.0, blank_penalty=0.0)
    weights = PrefixWeights(CHARSET, config)
    logits = np.log(np.array([[0.6, 0.02, 0.02, 0.35, 0.01]], np.float32))
    frames = search_frames(logits, config, weights)
    assert beam_search(frames, config, weights)[0].labels == ()
    penalised = replace(config, blank_penalty=1.0)
    weights = PrefixWeights(CHARSET, penalised)
    frames = search_frames(logits, penalised, weights)
    assert beam_search(frames, penalised, weights)[0].labels == (3,)
    assert frames.sum() == pytest.approx(1)
    assert frames[0, 0] / frames[0, 3] == pytest.approx(0.6 / 0.35 / math.e)


@given(logits=logits_of(CHARSET.class_count, 6), weight=st.sampled_from([0.0, 0.3, 1.0]))
def test_label_costs_divide_by_the_prior_of_a_character(logits, weight, language_model):
    config = BeamConfig(blank_penalty=0.0, frequency_weight=weight, least_probability=0.0)
    weights = PrefixWeights(CHARSET, config, language_model)
    costs, logs = weights.label_costs, language_model.log_frequencies
    shares = np.exp(logs[1:]) / np.exp(logs[1:]).sum()
    assert costs[0] == 0 and shares @ costs[1:] == pytest.approx(0, abs=1e-6)
    assert np.diff(costs[1:]) == pytest.approx(weight * np.diff(logs[1:]), abs=1e-5)
    expected = softmax(logits - costs)
    assert np.array_equal(search_frames(logits, config, weights)[0], expected[0])


def test_without_frequencies_there_are_no_label_costs(language_model, monkeypatch):
    monkeypatch.setattr(language_model, "log_frequencies", None)
    weights = PrefixWeights(CHARSET, BeamConfig(blank_penalty=0.0), language_model)
    assert not weights.label_costs.any()


def test_tuning_without_lines_is_refused(language_model):
    with pytest.raises(ValueError, match="no lines to tune"):
        tune_weights([], CHARSET, BeamConfig(), language_model)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": -1}, "beam of -1 prefixes; choose 1 to 1024, or 0 for the best path"),
        ({"width": 10_000}, "beam of 10000 prefixes"),
        ({"blank_penalty": -1}, "blank_penalty of -1; give a number from 0 to 10"),
        ({"lm_weight": -0.1}, "lm_weight of -0.1; give a number from 0 to 10"),
        ({"length_bonus": math.nan}, "length_bonus of nan"),
        ({"frequency_weight": 3}, "frequency_weight of 3; give a number from 0 to 2"),
        ({"unknown_edge_penalty": -1}, "unknown_edge_penalty of -1"),
        ({"unknown_word_penalty": math.inf}, "unknown_word_penalty of inf"),
        ({"least_share": 1.5}, "least_share of 1.5"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        BeamConfig(**settings)


@pytest.mark.parametrize("value", ["3", None, True, 2.5])
def test_a_width_is_a_whole_number(value):
    with pytest.raises(ValueError, match="width of .*; give a number"):
        BeamConfig(width=value)


def test_a_model_of_another_charset_is_refused(language_model):
    with pytest.raises(ValueError, match="another charset"):
        PrefixWeights(Charset(("a", "b")), BeamConfig(), language_model)


def test_the_reference_sums_the_paths_of_a_text():
    line = np.array([[0.4, 0.6], [0.6, 0.4]], np.float32)
    config = BeamConfig(length_bonus=0.0)
    beams = prefix_beams(line, config, PrefixWeights(Charset(("a",)), config))
    assert [beam.labels for beam in beams] == [(1,), ()]
    assert [beam.weight for beam in beams] == pytest.approx([0.76, 0.24])
