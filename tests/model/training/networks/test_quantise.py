"""Quantisation of the recogniser to 8-bit integers."""

import numpy as np
import pytest

from model.line_images.preprocess import prepare_strip
from model.networks.session import open_session
from model.recogniser.bundle import load_bundle
from model.recogniser.recogniser import Recogniser
from model.text.charset import Charset
from tests.drawn import line_example, text_strip, write_tfrecords

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    import keras

    from model.line_images.preprocess import PreprocessConfig
    from model.networks.presets import PRESETS
    from model.training.bundle_files import quantise_bundle, write_bundle
    from model.training.networks.recogniser import build_crnn

    folder = tmp_path_factory.mktemp("model")
    charset = Charset.of_texts(["maire"])
    keras.utils.set_random_seed(0)
    model = build_crnn(PRESETS["tiny"], charset.class_count)
    write_bundle(folder / "m", model, charset, PreprocessConfig(64, 32), "tiny", {})
    lines = [line_example(text, i) for i, text in enumerate(["maire", "rame", "ma", "ire"])]
    write_tfrecords(folder / "lines", lines)
    quantise_bundle(folder / "m", (str(folder / "lines"),))
    return folder / "m"


def test_the_quantised_network_gives_nearly_the_same_logits(bundle):
    full, quantised = (Recogniser(load_bundle(bundle, name)) for name in ("fp32", "int8"))
    strip = text_strip("marie")
    exact, rounded = full.logits(strip), quantised.logits(strip)
    assert exact.shape == rounded.shape
    assert np.abs(exact - rounded).max() < 0.05 * np.ptp(exact)


def test_the_logits_of_a_line_do_not_depend_on_its_batch_to_the_last_bit(bundle):
    small = Recogniser(load_bundle(bundle, "int8"))
    strips = [255 - (255 - text_strip("marie")) // faint for faint in range(1, 18)]
    prepared = [prepare_strip(strip, load_bundle(bundle).preprocess) for strip in strips]
    alone = [small.run([one])[0] for one in prepared]
    assert small.lines_at_once(64) > 1
    for size in (2, 3, 8, 16, 17):
        assert np.array_equal(small.run(prepared[:size]), alone[:size])


def test_guards_do_not_change_the_outputs_of_the_network(bundle, tmp_path):
    """Compared in floats, where the ranges of a batch do not matter."""
    import onnx
    from onnxruntime.quantization import QuantFormat, quantize_static

    from model.training.networks.quantise import _Lines
    from model.training.networks.quantise_guards import guard_ranges

    preprocess = load_bundle(bundle).preprocess
    strips = [prepare_strip(text_strip(text), preprocess) for text in ("maire", "rame", "ire")]
    partly_quantised = tmp_path / "convolutions.onnx"
    quantize_static(bundle / "model.onnx", partly_quantised, _Lines(strips),
                    quant_format=QuantFormat.QDQ, op_types_to_quantize=["Conv"])  # fmt: skip
    guarded = onnx.load(partly_quantised)
    guard_ranges(guarded)
    onnx.checker.check_model(guarded)
    onnx.save(guarded, tmp_path / "guarded.onnx")
    before, after = (
        open_session(path).run(["logits"], {"strips": strips[0][None]})[0]
        for path in (partly_quantised, tmp_path / "guarded.onnx")
    )
    assert np.abs(before - after).max() < 1e-4 * np.ptp(before)


def test_float_features_are_rejected(bundle):
    import onnx

    from model.training.networks.quantise_guards import guard_ranges

    with pytest.raises(ValueError, match="quantise the convolutions first"):
        guard_ranges(onnx.load(bundle / "model.onnx"))


def test_the_quantised_network_has_its_own_digest_and_is_smaller(bundle):
    whole, small = (load_bundle(bundle, name) for name in ("fp32", "int8"))
    assert whole.digest() != small.digest()
    assert small.onnx_path.stat().st_size < whole.onnx_path.stat().st_size / 2


def test_a_model_without_a_quantised_network_names_the_cure(bundle, tmp_path):
    for path in bundle.iterdir():
        if path.is_file() and path.name != "model.int8.onnx":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    with pytest.raises(ValueError, match="no model.int8.onnx; run with --precision fp32"):
        load_bundle(tmp_path, "int8")


def test_quantisation_without_calibration_lines_is_rejected(bundle, tmp_path):
    from model.training.networks.quantise import quantise_network

    with pytest.raises(ValueError, match="no calibration lines"):
        quantise_network(bundle / "model.onnx", [], tmp_path / "x.onnx")
