"""Lines are read in any order."""

import errno
from collections import Counter

import pytest

from model.training.line_store import LineStore
from tests.drawn import line_example

LINES = [line_example("maire", number) for number in range(40)]


@pytest.fixture
def store(tmp_path):
    store = LineStore(tmp_path / "new" / "folder")
    for line in LINES:
        store.add(line)
    return store


def test_each_epoch_has_every_line_once_in_another_order(store):
    orders = [tuple(line.line_id for line in store.shuffled(3, epoch)) for epoch in range(3)]
    assert {frozenset(Counter(order).items()) for order in orders} == {
        frozenset(Counter(line.line_id for line in LINES).items())
    }
    assert len({*orders, tuple(line.line_id for line in LINES)}) == 4
    assert tuple(line.line_id for line in store.shuffled(3, 1)) == orders[1]
    assert tuple(line.line_id for line in store.shuffled(4, 1)) != orders[1]
    assert sorted(store.shuffled(0, 0), key=lambda line: line.line_id) == sorted(
        LINES, key=lambda line: line.line_id
    )


def test_two_readers_do_not_disturb_each_other(store):
    alone = [list(store.shuffled(0, epoch)) for epoch in range(2)]
    together = list(zip(store.shuffled(0, 0), store.shuffled(0, 1)))
    assert [list(order) for order in zip(*together)] == alone


def test_lines_are_mixed_across_the_whole_store(store):
    # Each fifth of an epoch has lines of both halves.
    order = [int(line.line_id.lstrip("l")) for line in store.shuffled(0, 0)]
    for start in range(0, 40, 8):
        assert 0 < sum(number < 20 for number in order[start : start + 8]) < 8


def test_nothing_is_left_on_the_disk(store, tmp_path):
    assert len(store) == 40 and not list((tmp_path / "new" / "folder").iterdir())


def test_a_full_disk_is_told(store, monkeypatch):
    class Full:
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store, "_file", Full())
    with pytest.raises(ValueError, match="No space left on device; training needs space for a"):
        store.add(LINES[0])
