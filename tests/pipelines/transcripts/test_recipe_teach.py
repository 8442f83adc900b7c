"""The pages whose correction would teach most, on tables made by hand."""

from functools import partial

import pytest

from tests.pipelines.written_tables import ask_recipe, page, write_run

RUN = "20260101T000000-000000-aa"
# What the model is unsure of on a page: letters with the probability that one is wrong.
ROUND, LONG, SURE = {"a": 0.4, "e": 0.4, "o": 0.1}, {"l": 0.4, "t": 0.4, "o": 0.1}, {"a": 0.01}


@pytest.fixture
def archive(tmp_path):
    """Write pages, given by name with number of lines and doubtful letters; return the asker."""

    def write(pages):
        lines = []
        for name, (count, doubts) in pages.items():
            characters = [
                {"text": letter, "confidence": 1 - doubt, "alternatives": []}
                for letter, doubt in doubts.items()
            ]
            lines += [
                {"page_uri": name, "line_id": f"l{i}", "characters": characters}
                for i in range(count)
            ]
        rows = [
            page(name, lines_ok=count, confidence=1 - max(doubts.values(), default=0))
            for name, (count, doubts) in pages.items()
        ]
        write_run(tmp_path, {"run_id": RUN}, pages=rows, lines=lines)
        return partial(ask_recipe, tmp_path, "teach")

    return write


def test_each_kind_of_page_has_a_turn_and_the_commoner_one_the_first(archive):
    pages = {f"a/{i}.jpg": (20, ROUND) for i in range(6)}
    pages |= {f"b/{i}.jpg": (20, LONG) for i in range(3)}
    rows = archive(pages)("limit=3")
    assert [row["rank"] for row in rows] == [1, 2, 3]
    assert rows[0]["page_uri"].startswith("a/")
    assert {row["page_uri"][0] for row in rows} == {"a", "b"}
    assert rows[0]["letters"] == "a e o"
    assert rows[0]["share"] > rows[1]["share"] > rows[2]["share"] > 0


def test_no_page_is_listed_twice_and_all_of_a_small_archive_once(archive):
    ask = archive({f"{i}.jpg": (12, ROUND) for i in range(4)})
    assert sorted(row["page_uri"] for row in ask("limit=9")) == [f"{i}.jpg" for i in range(4)]


@pytest.mark.parametrize(
    ("better", "worse", "reason"),
    [
        ((20, ROUND), (20, SURE), "uncertain"),
        ((20, ROUND), (2, ROUND), "more lines"),
        ((20, ROUND), (20, {"x": 0.8, "y": 0.2}), "typical: others have the same doubts"),
    ],
)
def test_a_page_is_preferred(archive, better, worse, reason):
    pages = {"p/better.jpg": better, "p/worse.jpg": worse}
    pages |= {f"p/other{i}.jpg": (4, ROUND) for i in range(6)}
    (first,) = archive(pages)("limit=1")
    assert first["page_uri"] == "p/better.jpg", reason


def test_without_a_doubtful_letter_there_is_no_row(archive):
    assert archive({"blank.jpg": (0, {}), "sure.jpg": (3, {"a": 0.0})})() == []


def test_spaces_are_no_letters(archive):
    (row,) = archive({"a.jpg": (10, {"a": 0.1, " ": 0.9})})()
    assert row["letters"] == "a"
