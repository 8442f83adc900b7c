"""Which files belong together."""

import unicodedata
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.descriptions.pairing import (
    STRAY,
    ContainerFile,
    LoneImage,
    LoneText,
    MarkupFile,
    PairFiles,
    lone_image_failure,
    lone_text_failure,
    markup_candidates,
    pair_files,
    pairing_key,
)
from pipelines.formats.pairs import read_pair
from schemas.records import Skipped

NAMES = st.sampled_from(["x.png", "x.jpg", "x.txt", "x.gt.txt", "x.xml", "page/x.xml", "x.md"])


def kinds(records):
    return sorted(type(record).__name__ for record in records)


@given(st.sets(NAMES, min_size=1), st.booleans())
def test_every_file_has_an_outcome_and_order_does_not_matter(names, use_markup):
    results = [pair_files(order, use_markup) for order in list(permutations(sorted(names)))[:20]]
    assert all(result == results[0] for result in results)
    named = {uri for record in results[0] for uri in vars(record).values() if isinstance(uri, str)}
    has_markup = use_markup and any(name.endswith(".xml") for name in names)
    # With XML, image and text are those of the XML.
    unused = names - named
    assert not unused or (has_markup and not any(n.endswith((".xml", ".md")) for n in unused))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["d/x.png", "d/x.txt"], [PairFiles("d/x.png", "d/x.txt")]),
        (["d/x.png", "d/x.gt.txt"], [PairFiles("d/x.png", "d/x.gt.txt")]),
        (["d/x.jpg", "d/page/x.xml"], [MarkupFile("d/page/x.xml", ("d/x.jpg",))]),
        (["d/x.jpg", "d/x.txt", "d/x.xml"], [MarkupFile("d/x.xml", ("d/x.jpg",))]),
        # With two descriptions the image is nobody's alone.
        (
            ["d/x.jpg", "d/page/x.xml", "d/x.xml"],
            [MarkupFile("d/page/x.xml"), MarkupFile("d/x.xml")],
        ),
        # Versions of an image, as OCRopus writes them, of which the grey one is the best.
        (["d/1.nrm.png", "d/1.gt.txt"], [PairFiles("d/1.nrm.png", "d/1.gt.txt")]),
        (["d/1.bin.png", "d/1.gt.txt"], [PairFiles("d/1.bin.png", "d/1.gt.txt")]),
        (["d/1.BIN.PNG", "d/1.txt"], [PairFiles("d/1.BIN.PNG", "d/1.txt")]),
        (
            ["d/1.bin.png", "d/1.nrm.png", "d/1.gt.txt"],
            [
                PairFiles("d/1.nrm.png", "d/1.gt.txt"),
                Skipped("d/1.bin.png", "d/1.nrm.png is paired already"),
            ],
        ),
        (
            ["d/1.png", "d/1.bin.png", "d/1.gt.txt"],
            [
                PairFiles("d/1.png", "d/1.gt.txt"),
                Skipped("d/1.bin.png", "d/1.png is paired already"),
            ],
        ),
        # Each version may have a text of its very name.
        (
            ["d/1.bin.png", "d/1.bin.gt.txt", "d/1.png", "d/1.gt.txt"],
            [PairFiles("d/1.png", "d/1.gt.txt"), PairFiles("d/1.bin.png", "d/1.bin.gt.txt")],
        ),
        (["d/1.bin.png"], [LoneImage("d/1.bin.png")]),
        # What operating systems leave behind is never paired.
        (["d/._x.png", "d/._x.txt"], [Skipped("d/._x.png", STRAY), Skipped("d/._x.txt", STRAY)]),
    ],
)
def test_files_of_the_same_page_are_paired(files, expected):
    assert len({pairing_key(uri) for uri in files}) == 1
    assert sorted(map(repr, pair_files(files))) == sorted(map(repr, expected))


def test_an_incomplete_pair_fails_with_the_cure():
    (image,), (text,) = pair_files(["d/x.png"]), pair_files(["d/x.txt"])
    assert image == LoneImage("d/x.png")
    assert "x.txt, x.gt.txt or x.xml" in lone_image_failure(image.uri).error
    assert text == LoneText("d/x.txt")
    assert "no image x.png" in lone_text_failure(text.uri).error
    assert pair_files(["d/x.txt"], use_markup=False) == [lone_text_failure("d/x.txt")]


@pytest.mark.parametrize("name", ["labels.csv", "a.tsv", "train.parquet", "a.arrow", "LINES.TXT"])
def test_container_files_are_never_paired(name):
    assert pair_files([f"d/{name}"]) == [ContainerFile(f"d/{name}")]
    (skipped,) = pair_files([f"d/{name}"], use_markup=False)
    assert isinstance(skipped, Skipped)


def test_a_split_list_is_not_a_transcription():
    assert [type(r) for r in pair_files(["d/trainset.txt"])] == [Skipped]


def test_a_second_image_of_the_same_name_is_skipped():
    pair, spare = pair_files(["x.jpg", "x.png", "x.txt"])
    assert pair == PairFiles("x.jpg", "x.txt")
    assert isinstance(spare, Skipped) and spare.uri == "x.png"


@given(st.text(alphabet="aé ç.\u0301", min_size=1, max_size=9))
def test_both_unicode_forms_of_a_name_have_one_key(name):
    forms = [unicodedata.normalize(form, f"d/{name}.png") for form in ("NFC", "NFD")]
    assert pairing_key(forms[0]) == pairing_key(forms[1])


NFC, NFD = (unicodedata.normalize(form, "d/é") for form in ("NFC", "NFD"))


@pytest.mark.parametrize(
    ("image", "markup"),
    [
        (f"{NFD}.jpg", f"{NFC}.xml"),
        (f"{NFC}.jpg", f"{NFD}.xml"),
        (f"{NFC}.jpg", f"d/page/{NFD[2:]}.xml"),
        ("d/x.jpg", "d/x.XML"),
        ("d/x.jpg", "d/Page/x.xml"),
        ("D/X.JPG", "D/ALTO/X.XML"),
    ],
)
def test_transcribe_finds_what_ingest_pairs(image, markup):
    assert pairing_key(image) == pairing_key(markup)
    assert markup in markup_candidates(image)


def test_numbered_descriptions_are_looked_for_in_all_folders_and_forms():
    candidates = markup_candidates(f"{NFD}.pdf#page=3")
    for path in (f"{NFC}_0003.xml", f"{NFC}/0003.xml", f"d/PAGE/{NFC[2:]}-3.xml"):
        assert path in candidates


def test_the_number_of_candidates_is_limited():
    for image, most in (("d/x.jpg", 14), ("d/x.pdf#page=3", 200)):
        candidates = markup_candidates(image)
        assert len(candidates) == len(set(candidates)) <= most


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "empty"), (b" \n", "empty"), (b"a\nb", "2 lines"), (b"\xff\xfe", "not UTF-8")],
)
def test_a_text_that_is_not_one_line_is_refused(data, reason):
    with pytest.raises(ValueError, match=reason):
        read_pair(data, "x.png")


def test_a_byte_order_mark_is_removed():
    assert read_pair("\ufeffété\r\n".encode(), "x.png").lines[0].text == "été"
