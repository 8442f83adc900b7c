"""The model in the box, as far as it can be told without its pages."""

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


def test_integers_see_what_floats_see_on_whatever_processor_this_is():
    """A kernel that errs for one kind of processor and one layer goes unnoticed otherwise."""
    floats, integers = (Recogniser(load_bundle(DEFAULT_MODEL, name)) for name in ("fp32", "int8"))
    for text in ("la maison", "le 3 mai 1858", "Jean Martin, notaire"):
        exact, rounded = (one.logits(text_strip(text)) for one in (floats, integers))
        assert np.abs(exact - rounded).mean() < 0.005 * np.ptp(exact)
        assert np.abs(exact - rounded).max() < 0.1 * np.ptp(exact)


def test_a_folder_of_its_name_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(DEFAULT_MODEL).mkdir()
    with pytest.raises(ValueError, match="no charset.json"):
        load_bundle(DEFAULT_MODEL)


def test_it_keeps_to_the_sizes_that_were_promised():
    sizes = {path.name: path.stat().st_size for path in DEFAULT_FOLDER.iterdir()}
    assert sizes["model.onnx"] < 12e6 and sizes["lines.onnx"] < 8e6
    assert {"model.int8.onnx", "weights.keras", "README.md"} <= sizes.keys()


def test_its_card_says_how_it_was_trained():
    card = json.loads((DEFAULT_FOLDER / "card.json").read_text())
    assert card["training"]["preset"] == "fast" and card["course"][-1]["cer"] < 0.09


@pytest.mark.train
def test_it_can_be_fine_tuned():
    from model.networks.presets import PRESETS
    from model.text.charset import Charset
    from model.training.networks.recogniser import build_crnn
    from model.training.transfer import start_from

    charset = Charset.of_texts(["maison ĉ"])
    said = []
    model = build_crnn(PRESETS["fast"], charset.class_count)
    start_from(Path(DEFAULT_MODEL), charset, PRESETS["fast"], said.append)(model)
    assert "kept" in said[0] and "lost" in said[0]
    kernel, _ = model.get_layer("logits").get_weights()
    old = load_bundle(DEFAULT_MODEL).charset
    assert kernel.shape[1] == len(charset.characters) + 1 and old.class_count == 132
