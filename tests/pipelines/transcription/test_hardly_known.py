"""A page whose text the model cannot know has a warning."""

from __future__ import annotations

from dataclasses import replace

import pytest

from model.decoding.page_error import PageErrorModel
from model.quality.ink_unread import PageInk
from model.quality.page import HARDLY_KNOWN, PAGE_WARNINGS, UNKNOWN_LANGUAGE
from tests.fakes import NameReader
from tests.pipelines.transcription.test_unread import read

ALL_INK, HALF_OF_IT = PageInk((50,), 0), PageInk((50,), 50)


@pytest.mark.parametrize(
    ("texts", "ink", "cer", "is_warned"),
    [
        pytest.param(("acte",), ALL_INK, 0.41, True, id="hardly a word is right"),
        pytest.param(("acte",), ALL_INK, 2.5, True, id="noise"),
        pytest.param(("acte",), ALL_INK, 0.4, False, id="just below"),
        pytest.param(("acte",), HALF_OF_IT, 0.25, False, id="half was not read, the rest well"),
        pytest.param(("",), ALL_INK, 0.9, False, id="nothing was read"),
        pytest.param((), ALL_INK, 0.9, False, id="no lines"),
        pytest.param(("acte",), ALL_INK, None, False, id="nothing predicts errors"),
    ],
)
def test_a_page_of_an_unknown_hand_or_language_is_told(texts, ink, cer, is_warned):
    reader = NameReader()
    reader.page_error = None if cer is None else PageErrorModel((0.5,), (cer,))
    assert (HARDLY_KNOWN in read(texts, ink, reader)["warnings"]) is is_warned


def test_the_warning_names_the_cure():
    assert HARDLY_KNOWN == "a hand or language that the model hardly knows; fine-tune it"
    assert HARDLY_KNOWN in PAGE_WARNINGS


@pytest.mark.parametrize("is_known", [True, False])
def test_a_page_that_the_language_model_does_not_know_is_told(monkeypatch, is_known):
    reader = NameReader()
    transcribe = reader.transcribe
    monkeypatch.setattr(
        reader,
        "transcribe",
        lambda *line: replace(transcribe(*line), without_language=not is_known),
    )
    warnings = read(("acte",), ALL_INK, reader)["warnings"]
    assert (UNKNOWN_LANGUAGE in warnings) is not is_known
    assert UNKNOWN_LANGUAGE in PAGE_WARNINGS
