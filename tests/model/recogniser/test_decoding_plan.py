"""A recogniser with a beam search, and its fallback to greedy decoding."""

from dataclasses import replace

import numpy as np
import pytest

from model.decoding.config import BEAM, GREEDY, BeamConfig, DecodingConfig
from model.decoding.page_error import PageErrorModel
from model.decoding.settings import Calibration, DecodingSettings
from model.language.word_counts import write_model_words
from model.recogniser import bundle
from model.recogniser.decoding_plan import open_decoders, plan_decoding
from model.recogniser.recogniser import Recogniser
from model.text.charset import Charset
from schemas.records import Line, LineImage
from tests.drawn import text_strip
from tests.fakes import write_fake_bundle, write_language_model

TEXTS = ["abbé de cade", "cad ace bac"]
IMAGE = LineImage("p.png", Line("l", 0), text_strip("abbé de cade"))


@pytest.fixture
def model(tmp_path):
    directory = write_fake_bundle(tmp_path / "m")
    write_language_model(directory, TEXTS)
    return directory


def recogniser(directory, **flags):
    return Recogniser(bundle.load_bundle(directory), DecodingConfig(**flags))


def test_a_beam_search_gives_alternatives(model):
    reader = recogniser(model, method=BEAM)
    assert (reader.decoding_method, reader.decoding_note) == (BEAM, "")
    read = reader.read(IMAGE)
    assert read.text == "".join(c.text for c in read.characters) == read.alternatives[0][0]
    assert 1 < len(read.alternatives) <= 5
    assert 0 <= read.confidence_sequence <= read.confidence_min <= read.confidence <= 1
    assert any(character.alternatives for character in read.characters)
    one = recogniser(model, method=BEAM, most_lines=1).read(IMAGE)
    assert one.alternatives == read.alternatives[:1]


def test_greedy_decoding_does_not_use_the_language_model(model, tmp_path):
    plain = Recogniser(bundle.load_bundle(write_fake_bundle(tmp_path / "plain"))).read(IMAGE)
    settings = DecodingSettings(greedy=Calibration(3.0), beam=Calibration(3.0))
    (model / bundle.DECODING_FILE).write_text(settings.to_json())
    assert recogniser(model).read(IMAGE) == plain
    assert plain.alternatives == ()
    assert plain.confidence_min == min(c.confidence for c in plain.characters)
    expected = np.prod([c.confidence for c in plain.characters])
    assert plain.confidence_sequence == pytest.approx(expected)


def test_tuned_settings_are_used(model):
    before = recogniser(model, method=BEAM)
    assert before.page_error is None
    predicts = PageErrorModel((0.0,), (0.1,))
    settings = DecodingSettings(beam=Calibration(3.0, predicts))
    (model / bundle.DECODING_FILE).write_text(settings.to_json())
    after = recogniser(model, method=BEAM)
    assert after.page_error == predicts and recogniser(model).page_error is None
    assert after.read(IMAGE).text == before.read(IMAGE).text
    assert after.read(IMAGE).confidence < before.read(IMAGE).confidence


@pytest.mark.parametrize(
    ("damage", "note"),
    [
        (lambda path: path.unlink(), "no language_model.bin; add one"),
        (lambda path: path.write_bytes(b"LM"), "does not begin with"),
        (lambda path: path.write_bytes(path.read_bytes()[:-50]), "damaged or cut off"),
        (
            lambda path: write_language_model(path.parent, TEXTS, charset=Charset(("a", "b"))),
            "another charset",
        ),
    ],
)
def test_an_invalid_language_model_is_reported(model, damage, note):
    greedy = recogniser(model).read(IMAGE)
    damage(model / bundle.LANGUAGE_MODEL_FILE)
    with pytest.raises(ValueError, match=note):
        bundle.load_bundle(model).open_language_model()
    reader = recogniser(model, method=BEAM)
    assert note in reader.decoding_note
    assert reader.decoding_note.endswith(": lines were read greedily")
    assert reader.decoding_method == GREEDY
    assert reader.read(IMAGE) == greedy


