"""Keys in little memory, and sums of URIs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.files.key_set import KeySet, UriTally, key_of, sorted_keys

TEXTS = st.lists(st.text(max_size=4))


@given(TEXTS, TEXTS)
def test_a_set_holds_its_keys_and_no_others(held, asked):
    keys = KeySet(sorted_keys(key_of(text) for text in held))
    assert len(keys) == len(set(held)) and list(keys) == sorted(set(map(key_of, held)))
    assert all((key_of(text) in keys) == (text in held) for text in asked)


@given(st.lists(st.text(max_size=3), min_size=1, max_size=4), st.data())
def test_texts_that_are_cut_elsewhere_have_another_key(parts, data):
    other = data.draw(st.lists(st.text(max_size=3), min_size=1, max_size=4))
    assert (key_of(*parts) == key_of(*other)) == (parts == other)


def test_a_file_that_is_cut_short_is_refused():
    with pytest.raises(ValueError, match="17 bytes are no whole keys"):
        KeySet(bytes(17))


@given(TEXTS, TEXTS, st.randoms())
def test_tallies_agree_where_the_same_was_seen_equally_often(first, second, random):
    def tally_of(uris):
        tally = UriTally()
        for uri in uris:
            tally.add(uri)
        return tally

    shuffled = random.sample(first, len(first))
    one, other = tally_of(shuffled[: len(first) // 2]), tally_of(shuffled[len(first) // 2 :])
    one.merge(other)
    assert one == tally_of(first) and one.count == len(first)
    assert (tally_of(first) == tally_of(second)) == (sorted(first) == sorted(second))
