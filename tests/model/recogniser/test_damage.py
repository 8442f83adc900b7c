"""A bundle of which a file is damaged is refused, or reads the same."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from model.decoding.config import BEAM, DecodingConfig
from model.decoding.settings import DecodingSettings
from model.language.word_counts import WORDS_FILE
from model.networks.manifest import MANIFEST_FILE, write_manifest
from model.recogniser import bundle
from model.recogniser.bundle import ONNX_FILES, load_bundle, update_card, write_card
from model.recogniser.recogniser import Recogniser
from schemas.records import Line, LineImage
from tests.drawn import text_strip
from tests.fakes import (
    write_fake_auxiliary,
    write_fake_bundle,
    write_fake_recurrent,
    write_language_model,
)

STRIP = text_strip("acte de mariage")


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    directory = write_fake_bundle(tmp_path_factory.mktemp("bundle") / "m")
    shutil.copy(directory / bundle.ONNX_FILE, directory / ONNX_FILES["int8"])
    write_language_model(directory, ["abba é", "dada a"])
    write_fake_auxiliary(directory, "a")
    write_fake_recurrent(directory, "b")
    (directory / WORDS_FILE).write_text('{"abba": 2}')
    settings = DecodingSettings(knows_words=True, auxiliary_share=0.1, recurrent_share=0.5)
    (directory / bundle.DECODING_FILE).write_text(settings.to_json())
    write_card(directory, {"decoding": {"lines": 9}})
    write_manifest(directory)
    return directory


def read(directory):
    recogniser = Recogniser(load_bundle(directory), DecodingConfig(BEAM))
    transcript = recogniser.read(LineImage("p.png", Line("l", 0), STRIP))
    return transcript, recogniser.decoding_method, recogniser.decoding_note


def flip(data, place):
    changed = bytearray(data)
    changed[int(place * (len(data) - 1))] ^= 0x10
    return bytes(changed)


DAMAGE = {
    "gone": lambda data: None,
    "empty": lambda data: b"",
    "cut in the middle": lambda data: data[: len(data) // 2],
    "without its last byte": lambda data: data[:-1],
    "with a byte more": lambda data: data + b"\n",
    "twice": lambda data: data + data,
    "a bit of its first byte": lambda data: flip(data, 0),
    "a bit in the middle": lambda data: flip(data, 0.5),
    "a bit of its last byte": lambda data: flip(data, 1),
    "zeros": lambda data: bytes(len(data)),
    "null": lambda data: b"null",
    "too deep": lambda data: b"[" * 200_000,
}
FILES = (
    "auxiliary.onnx",
    "card.json",
    "charset.json",
    "decoding.json",
    "language_model.bin",
    "manifest.json",
    "model.int8.onnx",
    "model.onnx",
    "preprocess.json",
    "recurrent_language_model.onnx",
    "words.json",
)


def test_these_are_all_files(whole):
    assert sorted(path.name for path in whole.iterdir()) == list(FILES)


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_refused_or_reads_the_same(whole, name, damage, tmp_path):
    directory = shutil.copytree(whole, tmp_path / "m")
    damaged = damage((directory / name).read_bytes())
    if damaged is None:
        (directory / name).unlink()
    else:
        (directory / name).write_bytes(damaged)
    try:
        result = read(directory)
    except ValueError as error:
        result = str(error)
    if isinstance(result, str):
        assert result.startswith(f"{directory}: ") and "\n" not in result
        assert name in result or MANIFEST_FILE in result
    else:
        # What is not read may differ: the other network, and the manifest may be gone.
        assert result == read(whole) and name in (MANIFEST_FILE, "model.int8.onnx")


def test_workers_compare_sizes_only(whole, tmp_path):
    directory = shutil.copytree(whole, tmp_path / "m")
    path = directory / bundle.LANGUAGE_MODEL_FILE
    path.write_bytes(flip(path.read_bytes(), 1))
    load_bundle(directory, checks_digests=False)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="language_model.bin has"):
        load_bundle(directory, checks_digests=False)


def test_a_model_of_before_opens_with_a_note(whole, tmp_path):
    directory = shutil.copytree(whole, tmp_path / "m")
    assert not load_bundle(directory).note
    (directory / MANIFEST_FILE).unlink()
    assert load_bundle(directory).note == "model without manifest.json: not checked"
    update_card(directory, {"one": 1})
    assert not load_bundle(directory).note


PREPROCESS = [
    ("null", "preprocessing is not"),
    ("[]", "preprocessing is not"),
    ('{"colour": 3}', "preprocessing is not"),
    ('{"width_step_px": null}', "width_step_px of None"),
    ('{"width_step_px": 0}', "width_step_px of 0"),
    ('{"width_step_px": 1000000000}', "width_step_px of 1000000000"),
    ('{"width_step_px": 64.5}', "width_step_px of 64.5"),
    ('{"input_height_px": true}', "input_height_px of True"),
    ('{"strip_height_px": "64"}', "strip_height_px of '64'"),
    ('{"strip_height_px": -64, "input_height_px": -64}', "strip_height_px of -64"),
    ('{"strip_height_px": NaN}', "strip_height_px of nan"),
    ('{"strip_height_px": 64, "input_height_px": 40}', r"strips is \[\*, 32, \*, 1\]|strips is"),
]


@pytest.mark.parametrize(("content", "error"), PREPROCESS)
def test_preprocessing_that_does_not_fit_is_refused(content, error, tmp_path):
    directory = write_fake_bundle(tmp_path / "m")
    (directory / bundle.PREPROCESS_FILE).write_text(content)
    with pytest.raises(ValueError, match=error) as caught:
        Recogniser(load_bundle(directory))
    assert str(caught.value).startswith(str(directory))


def renamed(network, ends):
    getattr(network.graph, ends)[0].name = "other"


def of_another_type(network):
    network.graph.input[0].type.tensor_type.elem_type = TensorProto.DOUBLE


def without_shapes(network):
    network.graph.output[0].type.tensor_type.ClearField("shape")
    network.graph.initializer[1].CopyFrom(
        onnx.numpy_helper.from_array(np.ones((1, 4), np.float32), "slopes")
    )


NETWORKS = [
    (lambda network: renamed(network, "input"), "."),
    (lambda network: renamed(network, "output"), "."),
    (of_another_type, "."),
    (without_shapes, "."),
]


@pytest.mark.parametrize(("change", "error"), NETWORKS)
def test_another_network_is_refused_when_it_is_opened(change, error, tmp_path):
    directory = write_fake_bundle(tmp_path / "m")
    network = onnx.load(directory / bundle.ONNX_FILE)
    change(network)
    onnx.save(network, directory / bundle.ONNX_FILE)
    with pytest.raises(ValueError, match=error) as caught:
        Recogniser(load_bundle(directory))
    assert "\n" not in str(caught.value)


def test_a_charset_of_another_length_is_refused_when_it_is_opened(tmp_path):
    directory = write_fake_bundle(tmp_path / "m")
    charset = json.loads((directory / bundle.CHARSET_FILE).read_text())
    charset["characters"].append("x")
    (directory / bundle.CHARSET_FILE).write_text(json.dumps(charset))
    with pytest.raises(ValueError, match=r"model.onnx belongs to another model: logits is \["):
        Recogniser(load_bundle(directory))
