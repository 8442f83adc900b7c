"""CER and WER."""

import math

from hypothesis import given
from hypothesis import strategies as st

from model.evaluation.metrics import ErrorCount, character_errors, error_rates, word_errors
from model.text.charset import normalise_text

TEXT = st.text(alphabet="ab é\u0301", max_size=12)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=8)


@given(TEXT, TEXT)
def test_there_are_no_errors_exactly_if_the_texts_are_equal(reference, hypothesis):
    same = normalise_text(reference) == normalise_text(hypothesis)
    assert (character_errors(reference, hypothesis).edits == 0) == same


@given(PAIRS)
def test_the_order_of_lines_does_not_matter(pairs):
    assert error_rates(pairs) == error_rates(reversed(pairs))


@given(PAIRS, PAIRS)
def test_errors_of_parts_sum_to_the_whole(one, other):
    whole, parts = error_rates(one + other), zip(error_rates(one), error_rates(other))
    assert whole == tuple(a + b for a, b in parts)


def test_rates_are_micro_averaged():
    characters, words = error_rates([("abcdefgh", "abcdefgh"), ("ab", "")])
    assert characters.rate == 0.2
    assert words.rate == 0.5


def test_an_empty_reference_counts_its_hypothesis_as_insertions():
    assert character_errors("", "abc") == ErrorCount(3, 0)
    assert math.isinf(character_errors("", "abc").rate)
    assert character_errors("", "").rate == 0
    assert error_rates([("", "ab"), ("abcd", "abcd")])[0].rate == 0.5


def test_unicode_forms_and_white_space_are_no_errors():
    assert character_errors("re\u0301union  du", "r\u00e9union du ").edits == 0
    assert word_errors("le  12", "le 12").edits == 0
