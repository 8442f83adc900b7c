"""Lines that stand in two splits."""

from itertools import permutations

from model.leaks import NEAR_DUPLICATE, SAME_IMAGE, find_leaks, first_leak, leak_keys, line_fact
from schemas.records import Line, LineFact, LineImage
from tests.drawn import text_strip


def fact(name: str, split: str, text: str, sha: str = "") -> LineFact:
    image = LineImage(f"{name}.jpg", Line("l1", 0), text_strip(text))
    return line_fact(image, split, sha or name)


TRAIN = fact("a", "train", "Jean Martin, notaire de Paris")
COPY = fact("b", "test", "Jean Martin, notaire de Paris")
OTHER = fact("c", "test", "le douze mars de cette annee")


def meet(*facts):
    """Find leaks the way the pipeline does: by key, then one a line."""
    groups = {}
    for one in facts:
        for key in leak_keys(one):
            groups.setdefault(key, []).append(one)
    found = {}
    for group in groups.values():
        for leak in find_leaks(group):
            found.setdefault((leak.page_uri, leak.line_id), []).append(leak)
    return sorted((first_leak(leaks) for leaks in found.values()), key=lambda leak: leak.page_uri)


def test_a_copy_in_another_split_is_a_leak_of_the_training_line():
    (leak,) = meet(TRAIN, COPY, OTHER)
    assert (leak.page_uri, leak.split, leak.kind) == ("a.jpg", "train", NEAR_DUPLICATE)
    assert (leak.other_page_uri, leak.other_split) == ("b.jpg", "test")


def test_copies_within_a_split_are_no_leak():
    assert meet(TRAIN, fact("d", "train", "Jean Martin, notaire de Paris")) == []


def test_the_same_image_in_two_splits_is_a_leak_whatever_its_lines():
    one = fact("a", "train", "acte de mariage", sha="same")
    other = fact("b", "eval", "le maire de Paris", sha="same")
    (leak,) = meet(one, other)
    assert leak.kind == SAME_IMAGE


def test_order_does_not_matter():
    found = [meet(*order) for order in permutations([TRAIN, COPY, OTHER])]
    assert all(leaks == found[0] for leaks in found)
