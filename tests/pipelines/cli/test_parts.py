"""Which share a process reads: as given, or as a scheduler says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.cli.options import UsageError
from pipelines.cli.parts import Part, part_of


def slurm(task, least, most, count, **others):
    numbers = {"ID": task, "MIN": least, "MAX": most, "COUNT": count, **others}
    return {f"SLURM_ARRAY_TASK_{name}": str(number) for name, number in numbers.items()}


AWS = {"AWS_BATCH_JOB_ARRAY_INDEX": "0", "AWS_BATCH_JOB_ARRAY_SIZE": "3"}
GOOGLE = {"BATCH_TASK_INDEX": "2", "BATCH_TASK_COUNT": "3"}
KUBERNETES = {"JOB_COMPLETION_INDEX": "7"}


@pytest.mark.parametrize(
    ("text", "environment", "expected"),
    [
        ("3/8", {}, Part(3, 8)),
        ("03/8", {}, Part(3, 8)),
        ("1/1", {}, Part(1, 1)),
        # What is given wins over what a scheduler says.
        ("3/8", slurm(1, 1, 4, 4), Part(3, 8)),
        ("auto", slurm(1, 1, 8, 8), Part(1, 8)),
        ("auto", slurm(8, 1, 8, 8), Part(8, 8)),
        ("auto", slurm(0, 0, 7, 8), Part(1, 8)),
        ("auto", slurm(14, 10, 16, 4, STEP=2), Part(3, 4)),
        ("auto", slurm(5, 5, 5, 1), Part(1, 1)),
        ("auto/8", slurm(8, 1, 8, 8), Part(8, 8)),
        ("auto", AWS, Part(1, 3)),
        ("auto/3", AWS, Part(1, 3)),
        ("auto", GOOGLE, Part(3, 3)),
        ("auto/8", KUBERNETES, Part(8, 8)),
    ],
)
def test_a_part_is_found(text, environment, expected):
    assert part_of(text, environment) == expected


@pytest.mark.parametrize(
    ("text", "environment", "expected"),
    [
        ("9/8", {}, "no such part"),
        ("0/8", {}, "no such part"),
        ("1/0", {}, "no such part"),
        ("x", {}, "is no part"),
        ("3", {}, "is no part"),
        ("3/", {}, "is no part"),
        ("/8", {}, "is no part"),
        ("-1/8", {}, "is no part"),
        ("1/8/2", {}, "is no part"),
        ("1.5/8", {}, "is no part"),
        ("٣/8", {}, "is no part"),
        ("auto/x", {}, "is no part"),
        ("auto/", {}, "is no part"),
        ("AUTO", {}, "is no part"),
        ("auto", {}, "this is no task of an array"),
        ("auto/8", {}, "this is no task of an array"),
        ("auto", KUBERNETES, "but not of how many; give --part auto/N"),
        ("auto/4", KUBERNETES, r"as the scheduler says \(8/4\)"),
        ("auto/9", AWS, "this array has 3 tasks, not 9"),
        # A task of a list of numbers, or one that is submitted again alone.
        ("auto", slurm(3, 1, 7, 3), "are not numbered one after the other; .*--array=1-3"),
        ("auto/8", slurm(3, 3, 3, 1), "this array has 1 tasks, not 8; .*--part K/N"),
        ("auto", {"SLURM_ARRAY_TASK_ID": "3"}, "SLURM_ARRAY_TASK_MIN is not set"),
        ("auto", slurm("a", 1, 7, 7), "SLURM_ARRAY_TASK_ID=a is no number"),
        ("auto/3", {"JOB_COMPLETION_INDEX": ""}, "JOB_COMPLETION_INDEX is not set"),
    ],
)
def test_what_is_wrong_is_one_line(text, environment, expected):
    with pytest.raises(UsageError, match=expected) as raised:
        part_of(text, environment)
    assert str(raised.value).startswith(f"--part {text}")
    assert "--part K/N, the K-th of N parts" in str(raised.value) or "auto/N" in str(raised.value)
    assert "\n" not in str(raised.value)


@given(st.text(), st.integers(1, 50))
def test_each_page_is_of_one_part(name, count):
    assert sum(Part(number, count).takes(name) for number in range(1, count + 1)) == 1


def test_shares_are_about_equal_and_the_same_everywhere():
    names = [f"scans/{number}.jpg" for number in range(8000)]
    shares = [sum(map(Part(number, 8).takes, names)) for number in range(1, 9)]
    assert sum(shares) == 8000
    assert max(shares) - min(shares) < 150
    # Of another machine, or of another day: the hash must never change.
    numbers = [next(k for k in range(1, 5) if Part(k, 4).takes(name)) for name in names[:8]]
    assert numbers == [3, 3, 1, 1, 3, 3, 2, 2]
