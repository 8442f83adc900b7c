"""Whatever is wrong with the files of a model: it reads, or is refused in one line.

    MUTATIONS=20000 python -m pytest tests/model/recogniser/test_mutated_bundles.py

looks for a long time.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.language.word_counts import WORDS_FILE
from model.networks.manifest import MANIFEST_FILE, write_manifest
from model.recogniser import bundle
from tests.model.recogniser.test_damage import read, whole
from tests.pipelines.formats.mutated import mutated_json

EXAMPLES = int(os.environ.get("MUTATIONS", "25"))
often = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
JSON_FILES = (
    "card.json", bundle.CHARSET_FILE, bundle.DECODING_FILE, bundle.PREPROCESS_FILE, WORDS_FILE,
)  # fmt: skip
NETWORKS = ("model.onnx", "auxiliary.onnx", "recurrent_language_model.onnx")
TEMPERED = settings(often, max_examples=EXAMPLES)

__all__ = ["whole"]


def outcome(directory: Path):
    """Return what a bundle reads, or in one line why it is refused."""
    try:
        return read(directory)
    except ValueError as error:
        text = str(error)
        assert text.startswith(f"{directory}: ") and "\n" not in text, text
        return text.removeprefix(f"{directory}: ")


def check(result) -> None:
    """Check that what was read is a reading."""
    if isinstance(result, str):
        return
    transcript = result[0]
    assert isinstance(transcript.text, str) and math.isfinite(transcript.confidence)
    assert 0 <= transcript.confidence <= 1 and 0 <= transcript.confidence_sequence <= 1


def with_file(whole: Path, name: str, data: bytes, has_manifest: bool) -> tuple:
    """Read a copy of a bundle with another file; its manifest is of the old file, or of the new."""
    with TemporaryDirectory() as folder:
        directory = shutil.copytree(whole, Path(folder, "m"))
        (directory / name).write_bytes(data)
        if not has_manifest:
            write_manifest(directory)
        result = outcome(directory)
        same = outcome(whole) if has_manifest and not isinstance(result, str) else None
        return result, same


@pytest.fixture(scope="module")
def files(whole):
    return {path.name: path.read_bytes() for path in whole.iterdir()}


@often
@given(st.data())
def test_settings(whole, files, data):
    name = data.draw(st.sampled_from(JSON_FILES))
    value = data.draw(mutated_json(json.loads(files[name])))
    result, _ = with_file(whole, name, json.dumps(value).encode(), has_manifest=False)
    check(result)


@often
@given(st.data())
def test_bytes(whole, files, data):
    name = data.draw(st.sampled_from(sorted(files)))
    has_manifest = name == MANIFEST_FILE or data.draw(st.booleans())
    old = files[name]
    place = data.draw(st.integers(0, len(old) - 1))
    kind = data.draw(st.sampled_from(("flip", "cut", "insert", "number", "copy")))
    if kind == "flip":
        new = old[:place] + bytes([old[place] ^ data.draw(st.integers(1, 255))]) + old[place + 1 :]
    elif kind == "cut":
        new = old[:place]
    elif kind == "insert":
        new = old[:place] + data.draw(st.binary(min_size=1, max_size=9)) + old[place:]
    elif kind == "copy":
        other = data.draw(st.integers(0, len(old) - 1))
        new = old[:place] + old[other : other + 64] + old[place + 64 :]
    else:
        number = data.draw(st.sampled_from((0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63)))
        new = old[:place] + (number % 2**64).to_bytes(8, "little") + old[place + 8 :]
    if name in NETWORKS and not has_manifest:
        # Networks are trusted: see `test_networks` for what of them is checked.
        has_manifest = True
    result, same = with_file(whole, name, new, has_manifest)
    check(result)
    if has_manifest and not isinstance(result, str) and new != old:
        assert result == same and name in (MANIFEST_FILE, "model.int8.onnx")


@often
@given(st.data())
def test_networks(whole, files, data):
    name = data.draw(st.sampled_from(NETWORKS))
    network = onnx.load_from_string(files[name])
    graph = network.graph
    for _ in range(data.draw(st.integers(1, 2))):
        part = data.draw(st.sampled_from(("node", "input", "output", "initializer")))
        members = getattr(graph, part)
        if not members:
            continue
        at = data.draw(st.integers(0, len(members) - 1))
        change = data.draw(st.sampled_from(("drop", "double", "rename", "type", "shape")))
        member = members[at]
        if change == "drop":
            del members[at]
        elif change == "double":
            members.append(member)
        elif change == "rename":
            member.name = data.draw(st.sampled_from(("", "x", "strips", "logits", "axis")))
        elif part == "node":
            member.op_type = data.draw(st.sampled_from(("Identity", "Add", "Relu", "X", "MatMul")))
        elif part == "initializer":
            shape = data.draw(st.sampled_from(((), (1,), (1, 4), (2, 2), (0,))))
            kind = data.draw(st.sampled_from((np.float32, np.int64, np.float64)))
            member.CopyFrom(onnx.numpy_helper.from_array(np.ones(shape, kind), member.name))
        elif change == "type":
            member.type.tensor_type.elem_type = data.draw(st.sampled_from((0, 1, 7, 11, 99)))
        else:
            member.type.tensor_type.ClearField("shape")
    result, _ = with_file(whole, name, network.SerializeToString(), has_manifest=False)
    check(result)
