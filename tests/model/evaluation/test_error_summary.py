"""Errors summed by page, and the error rates computed from them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.evaluation.error_summary import summarise
from model.evaluation.error_tally import ErrorTally, EvaluatedLine
from model.evaluation.metrics import error_rates
from model.evaluation.text_views import TEXT_VIEWS

TEXT = st.text("aAé, ", max_size=8)
LINES = st.lists(
    st.builds(
        EvaluatedLine,
        page_uri=st.sampled_from(["p1", "p2", "p3"]),
        line_id=st.uuids().map(str),
        truth=st.none() | TEXT,
        read=st.none() | TEXT,
        source=st.sampled_from(["alto", "page"]),
        document=st.sampled_from(["", "d"]),
    ),
    min_size=1,
    max_size=12,
)


def tally_of(lines, worst_size=4):
    tally = ErrorTally(worst_size)
    for line in lines:
        tally.add(line)
    return tally


@given(LINES)
def test_every_view_matches_the_metrics_of_its_texts(lines):
    rates = summarise(tally_of(lines)).overall
    for name, view in TEXT_VIEWS.items():
        pairs = [(view(line.truth or ""), view(line.read or "")) for line in lines]
        characters, words = error_rates(pairs)
        assert (rates.characters[name].errors, rates.words[name].errors) == (characters, words)


@given(LINES, st.randoms())
def test_the_order_of_lines_changes_nothing(lines, shuffling):
    shuffled = shuffling.sample(lines, len(lines))
    one, other = summarise(tally_of(lines)), summarise(tally_of(shuffled))
    assert one.worst == other.worst
    assert json.dumps(one.to_dict(), allow_nan=False) == json.dumps(other.to_dict())


@given(LINES)
def test_counts_of_slices_sum_to_the_total(lines):
    summary = summarise(tally_of(lines))
    for by_value in summary.slices.values():
        for count in ("pages", "lines"):
            total = sum(getattr(rates, count) for rates in by_value.values())
            assert total == getattr(summary.overall, count)
    assert summary.overall.lines == sum(line.truth is not None for line in lines)
    assert summary.lines_missing == sum(line.read is None for line in lines)


@given(LINES)
def test_the_number_of_confusions_is_the_number_of_edits(lines):
    summary = summarise(tally_of(lines))
    assert summary.confusions.total() == summary.overall.characters["raw"].errors.edits


def test_the_worst_lines_are_those_with_most_errors():
    lines = [EvaluatedLine("p", f"l{i:02}", "a" * 20, "a" * (20 - i)) for i in range(20)]
    worst = tally_of(lines[7:] + lines[:7]).worst()
    assert [w.line.line_id for w in worst] == ["l19", "l18", "l17", "l16"]
    assert [w.characters.edits for w in worst] == [19, 18, 17, 16]


def test_a_line_without_error_is_never_among_the_worst():
    assert tally_of([EvaluatedLine("p", "l", "a", " a ")]).worst() == ()


def test_two_lines_of_the_same_name_can_be_ranked():
    line = EvaluatedLine("p", "l", "ab", None)
    assert tally_of([line, line]).worst()[0].line == line


def test_an_interval_spans_the_rates_of_the_pages():
    lines = [EvaluatedLine(f"p{i}", "l", "abcdefghij", "abcdefghij"[i:]) for i in range(6)]
    figures = summarise(tally_of(lines)).to_dict()
    low, high = figures["cer_interval"]
    assert 0 < low < figures["cer"] == 0.25 < high < 0.5
    assert figures["views"]["raw"]["cer_interval"] == [low, high]


def test_a_view_without_text_has_no_rate():
    figures = summarise(tally_of([EvaluatedLine("p", "l", "...", "a")])).to_dict()
    bare = figures["views"]["without_punctuation"]
    assert (bare["cer"], bare["cer_interval"], bare["characters"]) == (None, [None, None], 0)
    assert figures["cer"] == 1


def test_confusions_are_listed():
    figures = summarise(tally_of([EvaluatedLine("p", "l", "été.", "ete")])).to_dict()
    assert figures["confusions"][0] == {"truth": "é", "read": "e", "count": 2}
    assert (figures["substitutions"], figures["insertions"], figures["deletions"]) == (2, 0, 1)


def test_an_extra_line_counts_as_insertions_and_not_as_a_line():
    tally = tally_of([EvaluatedLine("p", "l", "mai", "mai"), EvaluatedLine("p", "x", None, "ab")])
    figures = summarise(tally).to_dict()
    assert (figures["lines"], figures["insertions"], tally.lines_extra) == (1, 2, 1)
    assert figures["cer"] == pytest.approx(2 / 3)


def test_an_evaluation_without_lines_is_refused():
    with pytest.raises(ValueError, match="no line to evaluate"):
        summarise(ErrorTally())


@given(LINES)
def test_errors_by_page_sum_to_the_total_and_the_worst_comes_first(lines):
    summary = summarise(tally_of(lines))
    assert len({page.page_uri for page in summary.pages}) == len(summary.pages)
    rates = [page.characters.rate for page in summary.pages]
    assert rates == sorted(rates, reverse=True)
    total = summary.overall.characters["raw"].errors
    assert sum(page.characters.edits for page in summary.pages) == total.edits
    assert sum(page.characters.length for page in summary.pages) == total.length
    assert sum(page.lines for page in summary.pages) == summary.overall.lines
