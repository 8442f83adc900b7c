"""tf.Example without TensorFlow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import tf_example

VALUES = st.dictionaries(
    st.text(min_size=1), st.binary() | st.integers(-(2**63), 2**63 - 1), max_size=8
)


@given(VALUES)
def test_values_are_decoded_as_encoded(values):
    assert tf_example.decode(tf_example.encode(values)) == values


@given(VALUES)
def test_equal_values_give_equal_bytes(values):
    backwards = dict(reversed(values.items()))
    assert tf_example.encode(values) == tf_example.encode(backwards)


def test_a_feature_of_two_values_is_rejected():
    example = tf_example.Example()
    example.features.feature["text"].bytes_list.value.extend([b"a", b"b"])
    with pytest.raises(ValueError, match="'text' holds 2"):
        tf_example.decode(example.SerializeToString())


@pytest.mark.train
def test_tensorflow_reads_the_same():
    import tensorflow as tf

    example = tf.train.Example.FromString(tf_example.encode({"text": b"x", "width_px": -3}))
    assert example.features.feature["text"].bytes_list.value == [b"x"]
    assert example.features.feature["width_px"].int64_list.value == [-3]
    assert tf_example.decode(example.SerializeToString()) == {"text": b"x", "width_px": -3}
