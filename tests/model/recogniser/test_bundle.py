"""Loading a bundle, its digests, and recognition with it."""

import numpy as np
import pytest

from model.decoding.config import BEAM, BeamConfig
from model.decoding.page_error import PageErrorModel
from model.decoding.settings import Calibration, DecodingSettings
from model.language.ngram_build import build_language_model
from model.language.word_counts import WORDS_FILE
from model.line_images.preprocess import PreprocessConfig
from model.recogniser.bundle import DECODING_FILE, LANGUAGE_MODEL_FILE, load_bundle, write_settings
from model.recogniser.recogniser import Recogniser
from model.text.charset import Charset
from schemas.records import Line, LineImage
from tests.drawn import text_strip
from tests.fakes import write_fake_bundle


def read(recogniser, strip):
    return recogniser.read(LineImage("p.png", Line("l", 0), strip))


def test_a_loaded_bundle_recognises_a_line(tmp_path):
    bundle = load_bundle(write_fake_bundle(tmp_path / "m"))
    transcript = read(Recogniser(bundle), text_strip("acte de mariage"))
    assert len(transcript.text) > 5 and set(transcript.text) <= set(bundle.charset.characters)
    assert 0 < transcript.confidence <= 1
    assert "".join(c.text for c in transcript.characters) == transcript.text


def test_the_digest_depends_on_the_files_of_the_model(tmp_path):
    one = load_bundle(write_fake_bundle(tmp_path / "one"))
    same = load_bundle(write_fake_bundle(tmp_path / "two"))
    assert one.digest() == same.digest()
    write_settings(same.directory, same.charset, PreprocessConfig(96, 32))
    assert one.digest() != load_bundle(same.directory).digest()


def test_the_language_model_is_only_in_the_digest_for_a_beam_search(tmp_path):
    bundle = load_bundle(write_fake_bundle(tmp_path / "m"))
    greedy = bundle.digest()
    assert bundle.digest(BEAM) == greedy and not bundle.has_language_model
    seen = {greedy}
    for text in ("abba", "abab"):
        data = build_language_model([text], bundle.charset, 3)
        (bundle.directory / LANGUAGE_MODEL_FILE).write_bytes(data)
        seen.add(bundle.digest(BEAM))
    (bundle.directory / DECODING_FILE).write_text(DecodingSettings().to_json())
    seen.add(bundle.digest(BEAM))
    (bundle.directory / WORDS_FILE).write_text('{"a": 1}')
    seen.add(bundle.digest(BEAM))
    assert len(seen) == 4
    settings = DecodingSettings(knows_words=True)
    (bundle.directory / DECODING_FILE).write_text(settings.to_json())
    for words in ('{"a": 1}', '{"b": 1}'):
        (bundle.directory / WORDS_FILE).write_text(words)
        seen.add(load_bundle(bundle.directory).digest(BEAM))
    assert len(seen) == 6
    assert bundle.digest() == greedy and bundle.has_language_model


def test_the_error_model_is_only_in_the_digest_for_greedy_decoding(tmp_path):
    directory = write_fake_bundle(tmp_path / "m")

    def digest(**settings):
        (directory / DECODING_FILE).write_text(DecodingSettings(**settings).to_json())
        return load_bundle(directory).digest()

    without = load_bundle(directory).digest()
    one, other = (Calibration(page_error=PageErrorModel((0.1,), (rate,))) for rate in (0.25, 0.5))
    assert digest() == digest(beam=one, search=BeamConfig(width=3)) == without
    assert digest(greedy=one) == digest(greedy=one, beam=one, knows_words=True)
    assert len({without, digest(greedy=one), digest(greedy=other)}) == 3


@pytest.mark.parametrize("content", ["{", "[]", '{"search": {}}'])
def test_invalid_decoding_settings_are_rejected(tmp_path, content):
    directory = write_fake_bundle(tmp_path / "m")
    (directory / DECODING_FILE).write_text(content)
    with pytest.raises(ValueError, match=r"m: decoding\.json: .*delete it"):
        load_bundle(directory)


def test_a_link_is_followed(tmp_path):
    write_fake_bundle(tmp_path / "1")
    (tmp_path / "latest").symlink_to("1")
    assert load_bundle(tmp_path / "latest").directory == (tmp_path / "1").resolve()


@pytest.mark.parametrize("name", ["charset.json", "preprocess.json", "model.onnx"])
def test_a_missing_file_is_named(tmp_path, name):
    directory = write_fake_bundle(tmp_path / "m")
    (directory / name).unlink()
    with pytest.raises(ValueError, match=name):
        load_bundle(directory)


@pytest.mark.parametrize("content", ["{", "[]", '{"colour": 3}'])
def test_invalid_preprocessing_is_rejected(tmp_path, content):
    directory = write_fake_bundle(tmp_path / "m")
    (directory / "preprocess.json").write_text(content)
    with pytest.raises(ValueError, match=str(directory)):
        load_bundle(directory)


def test_a_charset_of_another_network_is_rejected(tmp_path):
    bundle = load_bundle(write_fake_bundle(tmp_path / "m"))
    write_settings(bundle.directory, Charset(("x",)), bundle.preprocess)
    with pytest.raises(ValueError, match=r"logits is \[batch, time, 8\] and not \[\*, \*, 2\]"):
        read(Recogniser(load_bundle(bundle.directory)), np.full((64, 99), 255, np.uint8))


@pytest.mark.parametrize(
    ("folder", "cure"),
    [
        ("models", "models: no charset.json; did you mean .*/models/latest?"),
        ("modles", "modles: no charset.json; there is no such folder; give one that train pushed"),
        ("dataset", "dataset: no charset.json; give a folder that train pushed"),
    ],
)
def test_a_folder_without_a_model_is_an_error_that_helps(tmp_path, folder, cure):
    write_fake_bundle(tmp_path / "models" / "20260101T000000Z")
    (tmp_path / "models" / "latest").symlink_to("20260101T000000Z")
    (tmp_path / "dataset").mkdir()
    with pytest.raises(ValueError, match=cure):
        load_bundle(tmp_path / folder)
