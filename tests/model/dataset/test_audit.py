"""The charset audit and the look-alikes."""

import json
import unicodedata
from collections import Counter
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.dataset.audit import CharacterAudit, CharacterRow
from model.dataset.confusables import look_alike, script_of

ALPHABET = "abcéA ,7ᐯᑭАΑ\u0301\u200b\ue000\x07"
PAGES = st.lists(st.tuples(st.text(ALPHABET, max_size=8), st.sampled_from("pqrs")), max_size=8)
ANY_CHARACTER = st.characters()


def audited(pages):
    audit = CharacterAudit()
    for text, uri in pages:
        audit.add(text, uri)
    return audit


def merged(*audits):
    whole = CharacterAudit()
    for audit in audits:
        whole.merge(audit)
    return whole


def rows_of(text):
    return {row.character: row for row in audited([(text, "a.jpg")]).rows()}


@given(PAGES, st.randoms())
def test_order_does_not_matter(pages, random):
    shuffled = random.sample(pages, len(pages))
    assert audited(pages) == audited(shuffled)
    assert audited(pages).to_json() == audited(shuffled).to_json()


@given(PAGES, PAGES, PAGES)
def test_merging_is_associative_and_commutative(a, b, c):
    first, second, third = audited(a), audited(b), audited(c)
    before = deepcopy(second)
    assert merged(merged(first, second), third) == merged(first, merged(second, third))
    assert merged(third, second, first) == audited(a + b + c)
    assert second == before


@given(PAGES)
def test_every_character_is_counted_with_a_page_that_has_it(pages):
    rows = audited(pages).rows()
    assert {row.character: row.count for row in rows} == Counter("".join(t for t, _ in pages))
    for row in rows:
        assert row.example_uri == min(uri for text, uri in pages if row.character in text)


@pytest.mark.parametrize(
    ("character", "latin"),
    [
        *zip("ᑭᐯᗅᗪᗞᒪᑎᕼᖇ", "PVADDLNHR"),
        *zip("АВсоΑΟβЗᎪ", "ABcoAOß3A"),
        *zip("ＡⅫ𝐁", ("A", "XII", "B")),
    ],
)
def test_look_alikes_of_latin_characters_are_flagged(character, latin):
    row = rows_of(f"{character} pour la Commune de Paris")[character]
    assert row.flags[0].startswith(f"look-alike of {latin} (U+")


@pytest.mark.parametrize(
    ("text", "character", "twin"),
    [
        ("Мосkва и область", "k", "к"),
        ("Αθήvα καί", "v", "ν"),
        ("Волга ïx", "ï", "ї"),
        ("ᐃᓄᒃᑎᑐᑦ P", "P", "ᑭ"),
    ],
)
def test_look_alikes_of_other_scripts_are_flagged(text, character, twin):
    assert rows_of(text)[character].flags == (f"look-alike of {twin} (U+{ord(twin):04X})",)


def test_ordinary_characters_are_not_flagged():
    assert all(not row.flags for row in rows_of("L’été 1858, n° 7 — ½ ſœﬁ ª² (№)…").values())
    assert all(not row.flags for row in rows_of("Война и мир, 3 тома").values())


@pytest.mark.parametrize(
    ("character", "flag"),
    [
        ("\t", "control"),
        ("\ue000", "private use"),
        ("\u200b", "invisible"),
        ("\ufe0f", "invisible"),
        ("\U0003ffff", "unassigned"),
        ("\ud800", "lone surrogate"),
        ("\ufffd", "replacement character"),
    ],
)
def test_invalid_characters_are_flagged(character, flag):
    row = rows_of(f"abc{character}")[character]
    assert row.flags == (flag,)
    assert row.code_point == f"U+{ord(character):04X}"


@given(ANY_CHARACTER, st.sampled_from(["Latin", "Greek", "Cyrillic", "Canadian syllabics"]))
def test_a_look_alike_is_of_the_script_or_of_all(character, script):
    twin = look_alike(character, script)
    assert twin != character
    if not unicodedata.decomposition(character).startswith("<"):
        assert all(script_of(c) in (script, "") for c in twin)


@given(st.text())
def test_json_can_be_encoded(text):
    audit = audited([(text, "a\n\ud800.jpg")])
    assert len(json.loads(audit.to_json().encode())["characters"]) == len(set(text))


def test_the_dominant_script_is_that_of_most_letters():
    assert audited([("111 ab Я", "a")]).dominant_script() == "Latin"
    assert audited([("Я a", "a")]).dominant_script() == "Cyrillic"
    assert audited([("1, 2", "a")]).dominant_script() == ""


def test_a_combining_mark_is_shown_on_a_circle():
    row = CharacterRow("\u0301", 1, "COMBINING ACUTE ACCENT", "Mn", "a.jpg")
    assert row.printable == "\u25cc\u0301"
