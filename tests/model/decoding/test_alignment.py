"""CTC forced alignment."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from model.decoding.alignment import align
from model.decoding.ctc import softmax
from model.networks.presets import fits_time_steps

LOGITS = npst.arrays(
    np.float32, st.tuples(st.integers(1, 5), st.just(3)), elements=st.floats(-9, 9, width=32)
)


@settings(deadline=None)
@given(LOGITS, st.lists(st.integers(1, 2), min_size=1, max_size=4))
def test_the_alignment_is_the_most_probable_path_of_the_text(logits, labels):
    probabilities = softmax(logits).astype(np.float64)
    if not fits_time_steps(labels, len(logits)):
        with pytest.raises(ValueError, match="do not fit in"):
            align(labels, probabilities)
        return
    best = max(
        math.prod(row[k] for row, k in zip(probabilities, path))
        for path in itertools.product(range(3), repeat=len(logits))
        if [k for k, _ in itertools.groupby(path) if k] == labels
    )
    path = np.zeros(len(logits), int)
    spans = align(labels, probabilities)
    for label, (start, stop) in zip(labels, spans):
        path[start:stop] = label
    assert math.prod(row[k] for row, k in zip(probabilities, path)) == pytest.approx(best)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))


def test_an_empty_text_has_no_steps():
    assert align([], softmax(np.zeros((4, 3)))) == []