def test_a_beam_width_of_0_is_greedy_and_reported(model):
    plan = plan_decoding(bundle.load_bundle(model), DecodingConfig(BEAM, beam_width=0))
    assert (plan.method, plan.note) == (GREEDY, "beam of 0 prefixes: lines were read greedily")


def test_inconsistent_tables_of_a_language_model_are_rejected(model):
    whole = bundle.load_bundle(model)
    path = model / bundle.LANGUAGE_MODEL_FILE
    starts = np.array(whole.open_language_model()._starts[0])
    data = path.read_bytes()
    assert data.count(starts.tobytes()) == 1
    path.write_bytes(data.replace(starts.tobytes(), (starts + 9).tobytes()))
    with pytest.raises(ValueError, match="do not fit together"):
        whole.open_language_model()


def read_ambiguous(directory, **flags):
    """Read "a ab a", in which b and c are equally probable."""
    whole = bundle.load_bundle(directory)
    labels = whole.charset.encode("a ab a")
    logits = np.full((len(labels), whole.charset.class_count), -9, np.float32)
    logits[np.arange(len(labels)), labels] = 0
    logits[3, whole.charset.encode("c")] = 0
    config = DecodingConfig(BEAM, **flags)
    decoders = open_decoders(whole, config, plan_decoding(whole, config))
    return decoders[""].decode(logits).text


def set_search(directory, knows_words):
    search = BeamConfig(lm_weight=0.0, unknown_word_penalty=3.0)
    settings = DecodingSettings(search, knows_words)
    (directory / bundle.DECODING_FILE).write_text(settings.to_json())


@pytest.mark.parametrize("known", ["ab", "ac"])
def test_a_lexicon_resolves_the_ambiguity(model, tmp_path, known):
    set_search(model, knows_words=False)
    words = tmp_path / "words.txt"
    words.write_text(f"a\n {known}\n", "utf-8")
    assert read_ambiguous(model, lexicon=str(words)) == f"a {known} a"
    missing = str(tmp_path / "none.txt")
    with pytest.raises(ValueError, match=r"none\.txt"):
        recogniser(model, method=BEAM, lexicon=missing)


def test_training_words_are_used_only_if_the_search_was_tuned_with_them(model, tmp_path):
    for known in ("ab", "ac"):
        write_model_words(model, [f"a {known}"])
        set_search(model, knows_words=True)
        assert read_ambiguous(model) == f"a {known} a"
        set_search(model, knows_words=False)
        assert read_ambiguous(model) == "a ab a"


def test_a_lexicon_is_added_to_the_training_words(model, tmp_path):
    write_model_words(model, ["a ac"])
    set_search(model, knows_words=True)
    (tmp_path / "w.txt").write_text("abbe\u0301", "utf-8")
    assert read_ambiguous(model, lexicon=str(tmp_path / "w.txt")) == "a ac a"


def test_missing_words_are_reported(model):
    set_search(model, knows_words=True)
    note = recogniser(model, method=BEAM).decoding_note
    assert "no words.json" in note and note.endswith(": lines were read greedily")


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "no word in it"), (b"12 3", "no word in it"), (b"\xff", "utf-8")]
)
def test_an_invalid_lexicon_is_rejected(model, tmp_path, content, message):
    (tmp_path / "w.txt").write_bytes(content)
    with pytest.raises(ValueError, match=rf"w\.txt: .*{message}"):
        recogniser(model, method=BEAM, lexicon=str(tmp_path / "w.txt"))


@pytest.mark.parametrize("method", [GREEDY, BEAM])
def test_a_line_whose_logits_are_nan_fails_alone(model, method, monkeypatch):
    reader = recogniser(model, method=method)
    monkeypatch.setattr(reader, "logits", lambda strip: np.full((9, 8), np.nan, np.float32))
    with pytest.raises(ValueError, match="not numbers"):
        reader.read(IMAGE)
    blank = replace(IMAGE, strip=np.full((64, 80), 255, np.uint8))
    assert recogniser(model, method=method).read(blank).text == ""
