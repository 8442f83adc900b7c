"""The auxiliary head: the mixture of two outputs, and its use in a beam search."""

import shutil

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from model.decoding.config import BEAM, DecodingConfig
from model.decoding.ctc import softmax
from model.decoding.settings import DecodingSettings
from model.recogniser import bundle
from model.recogniser.auxiliary_head import mix_outputs
from model.recogniser.recogniser import Recogniser
from schemas.records import Line, LineImage
from tests.drawn import text_strip
from tests.fakes import write_fake_auxiliary, write_fake_bundle, write_language_model

LOGITS = hnp.arrays(np.float32, (2, 3, 4), elements=st.floats(-200, 200, width=32))
IMAGE = LineImage("p.png", Line("l", 0), text_strip("abbé de cade"))


@given(LOGITS, LOGITS, st.floats(0, 0.99))
def test_probabilities_are_averaged(logits, other, share):
    mixed = mix_outputs(logits, other, share)
    assert mixed.dtype == np.float32 and np.isfinite(mixed).all()
    expected = (1 - share) * softmax(logits) + share * softmax(other)
    assert np.allclose(np.exp(mixed), expected, atol=1e-6)


@pytest.fixture
def model(tmp_path):
    directory = write_fake_bundle(tmp_path / "m")
    write_language_model(directory, ["abbé de cade"])
    write_fake_auxiliary(directory, "é")
    return directory


def set_share(directory, share):
    settings = DecodingSettings(auxiliary_share=share)
    (directory / bundle.DECODING_FILE).write_text(settings.to_json())


def recogniser(directory, method=BEAM):
    return Recogniser(bundle.load_bundle(directory), DecodingConfig(method))


def test_a_beam_search_uses_the_auxiliary_head(model):
    texts = {}
    for share in (0.0, 0.98):
        set_share(model, share)
        texts[share] = recogniser(model).read(IMAGE).text
    assert texts[0.98] == "é"
    assert len(texts[0.0]) > 5


def test_greedy_decoding_does_not_use_it(model):
    alone = recogniser(model, "greedy").read(IMAGE)
    set_share(model, 0.98)
    assert recogniser(model, "greedy").read(IMAGE) == alone


def test_the_digest_includes_the_head_for_a_beam_search_only(model):
    def digest(method=BEAM):
        return bundle.load_bundle(model).digest(method)

    set_share(model, 0.5)
    searched, greedy = digest(), digest("greedy")
    write_fake_auxiliary(model, "a")
    assert digest() != searched and digest("greedy") == greedy


def test_a_missing_head_is_reported(model):
    set_share(model, 0.5)
    (model / bundle.AUXILIARY_FILE).unlink()
    reader = recogniser(model)
    assert reader.decoding_method == "greedy"
    assert (
        "no auxiliary.onnx; copy the model again: lines were read greedily" in reader.decoding_note
    )


def test_a_damaged_head_is_rejected(model):
    set_share(model, 0.5)
    (model / bundle.AUXILIARY_FILE).write_bytes(b"no network")
    with pytest.raises(ValueError, match="auxiliary.onnx cannot be loaded"):
        recogniser(model)


def test_a_head_for_another_charset_is_rejected(model):
    set_share(model, 0.5)
    shutil.copy(bundle.DEFAULT_FOLDER / bundle.AUXILIARY_FILE, model)
    with pytest.raises(ValueError, match="auxiliary.onnx belongs to another network; copy"):
        recogniser(model)


def test_a_network_without_features_for_the_head_is_rejected(model):
    set_share(model, 0.5)
    network = onnx.load(model / bundle.ONNX_FILE)
    del network.graph.output[1]
    onnx.save(network, model / bundle.ONNX_FILE)
    with pytest.raises(ValueError, match="auxiliary.onnx belongs to another network; copy"):
        recogniser(model)
