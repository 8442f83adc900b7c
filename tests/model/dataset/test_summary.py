"""Summaries of datasets."""

from hypothesis import given
from hypothesis import strategies as st

from model.dataset.summary import sum_digests, summary_from_json, summary_to_json
from schemas.records import LineExample
from tests.model.dataset.summaries import summary_of

LINES = st.lists(
    st.builds(
        LineExample,
        image=st.binary(max_size=3),
        width_px=st.integers(1, 99),
        height_px=st.just(64),
        text=st.text(max_size=5),
        page_uri=st.sampled_from("ab"),
        line_id=st.sampled_from("xyz"),
        document=st.just("d"),
        source=st.sampled_from(["alto", "pair"]),
        split=st.sampled_from(["train", "eval"]),
    ),
    max_size=8,
)


@given(LINES, st.integers(0, 8), st.randoms())
def test_summaries_do_not_depend_on_order_or_merging(lines, cut, random):
    whole = summary_of(lines)
    shuffled = random.sample(lines, len(lines))
    merged = summary_of(shuffled[cut:])
    merged.merge(summary_of(shuffled[:cut]))
    assert merged == whole


@given(LINES, LINES)
def test_the_digest_distinguishes_datasets(one, other):
    same = sorted(map(repr, one)) == sorted(map(repr, other))
    digests = {summary_of(lines).hex_digest() for lines in (one, other)}
    assert (len(digests) == 1) == same


@given(LINES)
def test_counts_sum_to_the_total(lines):
    summary = summary_of(lines)
    assert summary.line_count == len(lines) == sum(summary.widths_px.counts.values())
    assert summary.lines_of_split("train") + summary.lines_of_split("eval") == len(lines)
    letters = "".join(line.text for line in lines if line.split == "train")
    assert sum(summary.train_characters.values()) == len(letters)


@given(LINES)
def test_a_summary_is_read_back_from_json(lines):
    summary = summary_of(lines)
    assert summary_from_json(summary_to_json(summary)) == summary


@given(LINES, LINES)
def test_digests_of_parts_sum_to_the_whole(lines, others):
    parts = [summary_of(part).hex_digest() for part in (lines, others)]
    assert sum_digests(parts) == summary_of(lines + others).hex_digest()
