"""Leaks: lines that occur in two splits."""

from itertools import permutations

from model.dataset.leaks import NEAR_DUPLICATE, SAME_IMAGE, leaks_to_show
from schemas.records import Leak
from tests.facts import drawn_fact, leaks_among

TRAIN = drawn_fact("a", "train", "Jean Martin, notaire de Paris")
COPY = drawn_fact("b", "test", "Jean Martin, notaire de Paris")
OTHER = drawn_fact("c", "test", "le douze mars de cette annee")


def test_a_copy_in_another_split_is_a_leak_of_the_training_line():
    (leak,) = leaks_among([TRAIN, COPY, OTHER])
    assert (leak.page_uri, leak.split, leak.kind) == ("a.jpg", "train", NEAR_DUPLICATE)
    assert (leak.other_page_uri, leak.other_split) == ("b.jpg", "test")


def test_copies_within_a_split_are_no_leak():
    assert leaks_among([TRAIN, drawn_fact("d", "train", "Jean Martin, notaire de Paris")]) == []


def test_the_same_image_in_two_splits_is_a_leak_whatever_its_lines():
    one = drawn_fact("a", "train", "acte de mariage", sha="same")
    other = drawn_fact("b", "eval", "le maire de Paris", sha="same")
    (leak,) = leaks_among([one, other])
    assert leak.kind == SAME_IMAGE


def test_order_does_not_matter():
    found = [leaks_among(order) for order in permutations([TRAIN, COPY, OTHER])]
    assert all(leaks == found[0] for leaks in found)


def test_near_duplicates_are_shown_first():
    leaks = [
        Leak(f"{number:03}.jpg", "l1", "train", kind, "x.jpg", "l1", "test")
        for number in range(15)
        for kind in (SAME_IMAGE, NEAR_DUPLICATE)
    ]
    shown = leaks_to_show(leaks)
    assert [leak.kind for leak in shown] == [NEAR_DUPLICATE] * 15 + [SAME_IMAGE] * 5
    assert leaks_to_show(leaks[::-1]) == shown
