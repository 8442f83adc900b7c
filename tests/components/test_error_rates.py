"""CER and WER inside TensorFlow Model Analysis."""

import numpy as np
import pytest
import tensorflow_model_analysis as tfma
from hypothesis import given
from hypothesis import strategies as st

from components.error_rates import CharacterErrorRate, WordErrorRate
from components.evaluation import evaluation_config
from model.metrics import error_rates

pytestmark = pytest.mark.train

TEXT = st.text(alphabet="ab é\u0301", max_size=12)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=8)
SHARDS = st.lists(PAIRS, min_size=1, max_size=4)
CONFIG = evaluation_config(max_cer=0.5)


def combiner_of(metric):
    (computation,) = metric.computations(eval_config=CONFIG)
    return computation.combiner


def extract(reference, hypothesis):
    """Make what TFMA hands to a metric for one line."""
    return tfma.metrics.StandardMetricInputs(
        {
            "labels": np.array([reference.encode()], object),
            "predictions": {
                "text": np.array([hypothesis.encode()], object),
                "confidence": np.array([0.5]),
            },
        }
    )


def accumulate(combiner, pairs):
    accumulator = combiner.create_accumulator()
    for reference, hypothesis in pairs:
        accumulator = combiner.add_input(accumulator, extract(reference, hypothesis))
    return accumulator


def by_name(combiner, accumulator):
    return {key.name: value for key, value in combiner.extract_output(accumulator).items()}


@given(SHARDS)
def test_shards_merge_to_the_errors_of_all_lines(shards):
    expected = error_rates(pair for shard in shards for pair in shard)
    for metric, name, errors in zip(
        (CharacterErrorRate(), WordErrorRate()), ("cer", "wer"), expected
    ):
        combiner = combiner_of(metric)
        merged = combiner.merge_accumulators([accumulate(combiner, shard) for shard in shards])
        assert by_name(combiner, merged) == {
            name: errors.rate,
            f"{name}_edits": errors.edits,
            f"{name}_length": errors.length,
        }


def test_rates_are_micro_averaged():
    pairs = [("abcdefgh", "abcdefgh"), ("ab", "")]
    combiner = combiner_of(CharacterErrorRate())
    assert by_name(combiner, accumulate(combiner, pairs))["cer"] == 0.2


def test_words_count_as_wholes():
    combiner = combiner_of(WordErrorRate())
    accumulator = accumulate(combiner, [("le 12 mai", "le 12mai")])
    assert by_name(combiner, accumulator) == {"wer": 2 / 3, "wer_edits": 2, "wer_length": 3}


def test_results_go_by_the_keys_that_were_announced():
    (computation,) = CharacterErrorRate(name="rate").computations(eval_config=CONFIG)
    output = computation.combiner.extract_output(computation.combiner.create_accumulator())
    assert list(output) == computation.keys
    assert [key.name for key in computation.keys] == ["rate", "rate_edits", "rate_length"]
