from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.language import word_counts
from model.language.spelling import Speller, SpellingConfig
from model.language.word_counts import (
    WORDS_FILE,
    count_words,
    from_json,
    read_model_words,
    read_word_list,
    to_json,
    write_model_words,
)
from schemas.records import Character

COUNTS = {"commune": 20, "mairie": 9, "vous": 30, "nous": 28, "été": 12, "esperanto": 40}
SPELLER = Speller(COUNTS)
# Unknown words, words at edit distance 1 and 2, marks, digits and spaces.
TEXTS = st.lists(
    st.sampled_from(
        [
            "comune",
            "Comnume",
            "marie",
            "zous",
            "ete",
            "ESPERENTO",
            "#",
            "⋎",
            "-",
            "3",
            " ",
            ", ",
            "’",
        ]
    )
    | st.text(max_size=6)
).map("".join)


@pytest.mark.parametrize(
    ("read", "corrected"),
    [
        ("comune", "commune"),
        ("comnume", "comnume"),
        ("communne", "commune"),
        ("conmune", "commune"),
        ("ocmmune", "commune"),
        ("Comune", "Commune"),
        ("COMUNE", "COMMUNE"),
        ("l’Esperento.", "l’Esperanto."),
        ("(comune), comune !", "(commune), commune !"),
    ],
)
def test_words_at_edit_distance_one_are_corrected_and_the_rest_is_kept(read, corrected):
    assert SPELLER.correct(read) == corrected


@pytest.mark.parametrize(
    ("read", "why"),
    [
        ("zous", "vous and nous are equally near and about as frequent"),
        ("éte", "short"),
        ("com-", "broken at the end of the line"),
        ("comune-", "broken at the end of the line"),
        ("-comune", "behind a hyphen"),
        ("comune#", "marked"),
        ("⋎comune", "marked"),
        ("comune3", "with a digit"),
        ("commune", "known"),
        ("COMMUNE", "known"),
        ("inconnu", "near nothing"),
    ],
)
def test_words_that_are_not_corrected(read, why):
    assert SPELLER.correct(read) == read, why


def test_a_word_read_with_confidence_is_not_corrected():
    confident = tuple(Character(c, 0.99) for c in "comune")
    doubtful = (*confident[:3], Character("u", 0.5), *confident[4:])
    assert SPELLER.correct("comune", confident) == "comune"
    assert SPELLER.correct("comune", doubtful) == "commune"
    # Confidences of another text are ignored.
    assert SPELLER.correct("comune", confident[:-1]) == "commune"


def test_a_rare_word_replaces_no_other():
    assert Speller({"mairie": 1}).correct("mairje") == "mairje"
    assert Speller({"mairie": 1}, SpellingConfig(least_count=1)).correct("mairje") == "mairie"


@given(TEXTS)
def test_correction_changes_only_words_and_is_idempotent(text):
    corrected = SPELLER.correct(text)
    letters = re.compile(r"[^\W\d_]+")
    assert letters.sub("x", corrected) == letters.sub("x", text)
    assert SPELLER.correct(corrected) == corrected


@given(st.dictionaries(st.from_regex(r"[a-zé]{1,8}", fullmatch=True), st.integers(1, 99)))
def test_known_words_are_left_alone(counts):
    text = " ".join(counts)
    assert Speller(counts).correct(text) == text


@given(st.lists(st.text(max_size=30), max_size=5))
def test_counts_are_read_back_from_json(texts):
    counts = count_words(texts)
    assert from_json(to_json(counts)) == counts


def test_word_counts_of_the_training_texts_are_written_beside_the_model(tmp_path):
    write_model_words(tmp_path, ["Le maire", "le MAIRE, l’été"])
    assert read_model_words(tmp_path) == {"le": 2, "maire": 2, "l": 1, "été": 1}


@pytest.mark.parametrize("content", ["", "le", "[]", '["le"]', '{"le": "2"}', '{"le": 0}', "{"])
def test_an_invalid_words_file_is_refused_by_name(tmp_path, content):
    (tmp_path / WORDS_FILE).write_text(content)
    with pytest.raises(ValueError, match=f"{WORDS_FILE}: .*; train the model again"):
        read_model_words(tmp_path)


def test_a_model_without_a_words_file(tmp_path):
    assert read_model_words(tmp_path, is_needed=False) == {}
    with pytest.raises(ValueError, match="no words.json; .* or give a word list"):
        read_model_words(tmp_path)


def test_a_user_word_list_is_read(tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("\ufeffBoudreau\nTessier Tessier Tessier\n", "utf-8")
    assert read_word_list(names, 2) == {"boudreau": 2, "tessier": 3}
    assert Speller(read_word_list(names, 2)).correct("Boudrean") == "Boudreau"


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", "no word"), (b"12 34", "no word"), ("été".encode("latin-1"), "not UTF-8")],
)
def test_an_invalid_word_list_is_refused(tmp_path, content, error):
    path = tmp_path / "list.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=error):
        read_word_list(path, 2)


def test_too_many_words_are_refused(monkeypatch):
    monkeypatch.setattr(word_counts, "MOST_WORDS", 3)
    assert len(from_json('{"a": 1, "b": 1, "c": 1}')) == 3
    with pytest.raises(ValueError, match="4 words, more than 3; leave rare ones out"):
        from_json('{"a": 1, "b": 1, "c": 1, "d": 1}')
