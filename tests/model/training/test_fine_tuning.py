"""Fine-tuning on few lines: letters and words of the base stay, and no worse model comes out."""

import json

import pytest

from model.language.word_counts import read_model_words
from model.recogniser.bundle import load_bundle
from model.text.charset import Charset
from model.training.base_model import joined_charset
from tests.drawn import line_example, write_tfrecords

pytestmark = pytest.mark.train

KNOWN = ["maire", "rame", "amie", "mare"]
NEW = ["zoo", "zone", "once"]
COMMON = ["--augmentation", "0", "--threads", "1", "--precision", "float32"]


def write_dataset(folder, texts, train=90, held_out=12):
    for split, count in (("train", train), ("eval", held_out)):
        lines = [line_example(texts[i % len(texts)], i, split) for i in range(count)]
        write_tfrecords(folder / split / "a.tfrecord.gz", lines)
    (folder / "charset.json").write_text(Charset.of_texts(texts).to_json())
    return folder


def train(*flags):
    from model.training.__main__ import main

    return main([*map(str, flags), *COMMON])


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    dataset = write_dataset(folder / "known", KNOWN, 160)
    flags = ("--preset", "tiny", "--epochs", "20")
    assert train("--dataset", dataset, "--output", folder / "base", *flags) == 0
    return folder / "base"


@pytest.fixture(scope="module")
def new(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("new"), NEW)


@pytest.fixture(scope="module")
def tuned(base, new, tmp_path_factory):
    """Fine-tune with lines of the old kind mixed in; the preset is that of the base."""
    output = tmp_path_factory.mktemp("tuned") / "model"
    replay = ("--replay", base.parent / "known")
    flags = ("--init", base, "--epochs", "16", *replay)
    assert train("--dataset", new, "--output", output, *flags) == 0
    return output


def card_of(model):
    return json.loads((model / "card.json").read_text())


def test_a_model_that_reads_better_is_released_with_the_comparison_in_its_card(tuned):
    entry = card_of(tuned)["base"]
    assert entry["is_better"] is True
    assert entry["after"]["greedy"]["cer"] < entry["before"]["greedy"]["cer"]
    assert set(entry["after"]) == {"greedy", "beam"}
    assert entry["lines"] == 12


def test_letters_and_words_of_the_base_stay(base, tuned):
    old, new = load_bundle(base), load_bundle(tuned)
    assert new.charset == joined_charset(old.charset, Charset.of_texts(NEW))
    assert new.charset.characters[: len(old.charset.characters)] == old.charset.characters
    assert {*KNOWN, *NEW} <= set(read_model_words(tuned))


def test_the_language_model_is_a_mixture(tuned):
    facts = card_of(tuned)["language_model"]
    assert 0 < facts["share_of_base"] < 1
    model = load_bundle(tuned).open_language_model()
    known, new, strange = (
        sum(model.character_log_probabilities(text)) for text in ("maire", "zone", "nzore")
    )
    assert min(known, new) > strange


def test_a_model_that_is_no_better_is_not_released(base, tmp_path, capsys):
    output = tmp_path / "model"
    flags = ("--init", base, "--epochs", "1", "--learning_rate", "1e-9")
    assert train("--dataset", base.parent / "known", "--output", output, *flags) == 3
    captured = capsys.readouterr()
    assert "on 12 held-out lines of" in captured.out and "before" in captured.out
    assert captured.err.count("\n") == 1
    assert "not released: no better than its base" in captured.err
    assert not output.exists()
    assert (tmp_path / "model.refused" / "card.json").is_file()


def test_with_a_charset_of_its_own_a_model_loses_letters(base, new, tmp_path, capsys):
    output = tmp_path / "model"
    flags = ("--init", base, "--epochs", "1", "--charset", "own")
    assert train("--dataset", new, "--output", output, *flags) in (0, 3)
    assert "4 lost (a i m r)" in capsys.readouterr().out
    (model,) = tmp_path.glob("model*")
    assert load_bundle(model).charset == Charset.of_texts(NEW)
    assert "share_of_base" not in card_of(model)["language_model"]


def test_a_base_without_a_language_model_is_told(base, new, tmp_path, capsys):
    import shutil

    bare = shutil.copytree(base, tmp_path / "bare")
    (bare / "language_model.bin").unlink()
    # A model of an earlier version has none, which would miss the file.
    (bare / "manifest.json").unlink()
    flags = ("--init", bare, "--epochs", "1")
    assert train("--dataset", new, "--output", tmp_path / "model", *flags) in (0, 3)
    assert "has no language_model.bin: only the new texts are used" in capsys.readouterr().out
    (model,) = tmp_path.glob("model*")
    assert set(card_of(model)["base"]["before"]) == {"greedy"}


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--init", "BASE", "--preset", "fast"], "of preset tiny; give --preset tiny, or none"),
        (["--init", "NOWHERE"], "--init NOWHERE: no charset.json"),
        (["--init", "BASE", "--replay", "NOWHERE"], "--replay NOWHERE: no train/"),
        (["--replay", "KNOWN"], "--replay is for fine-tuning; give --init, too"),
    ],
)
def test_what_cannot_be_fine_tuned_is_told_in_one_line(base, new, tmp_path, capsys, flags, reason):
    places = {"BASE": base, "NOWHERE": tmp_path / "none", "KNOWN": base.parent / "known"}
    flags = [str(places.get(flag, flag)) for flag in flags]
    assert train("--dataset", new, "--output", tmp_path / "model", *flags) == 2
    error = capsys.readouterr().err
    assert reason.replace("NOWHERE", str(places["NOWHERE"])) in error
    assert error.count("\n") == 1
