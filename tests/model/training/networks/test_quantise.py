"""A network in 8-bit integers."""

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


def test_it_gives_nearly_the_same_logits(bundle):
    whole, small = (Recogniser(load_bundle(bundle, name)) for name in ("fp32", "int8"))
    strip = text_strip("marie")
    exact, rounded = whole.logits(strip), small.logits(strip)
    assert exact.shape == rounded.shape
    assert np.abs(exact - rounded).max() < 0.05 * np.ptp(exact)


def test_a_line_comes_out_the_same_beside_any_other_to_the_last_bit(bundle):
    small = Recogniser(load_bundle(bundle, "int8"))
    strips = [255 - (255 - text_strip("marie")) // faint for faint in range(1, 18)]
    prepared = [prepare_strip(strip, load_bundle(bundle).preprocess) for strip in strips]
    alone = [small.run([one])[0] for one in prepared]
    assert small.lines_at_once(64) > 1
    for size in (2, 3, 8, 16, 17):
        assert np.array_equal(small.run(prepared[:size]), alone[:size])


def test_guards_change_nothing_that_the_network_computes(bundle, tmp_path):
    """In floats, where nothing is rounded by a range."""
    import onnx
    from onnxruntime.quantization import QuantFormat, quantize_static

    from model.training.networks.quantise import _Lines
    from model.training.networks.quantise_guards import guard_ranges

    preprocess = load_bundle(bundle).preprocess
    strips = [prepare_strip(text_strip(text), preprocess) for text in ("maire", "rame", "ire")]
    half_done = tmp_path / "convolutions.onnx"
    quantize_static(bundle / "model.onnx", half_done, _Lines(strips),
                    quant_format=QuantFormat.QDQ, op_types_to_quantize=["Conv"])  # fmt: skip
    guarded = onnx.load(half_done)
    guard_ranges(guarded)
    onnx.checker.check_model(guarded)
    onnx.save(guarded, tmp_path / "guarded.onnx")
    before, after = (
        open_session(path).run(["logits"], {"strips": strips[0][None]})[0]
        for path in (half_done, tmp_path / "guarded.onnx")
    )
    assert np.abs(before - after).max() < 1e-4 * np.ptp(before)


def test_features_that_nothing_bounds_are_refused(bundle):
    import onnx

    from model.training.networks.quantise_guards import guard_ranges

    with pytest.raises(ValueError, match="quantise the convolutions first"):
        guard_ranges(onnx.load(bundle / "model.onnx"))


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
    from model.training.networks.quantise import quantise_network

    with pytest.raises(ValueError, match="no line to measure"):
        quantise_network(bundle / "model.onnx", [], tmp_path / "x.onnx")
