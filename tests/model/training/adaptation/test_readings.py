"""The teacher of an adaptation reads each line twice."""

import pytest

from model.decoding.page_error import PageErrorModel
from model.recogniser.bundle import load_bundle
from model.training.adaptation.readings import Teacher, predicted_cer
from schemas.records import Line, LineImage, Transcript
from tests.drawn import text_strip
from tests.fakes import write_fake_bundle, write_language_model


@pytest.fixture
def model(tmp_path):
    return write_fake_bundle(tmp_path / "m")


def images(*texts):
    return [LineImage("p.jpg", Line(f"l{i}", i), text_strip(t)) for i, t in enumerate(texts)]


def test_a_model_without_a_language_model_is_no_teacher(model):
    with pytest.raises(ValueError, match="no language_model.bin.*teacher of an adaptation"):
        Teacher(load_bundle(model))


def test_lines_are_read_by_beam_search_and_compared_with_the_greedy_text(model):
    write_language_model(model, ["abba", "cabba"] * 9)
    bundle = load_bundle(model)
    found = Teacher(bundle).read(images("abbé de cadeba", "ecadé bac"), "folder")
    assert [r.image.line.line_id for r in found] == ["l0", "l1"]
    for reading in found:
        assert len(reading.confidences) == len(reading.text) > 0
        assert 0 <= reading.doubt <= 1 and reading.disagreement >= 0
        assert reading.uncertainty == reading.doubt + reading.disagreement
        assert reading.document == "folder"


def test_lines_without_text_or_of_another_height_are_left_out(model):
    write_language_model(model, ["abba"])
    low = LineImage("p.jpg", Line("low", 9), text_strip("abba")[:40])
    blank = LineImage("p.jpg", Line("blank", 8), text_strip("abba") * 0 + 255)
    found = Teacher(load_bundle(model)).read([low, *images("abba"), blank], "")
    assert "low" not in {r.image.line.line_id for r in found}
    assert all(r.text for r in found)


@pytest.mark.parametrize(
    ("model_of_errors", "cer"), [(None, 0.25), (PageErrorModel((0.0, 0.5), (0.0, 1.0)), 0.5)]
)
def test_the_cer_is_predicted_by_what_was_fitted_in_training(model_of_errors, cer):
    read = Transcript("p", Line("l", 0), "abba", 0.75)
    assert predicted_cer(model_of_errors, read) == pytest.approx(cer)
