"""CER and WER inside TensorFlow Model Analysis."""

import numpy as np
import pytest
import tensorflow_model_analysis as tfma
from hypothesis import given
from hypothesis import strategies as st

from components.error_rates import CharacterErrorRate, WordErrorRate
from components.evaluation import evaluation_config
from model.evaluation.metrics import error_rates

pytestmark = pytest.mark.train

TEXT = st.text(alphabet="ab é\u0301", max_size=12)
PAGES = st.sampled_from(["p1", "p2", "p3"])
PAIRS = st.lists(st.tuples(TEXT, TEXT, PAGES), max_size=8)
SHARDS = st.lists(PAIRS, min_size=1, max_size=4)
CONFIG = evaluation_config(max_cer=0.5)


def combiner_of(metric):
    (computation,) = metric.computations(eval_config=CONFIG)
    return computation.combiner


def extract(reference, hypothesis, page="p1"):
    """Make the input that TFMA passes to a metric for one line."""
    return tfma.metrics.StandardMetricInputs(
        {
            "features": {"page_uri": np.array([page.encode()], object)},
            "labels": np.array([reference.encode()], object),
            "predictions": {
                "text": np.array([hypothesis.encode()], object),
                "confidence": np.array([0.5]),
            },
        }
    )


def accumulate(combiner, pairs):
    accumulator = combiner.create_accumulator()
    for pair in pairs:
        accumulator = combiner.add_input(accumulator, extract(*pair))
    return accumulator


def by_name(combiner, accumulator):
    return {key.name: value for key, value in combiner.extract_output(accumulator).items()}


@given(SHARDS)
def test_merged_shards_give_the_errors_of_all_lines(shards):
    lines = [line for shard in shards for line in shard]
    expected = error_rates((reference, hypothesis) for reference, hypothesis, _ in lines)
    for metric, name, errors in zip(
        (CharacterErrorRate(), WordErrorRate()), ("cer", "wer"), expected
    ):
        combiner = combiner_of(metric)
        merged = combiner.merge_accumulators([accumulate(combiner, shard) for shard in shards])
        found = by_name(combiner, merged)
        whole = by_name(combiner, accumulate(combiner, lines))
        assert found[name] == errors.rate
        assert found[f"{name}_edits"] == errors.edits
        assert found[f"{name}_length"] == errors.length
        # The interval does not depend on the shards.
        np.testing.assert_equal(found, whole)


def test_rates_are_micro_averaged():
    pairs = [("abcdefgh", "abcdefgh"), ("ab", "")]
    combiner = combiner_of(CharacterErrorRate())
    assert by_name(combiner, accumulate(combiner, pairs))["cer"] == 0.2


def test_whole_words_are_counted():
    combiner = combiner_of(WordErrorRate())
    accumulator = accumulate(combiner, [("le 12 mai", "le 12mai")])
    found = by_name(combiner, accumulator)
    assert (found["wer"], found["wer_edits"], found["wer_length"]) == (2 / 3, 2, 3)


def test_the_interval_is_a_bootstrap_over_pages_not_lines():
    combiner = combiner_of(CharacterErrorRate())
    good, bad = [("abcd", "abcd", "p1")] * 50, [("abcd", "", "p2")] * 50
    found = by_name(combiner, accumulate(combiner, good + bad))
    # Two pages are drawn from two: a quarter of the draws has only one of them.
    assert (found["cer"], found["cer_low"], found["cer_high"]) == (0.5, 0.0, 1.0)
    one_page = [(reference, read, "p1") for reference, read, _ in good + bad]
    found = by_name(combiner, accumulate(combiner, one_page))
    assert (found["cer_low"], found["cer_high"]) == (0.5, 0.5)


def test_results_have_the_declared_keys():
    (computation,) = CharacterErrorRate(name="rate").computations(eval_config=CONFIG)
    output = computation.combiner.extract_output(computation.combiner.create_accumulator())
    assert list(output) == computation.keys
    assert [key.name for key in computation.keys] == [
        "rate",
        "rate_edits",
        "rate_length",
        "rate_low",
        "rate_high",
    ]
