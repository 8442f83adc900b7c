"""Lines that must not be trained on are left out, and named."""

from dataclasses import replace

import pytest

from model.text.charset import Charset
from model.training.conflicts import find_conflicts
from tests.drawn import line_example, write_tfrecords

CHARSET = Charset.of_texts(["maire rame amie"])


def write(path, *lines):
    """Write lines, given as drawn text and transcription."""
    examples = [
        replace(line_example(drawn, i), text=text, page_uri=f"a/p{i}.png", line_id=f"l{i}")
        for i, (drawn, text) in enumerate(lines)
    ]
    write_tfrecords(path, examples)
    return [str(path)]


@pytest.mark.parametrize(
    ("train", "left_out", "told"),
    [
        ([("maire", "maire"), ("rame", "rame")], set(), ""),
        # The same page twice, corrected alike: nothing is wrong.
        ([("maire", "maire"), ("maire", " maire ")], set(), ""),
        # Corrected in two ways: nobody knows which one is right.
        (
            [("maire", "maire"), ("rame", "rame"), ("maire", "marie")],
            {0, 2},
            "left out of training: 2 lines, image has two texts; correct one of them "
            "(p0.png l0, p2.png l2)",
        ),
        (
            [("maire", "m"), ("maire", "a"), ("maire", "i"), ("maire", "r")],
            {0, 1, 2, 3},
            "left out of training: 4 lines, image has two texts; correct one of them "
            "(p0.png l0, p1.png l1, p2.png l2, ...)",
        ),
    ],
)
def test_lines_with_two_texts_are_left_out(tmp_path, train, left_out, told):
    found = find_conflicts(write(tmp_path / "t", *train), write(tmp_path / "e", ("amie", "amie")))
    assert found.of_train == {(f"a/p{i}.png", f"l{i}") for i in left_out}
    assert str(found) == told


def test_lines_of_other_hands_are_left_out_that_are_in_the_dataset_or_have_other_letters(tmp_path):
    found = find_conflicts(
        write(tmp_path / "t", ("maire", "maire")),
        write(tmp_path / "e", ("rame", "rame")),
        write(
            tmp_path / "r", ("maire", "maire"), ("rame", "rame"), ("zoo", "zoo"), ("amie", "ame")
        ),
        CHARSET,
    )
    assert found.of_train == frozenset()
    assert found.of_replay == {(f"a/p{i}.png", f"l{i}") for i in (0, 1, 2)}
    assert str(found).splitlines() == [
        "left out of training: 2 lines, of --replay are in the dataset, too (p0.png l0, p1.png l1)",
        "left out of training: 1 line, of --replay have letters that the model does not "
        "(p2.png l2)",
    ]
