"""Search for keys that occur in two splits."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.dataset.leak_keys import (
    entries,
    keys_in_two_splits,
    leak_keys,
    partition_by_key,
    shared_keys,
    short_key,
)
from schemas.features import SPLITS
from schemas.line_fact import decode_fact, encode_fact
from schemas.records import LineFact

NAMES = st.text("abé ", max_size=3)
FACTS = st.lists(
    st.builds(
        LineFact,
        page_uri=NAMES,
        line_id=NAMES,
        split=st.sampled_from(SPLITS),
        page_sha256=st.sampled_from(["01", "02", "03"]),
        fingerprint=st.binary(max_size=4),
        bands=st.lists(st.sampled_from(["0:1:2", "1:1:3", "2:9:4"]), unique=True).map(tuple),
    ),
    max_size=12,
)


def entries_of(facts):
    return np.array([entry for fact in facts for entry in entries(fact)], np.uint64)


@given(FACTS)
def test_exactly_the_keys_of_two_splits_are_found(facts):
    splits = {}
    for fact in facts:
        for key in leak_keys(fact):
            splits.setdefault(key, set()).add(fact.split)
    expected = {key for key, found in splits.items() if len(found) > 1}
    short_keys = keys_in_two_splits(entries_of(facts))
    assert set(short_keys.tolist()) == {short_key(key) for key in expected}
    if expected:
        for fact in facts:
            wanted = [key for key in leak_keys(fact) if key in expected]
            assert list(shared_keys(fact, short_keys)) == wanted


@given(FACTS, st.integers(1, 5))
def test_every_key_is_in_one_part(facts, parts):
    partition = list(partition_by_key(entries_of(facts), parts))
    assert sorted(entry for _, part in partition for entry in part) == sorted(
        set(entries_of(facts))
    )
    by_part = [keys_in_two_splits(part) for _, part in partition]
    whole = keys_in_two_splits(entries_of(facts))
    assert sorted(key for keys in by_part for key in keys) == whole.tolist()


@given(FACTS)
def test_facts_are_decoded_from_bytes(facts):
    assert [decode_fact(encode_fact(fact)) for fact in facts] == facts
