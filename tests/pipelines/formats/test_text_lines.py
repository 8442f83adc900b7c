"""Reading text files line by line."""

import io
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats.text_lines import LONGEST_LINE_BYTES, read_text_lines
from tests.pipelines.formats.memory_files import endless_file

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\n"), max_size=20)


def read(data: bytes):
    return list(read_text_lines(io.BytesIO(data)))


@given(st.lists(TEXTS, min_size=1), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_written_data_are_read_back(texts, line_end, has_mark):
    written = [text.removeprefix("\ufeff") + line_end for text in texts]
    lines = read("".join(written).encode("utf-8-sig" if has_mark else "utf-8"))
    assert [line.text for line in lines] == written
    assert [line.number for line in lines] == list(range(1, len(texts) + 1))
    assert all(line.is_whole and not line.fault for line in lines)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"\xff", "line 2 is not UTF-8"),
        (b"\xed\xa0\x80", "line 2 is not UTF-8"),
        (b"a\0b", "line 2 contains NUL bytes"),
        (b"x" * (3 * LONGEST_LINE_BYTES), "line 2 is longer than"),
    ],
)
def test_a_damaged_line_does_not_affect_the_others(data, fault):
    first, faulty, last = read(b"first\n" + data + b"\nlast")
    assert (first.text, last.text, last.number) == ("first\n", "last", 3)
    assert faulty.fault.startswith(fault) and "; " in faulty.fault


def test_an_endless_line_is_reported_at_once():
    lines = read_text_lines(endless_file(b"first\n", bytes(9)))
    assert [line.is_whole for line in islice(lines, 2)] == [True, False]


@given(st.binary(max_size=99))
def test_arbitrary_bytes_give_lines(data):
    assert len(read(data)) == data.count(b"\n") + bool(data and not data.endswith(b"\n"))
