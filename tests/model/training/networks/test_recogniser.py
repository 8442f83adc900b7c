"""The recogniser network: shapes, loss, export to ONNX."""

import numpy as np
import onnxruntime
import pytest

from model.networks.presets import PRESETS, preset_named

pytestmark = pytest.mark.train


@pytest.fixture(params=PRESETS)
def built(request):
    import keras

    from model.training.networks.recogniser import build_crnn

    keras.utils.set_random_seed(3)
    preset = preset_named(request.param)
    model = build_crnn(preset, 40)
    rng = np.random.default_rng(0)
    for layer in model.layers:
        if layer.name.endswith("_norm"):
            layer.set_weights([w + rng.uniform(0, 0.5, w.shape) for w in layer.get_weights()])
    return preset, model


def test_onnx_computes_what_keras_computes_in_any_batch(built):
    from model.training.networks.recogniser import without_auxiliary
    from model.training.networks.recogniser_onnx import export_onnx

    preset, model = built
    strips = np.random.default_rng(1).random((3, preset.input_height_px, 192, 1), np.float32)
    session = onnxruntime.InferenceSession(export_onnx(model, preset).SerializeToString())
    logits = session.run(["logits"], {"strips": strips})[0]
    assert logits.shape == (3, 192 // preset.step_px, 40)
    assert np.allclose(logits, without_auxiliary(model).predict_on_batch(strips), atol=1e-4)
    alone = session.run(["logits"], {"strips": strips[1:2]})[0]
    assert np.array_equal(alone[0], logits[1])


def test_the_onnx_auxiliary_head_computes_what_keras_computes(built):
    from model.training.networks.recogniser_onnx import export_auxiliary, export_onnx

    preset, model = built
    strips = np.random.default_rng(1).random((3, preset.input_height_px, 192, 1), np.float32)
    network, head = (
        onnxruntime.InferenceSession(export(model, preset).SerializeToString())
        for export in (export_onnx, export_auxiliary)
    )
    (features,) = network.run(["columns"], {"strips": strips})
    (logits,) = head.run(["logits"], {"columns": features})
    assert np.allclose(logits, model.predict_on_batch(strips)[1], atol=1e-4)


def test_both_heads_have_the_same_shape(built):
    preset, model = built
    strips = np.zeros((2, preset.input_height_px, 128, 1), np.float32)
    output, auxiliary = model.predict_on_batch(strips)
    assert output.shape == auxiliary.shape == (2, 128 // preset.step_px, 40)


def test_weights_load_in_safe_mode(built, tmp_path):
    import keras

    preset, model = built
    model.save(tmp_path / "weights.keras")
    loaded = keras.saving.load_model(tmp_path / "weights.keras", compile=False, safe_mode=True)
    strips = np.random.default_rng(1).random((1, preset.input_height_px, 128, 1), np.float32)
    assert np.allclose(loaded.predict_on_batch(strips)[0], model.predict_on_batch(strips)[0])


def test_the_parameter_counts_match_the_readme():
    from model.training.networks.recogniser import build_crnn

    millions = {n: build_crnn(p, 100).count_params() / 1e6 for n, p in PRESETS.items()}
    assert millions["fast"] == pytest.approx(2.3, abs=0.1)
    assert millions["accurate"] == pytest.approx(4.0, abs=0.1)
    assert millions["tiny"] < 0.2


def test_the_loss_is_the_ctc_loss_over_the_root_of_the_label_length():
    from model.training.losses import ctc_loss

    # One label, one step: the loss is -log p(label).
    logits = np.log(np.array([[[0.2, 0.7, 0.1]]], np.float32))
    assert float(ctc_loss(np.array([[1]]), logits)[0]) == pytest.approx(-np.log(0.7), rel=1e-4)
    # Two labels, two steps, one path: the product of both, over the root of two.
    logits = np.log(np.array([[[0.2, 0.7, 0.1], [0.3, 0.2, 0.5]]], np.float32))
    expected = -np.log(0.7 * 0.5) / np.sqrt(2)
    assert float(ctc_loss(np.array([[1, 2]]), logits)[0]) == pytest.approx(expected, rel=1e-4)
