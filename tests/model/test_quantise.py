"""A network in 8-bit integers."""

import numpy as np
import pytest

from model.bundle import load_bundle
from model.charset import Charset
from model.recogniser import Recogniser
from tests.drawn import line_example, text_strip, write_tfrecords

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    import keras

    from model.network import build_crnn
    from model.preprocess import PreprocessConfig
    from model.presets import PRESETS
    from model.training import quantise_bundle, write_bundle

    folder = tmp_path_factory.mktemp("model")
    charset = Charset.of_texts(["maire"])
    keras.utils.set_random_seed(0)
    model = build_crnn(PRESETS["tiny"], charset.class_count)
    write_bundle(folder / "m", model, charset, PreprocessConfig(64, 32), "tiny", {})
    lines = [line_example(text, i) for i, text in enumerate(["maire", "rame", "ma", "ire"])]
    write_tfrecords(folder / "lines", lines)
    quantise_bundle(folder / "m", (str(folder / "lines"),))
    return folder / "m"


def test_it_gives_nearly_the_same_logits(bundle):
    whole, small = (Recogniser(load_bundle(bundle, name)) for name in ("fp32", "int8"))
    strip = text_strip("marie")
    exact, rounded = whole.logits(strip), small.logits(strip)
    assert exact.shape == rounded.shape
    assert np.abs(exact - rounded).max() < 0.05 * np.ptp(exact)


def test_it_has_a_digest_of_its_own_and_is_smaller(bundle):
    whole, small = (load_bundle(bundle, name) for name in ("fp32", "int8"))
    assert whole.digest() != small.digest()
    assert small.onnx_path.stat().st_size < whole.onnx_path.stat().st_size / 2


def test_a_model_without_it_names_the_cure(bundle, tmp_path):
    for path in bundle.iterdir():
        if path.is_file() and path.name != "model.int8.onnx":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(ValueError, match="no model.int8.onnx; run with --precision fp32"):
        load_bundle(tmp_path, "int8")


def test_nothing_to_measure_on_is_refused(bundle, tmp_path):
    from model.quantise import quantise_network

    with pytest.raises(ValueError, match="no line to measure"):
        quantise_network(bundle / "model.onnx", [], tmp_path / "x.onnx")
