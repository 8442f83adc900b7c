"""The file format for arrays that are memory-mapped."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from model.language.array_file import map_arrays, pack_arrays

MAGIC = b"Quire..1"
ARRAYS = st.dictionaries(
    st.text(max_size=5),
    npst.arrays(st.sampled_from([np.uint8, np.uint16, np.uint32, np.uint64]), st.integers(0, 5)),
    max_size=4,
)


@given(arrays=ARRAYS, name=st.text())
def test_packed_arrays_are_mapped_unchanged(arrays, name, tmp_path_factory):
    path = tmp_path_factory.mktemp("arrays") / "x.bin"
    path.write_bytes(pack_arrays(MAGIC, {"name": name}, arrays))
    facts, read = map_arrays(path, MAGIC)
    assert facts == {"name": name}
    assert read.keys() == arrays.keys()
    assert all(np.array_equal(read[key], arrays[key]) for key in arrays)


@pytest.mark.parametrize("length", [0, 7, 12])
def test_a_file_with_another_magic_number_is_refused(tmp_path, length):
    path = tmp_path / "x.bin"
    path.write_bytes(b"x" * length)
    with pytest.raises(ValueError, match="another kind of file"):
        map_arrays(path, MAGIC)


@pytest.mark.parametrize("lost_bytes", [1, 20, 60])
def test_a_truncated_file_is_refused(tmp_path, lost_bytes):
    path = tmp_path / "x.bin"
    path.write_bytes(pack_arrays(MAGIC, {}, {"a": np.arange(3)})[:-lost_bytes])
    with pytest.raises(ValueError, match="damaged or cut off .*; build it again"):
        map_arrays(path, MAGIC)
