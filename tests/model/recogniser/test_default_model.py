"""The bundled model, as far as it can be tested without the pages that it was trained on."""

import json
from pathlib import Path

import numpy as np
import pytest

from model import DEFAULT_FOLDER, DEFAULT_MODEL
from model.recogniser.bundle import ONNX_FILES, load_bundle
from model.recogniser.recogniser import Recogniser
from schemas.records import Line, LineImage
from tests.drawn import text_strip


@pytest.mark.parametrize("precision", ONNX_FILES)
def test_it_opens_by_its_name_and_reads(precision, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bundle = load_bundle(DEFAULT_MODEL, precision)
    read = Recogniser(bundle).read(LineImage("p", Line("l", 0), text_strip("la maison")))
    assert read.text and set(read.text) <= set(bundle.charset.characters)


def test_logits_of_both_precisions_agree_on_this_processor():
    """A kernel may be wrong for one type of processor and one layer only."""
    floats, integers = (Recogniser(load_bundle(DEFAULT_MODEL, name)) for name in ("fp32", "int8"))
    for text in ("la maison", "le 3 mai 1858", "Jean Martin, notaire"):
        exact, rounded = (one.logits(text_strip(text)) for one in (floats, integers))
        assert np.abs(exact - rounded).mean() < 0.005 * np.ptp(exact)
        assert np.abs(exact - rounded).max() < 0.1 * np.ptp(exact)


def test_a_folder_with_its_name_takes_precedence(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(DEFAULT_MODEL).mkdir()
    with pytest.raises(ValueError, match="no charset.json"):
        load_bundle(DEFAULT_MODEL)


def test_its_files_have_at_most_the_documented_sizes():
    sizes = {path.name: path.stat().st_size for path in DEFAULT_FOLDER.iterdir()}
    assert sizes["model.onnx"] < 12e6 and sizes["lines.onnx"] < 8e6
    assert {"model.int8.onnx", "weights.keras", "README.md"} <= sizes.keys()


def test_its_card_records_the_training():
    card = json.loads((DEFAULT_FOLDER / "card.json").read_text())
    assert card["training"]["preset"] == "fast" and card["course"][-1]["cer"] < 0.09


@pytest.mark.train
def test_it_can_be_fine_tuned():
    from model.networks.presets import PRESETS
    from model.text.charset import Charset
    from model.training.base_model import open_base
    from model.training.networks.recogniser import build_crnn
    from model.training.transfer import start_from

    charset = Charset.of_texts(["maison ĉ"])
    messages = []
    model = build_crnn(PRESETS["fast"], charset.class_count)
    start_from(open_base(DEFAULT_MODEL), charset, PRESETS["fast"], messages.append)(model)
    assert "kept" in messages[0] and "lost" in messages[0]
    kernel, _ = model.get_layer("logits").get_weights()
    old = load_bundle(DEFAULT_MODEL).charset
    assert kernel.shape[1] == len(charset.characters) + 1 and old.class_count == 132
