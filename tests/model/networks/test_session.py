"""Networks that are refused when they are opened."""

from contextlib import suppress

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from model import DEFAULT_FOLDER
from model.networks.external_data import has_external_data
from model.networks.session import open_session


def outside(name="weights"):
    tensor = numpy_helper.from_array(np.ones(4, np.float32), name)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/hostname"
    return tensor


def network(*, initializer=(), nodes=(), functions=()):
    nodes = [*nodes, helper.make_node("Identity", ["x"], ["y"])]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [4]) for name in "xy"]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], list(initializer))
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    return helper.make_model(graph, opset_imports=imports, functions=list(functions), ir_version=9)


def constant():
    return helper.make_node("Constant", [], ["c"], value=outside())


def branches():
    body = helper.make_graph([constant()], "then", [], [])
    return helper.make_node("If", ["x"], ["z"], then_branch=body, else_branch=body)


def sparse():
    made = network()
    made.graph.sparse_initializer.add().values.CopyFrom(outside())
    return made


def function():
    imports = [helper.make_opsetid("", 17)]
    return helper.make_function("own", "f", [], ["c"], [constant()], imports)


def only_location():
    tensor = outside()
    tensor.ClearField("external_data")
    return network(initializer=[tensor])


def only_entries():
    tensor = outside()
    tensor.ClearField("data_location")
    return network(initializer=[tensor])


OUTSIDE = {
    "of the graph": lambda: network(initializer=[outside()]),
    "after others": lambda: network(
        initializer=[numpy_helper.from_array(np.ones(4, np.float32), "a"), outside()]
    ),
    "of a node": lambda: network(nodes=[constant()]),
    "of a branch": lambda: network(nodes=[branches()]),
    "sparse": sparse,
    "of a function": lambda: network(functions=[function()]),
    "only the place": only_location,
    "only the entries": only_entries,
}


@pytest.mark.parametrize("make", OUTSIDE.values(), ids=OUTSIDE.keys())
def test_weights_in_other_files_are_refused(make, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(make().SerializeToString())
    with pytest.raises(ValueError, match="model.onnx keeps weights in other files"):
        open_session(path)


def test_a_graph_in_two_parts_is_searched_as_a_whole():
    # A field that is there twice is merged by readers of Protocol Buffers.
    whole = network().SerializeToString() + network(initializer=[outside()]).SerializeToString()
    assert has_external_data(whole) and onnx.load_from_string(whole)


def test_networks_of_quire_have_none():
    for path in DEFAULT_FOLDER.glob("*.onnx"):
        assert not has_external_data(path.read_bytes())


@pytest.mark.parametrize("content", [b"", b"no network", b"\x18\0\0\0ORTM" + bytes(99)])
def test_what_is_no_network_is_one_line(content, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"model.onnx cannot be loaded \(.*copy") as caught:
        open_session(path)
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=60), st.integers(0, 200), st.integers(1, 255))
def test_any_bytes_are_answered_or_refused(data, place, change):
    made = bytearray(network(initializer=[outside()]).SerializeToString())
    made[place % len(made)] ^= change
    for content in (data, bytes(made), bytes(made[: place % len(made)])):
        with suppress(ValueError):
            assert has_external_data(content) in (True, False)
