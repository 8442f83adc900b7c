"""Compact sets of keys, and checksums of URIs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.files.key_set import KeySet, UriTally, key_of, sorted_keys

TEXTS = st.lists(st.text(max_size=4))


@given(TEXTS, TEXTS)
def test_a_set_holds_its_keys_and_no_others(stored, queried):
    keys = KeySet(sorted_keys(key_of(text) for text in stored))
    assert len(keys) == len(set(stored)) and list(keys) == sorted(set(map(key_of, stored)))
    assert all((key_of(text) in keys) == (text in stored) for text in queried)


@given(st.lists(st.text(max_size=3), min_size=1, max_size=4), st.data())
def test_the_key_depends_on_where_the_parts_end(parts, data):
    other = data.draw(st.lists(st.text(max_size=3), min_size=1, max_size=4))
    assert (key_of(*parts) == key_of(*other)) == (parts == other)


def test_a_truncated_file_is_refused():
    with pytest.raises(ValueError, match="17 bytes are not whole keys"):
        KeySet(bytes(17))


@given(TEXTS, TEXTS, st.randoms())
def test_tallies_are_equal_if_and_only_if_the_uris_are(first, second, random):
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
