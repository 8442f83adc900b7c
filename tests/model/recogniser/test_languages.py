"""Pages are searched with the language model that knows them, or that was asked for."""

import numpy as np
import pytest

from model.decoding.config import AUTO_LANGUAGE, BEAM, GREEDY, NO_LANGUAGE, DecodingConfig
from model.decoding.settings import DecodingSettings
from model.networks.manifest import write_manifest
from model.recogniser import bundle
from model.recogniser.line_reading import page_languages, read_lines, read_pages
from model.recogniser.recogniser import Recogniser
from schemas.records import Line, LineImage
from tests.drawn import text_strip
from tests.fakes import write_fake_bundle, write_language_model
from tests.model.decoding.test_language_fit import logits_of

OWN, OTHER = ["abba cab bac ", "cab abba bac "], ["dede ede ", "ede dede "]
# Three lines a page, of the bundle's own language, of the other, and of none.
PAGES = {"own": "abba cab bac", "other": "dede ede dede", "none": "écéacéadéb"}


@pytest.fixture
def model(tmp_path):
    directory = write_fake_bundle(tmp_path / "m")
    write_language_model(directory, OWN * 9)
    write_language_model(directory, OTHER * 9, language="it")
    settings = DecodingSettings(most_surprise_nats=1.2, language="fr")
    (directory / bundle.DECODING_FILE).write_text(settings.to_json())
    return directory


def recogniser(directory, **flags):
    return Recogniser(bundle.load_bundle(directory), DecodingConfig(BEAM, **flags))


def images_of(pages):
    return [
        LineImage(page, Line(f"{page}{number}", number), text_strip(text))
        for page, text in pages.items()
        for number in range(3)
    ]


@pytest.fixture
def reader(model, monkeypatch):
    """A recogniser whose network is sure of the text of each page."""
    found = recogniser(model)
    charset = found.bundle.charset
    texts = {image.line.line_id: PAGES[image.page_uri] for image in images_of(PAGES)}
    monkeypatch.setattr(found, "prepare", lambda image: np.array([[image.line.line_id]]))
    monkeypatch.setattr(
        found,
        "run",
        lambda strips: [logits_of(texts[strip[0, 0]], charset) for strip in strips],
    )
    monkeypatch.setattr(found, "lines_at_once", lambda width_px: 1)
    return found


def test_each_page_is_read_with_the_model_that_knows_it(reader):
    images = images_of(PAGES)
    for order in (images, images[::-1]):
        read = read_pages(order, reader)
        languages = {one.page_uri: (one.language, one.without_language) for one in read}
        assert languages == {"own": ("fr", False), "other": ("it", False), "none": ("", True)}
        assert page_languages(order, reader) == {"own": "fr", "other": "it", "none": None}
    assert {one.text for one in read} == set(PAGES.values())
    assert {bool(one.alternatives) for one in read if one.page_uri == "none"} == {False}


def test_a_language_that_is_asked_for_is_that_of_all_pages(model):
    images = images_of(PAGES)
    for language in ("fr", "it"):
        one = recogniser(model, language=language)
        assert not one.judges_languages and one.plan.language == language
        read = read_pages(images, one)
        assert {line.language for line in read} == {language}
        assert read == read_lines(images, one)
    expected = bundle.load_bundle(model).open_language_model("it")
    assert one.plan.language_model.character_log_probabilities("dede") == pytest.approx(
        expected.character_log_probabilities("dede")
    )
    assert one.plan.rescorer is None and not one.plan.words


def test_without_a_language_lines_are_read_greedily(model):
    one = recogniser(model, language=NO_LANGUAGE)
    assert (one.decoding_method, one.decoding_note) == (GREEDY, "")
    images = images_of(PAGES)
    greedy = Recogniser(bundle.load_bundle(model))
    assert read_pages(images, one) == read_pages(images, greedy)


def test_an_unknown_language_is_refused(model):
    with pytest.raises(ValueError, match=r"--language xx: .*models of fr, it; give one of them"):
        recogniser(model, language="xx")
    (model / bundle.DECODING_FILE).write_text(DecodingSettings().to_json())
    (model / bundle.language_file("it")).unlink()
    with pytest.raises(ValueError, match="--language fr: .* names no languages; give"):
        recogniser(model, language="fr")


def test_the_models_of_other_languages_belong_to_the_digest_of_a_search(model):
    before = [bundle.load_bundle(model).digest(method) for method in (BEAM, GREEDY)]
    write_language_model(model, OTHER * 8, language="it")
    after = [bundle.load_bundle(model).digest(method) for method in (BEAM, GREEDY)]
    assert before[0] != after[0] and before[1] == after[1]
    assert bundle.load_bundle(model).other_languages == ("it",)


def test_a_damaged_model_of_another_language_is_told(model):
    write_manifest(model)
    path = model / bundle.language_file("it")
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(ValueError, match="language_model.it.bin is damaged"):
        bundle.load_bundle(model)
    path.unlink()
    with pytest.raises(ValueError, match=r"no language_model\.it\.bin, which manifest"):
        bundle.load_bundle(model)


def test_a_model_without_a_limit_reads_all_pages_with_its_own(model):
    (model / bundle.DECODING_FILE).write_text(DecodingSettings(language="fr").to_json())
    one = recogniser(model, language=AUTO_LANGUAGE)
    assert not one.judges_languages and not one.plan.others


@pytest.mark.parametrize("name", ["", "it", "de_1750"])
def test_the_name_of_a_file_is_that_of_a_bundle(name):
    assert bundle.is_bundle_file(bundle.language_file(name))


@pytest.mark.parametrize("name", ["IT", "../it", "i.t", "1", "a" * 30])
def test_a_language_without_a_proper_name_is_refused(name):
    with pytest.raises(ValueError, match="give a name of small letters"):
        bundle.language_file(name)
