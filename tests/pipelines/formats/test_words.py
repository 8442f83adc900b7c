"""Splitting lines into words, and their boxes."""

import pytest
from hypothesis import given

from pipelines.formats.boxes import box_of
from pipelines.formats.page_text import normalise_page
from pipelines.formats.words import words_of
from schemas.records import Line, Transcript
from tests.pipelines.formats.written_pages import one_line, pages

BOX = ((100, 100), (500, 100), (500, 140), (100, 140))


def words(*arguments):
    return words_of(normalise_page(one_line(*arguments)).lines[0])


@given(pages())
def test_joined_words_are_the_text_and_their_boxes_are_inside_the_line(page):
    for line in normalise_page(page).lines:
        found = words_of(line)
        assert " ".join(word.text for word in found) == line.text
        left, top, right, bottom = box_of(line.line.polygon)
        last = 0.0
        for word in found:
            assert word.text and last <= word.start <= word.end <= 1
            last = word.end
            assert left <= word.box[0] <= word.box[2] <= right
            assert top <= word.box[1] <= word.box[3] <= bottom
            assert 0 <= word.confidence <= 1
            assert len(word.confidences) in (0, len(word.text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ad rem", ["ad", "rem"]),
        ("ad  rem ", ["ad ", "rem "]),
        (" ad", [" ad"]),
        ("  ", ["  "]),
        ("a\u00a0b", ["a\u00a0b"]),
        ("", []),
    ],
)
def test_one_space_separates_two_words(text, expected):
    assert [word.text for word in words(text, BOX)] == expected


def test_a_word_has_the_confidences_of_its_characters():
    first, second = words("ab c", BOX, (), (0.5, 1.0, 0.1, 0.25))
    assert (first.confidence, second.confidence) == (0.75, 0.25)
    assert first.confidences == (0.5, 1.0)
    assert [word.confidence for word in words("ab c", BOX)] == [0.75, 0.75]


def test_the_baseline_limits_the_extent_of_the_text():
    (_, second) = words("ab cd", BOX, ((200, 130), (400, 130)))
    assert second.box == (320, 100, 400, 140)


def test_boxes_follow_a_sloping_line():
    polygon = ((0, 100), (400, 300), (400, 340), (0, 140))
    first, second = words("aaaa aaaaa", polygon)
    assert first.box == (0, 100, 160, 220) and second.box == (200, 200, 400, 340)


def test_vertical_lines_are_split_along_y():
    polygon = ((100, 100), (140, 100), (140, 300), (100, 300))
    first, second = words("aaaa aaaaa", polygon, ((130, 300), (130, 100)))
    assert first.box == (100, 220, 140, 300) and second.box == (100, 100, 140, 200)


def test_a_combining_accent_has_no_width():
    composed = words("é ab", BOX)
    assert [word.box for word in words("e\u0301 ab", BOX)] == [word.box for word in composed]


@pytest.mark.parametrize("is_reversed", [False, True])
def test_words_from_right_to_left_lie_where_their_ink_does(is_reversed):
    pytest.importorskip("bidi")
    baseline = ((0, 9), (110, 9))[:: -1 if is_reversed else 1]
    outline = ((0, 0), (110, 0), (110, 9), (0, 9))
    text = "\u05d0\u05d1 12 \u05d2\u05d3 ab"
    boxes = {word.text: word.box[::2] for word in words(text, outline, baseline)}
    assert boxes == {
        "\u05d0\u05d1": (90, 110),
        "12": (60, 80),
        "\u05d2\u05d3": (30, 50),
        "ab": (0, 20),
    }


def test_the_outline_of_a_word_follows_a_sloping_line():
    line = Line("l1", 0, polygon=((0, 0), (100, 50), (100, 70), (0, 20)))
    first, _ = words_of(Transcript("a.jpg", line, "ab cd", 1))
    assert first.box == (0, 0, 40, 40)
    assert first.outline[:5] == ((0, 0), (10, 5), (20, 10), (30, 15), (40, 20))
    assert first.outline[5:] == ((40, 40), (30, 35), (20, 30), (10, 25), (0, 20))
