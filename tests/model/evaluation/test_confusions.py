"""Character confusions."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from model.evaluation.confusions import KINDS, Confusion, commonest, confusions, count_kinds, marked

TEXT = st.text("abé ", max_size=9)


def distance(one, other):
    """Return the Levenshtein distance by its definition, row by row."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


@given(TEXT, TEXT)
def test_edits_are_minimal_and_explain_the_difference(truth, read):
    found = list(confusions(truth, read))
    assert len(found) == distance(truth, read)
    assert all(c.truth != c.read for c in found)
    lost, gained = (Counter(getattr(c, side) for c in found) for side in ("truth", "read"))
    del lost[""], gained[""]
    assert Counter(truth) - lost + gained == Counter(read)


@given(TEXT, TEXT)
def test_counts_of_kinds_sum_to_the_total(truth, read):
    counts = Counter(confusions(truth, read))
    kinds = count_kinds(counts)
    assert tuple(kinds) == KINDS
    assert sum(kinds.values()) == counts.total()
    assert kinds["insertion"] - kinds["deletion"] == len(read) - len(truth)


@given(TEXT, TEXT)
def test_marked_runs_are_the_texts(truth, read):
    of_truth, of_read = marked(truth, read)
    assert "".join(text for text, _ in of_truth) == truth
    assert "".join(text for text, _ in of_read) == read
    agreed = [
        "".join(text for text, is_wrong in runs if not is_wrong) for runs in marked(truth, read)
    ]
    assert agreed[0] == agreed[1]


def test_the_most_common_come_first_and_ties_are_sorted():
    counts = Counter({Confusion("b", "a"): 2, Confusion("", "x"): 2, Confusion("a", "b"): 5})
    assert [(c.truth, c.read) for c, _ in commonest(counts, 9)] == [
        ("a", "b"),
        ("", "x"),
        ("b", "a"),
    ]
    assert len(commonest(counts, 1)) == 1
