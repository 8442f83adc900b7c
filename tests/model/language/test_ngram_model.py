"""Character n-gram models: building, opening and scoring."""

import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.language.array_file import map_arrays, pack_arrays
from model.language.ngram_build import build_language_model, discounts
from model.language.ngram_counts import count_ngrams
from model.language.ngram_model import LINE_END, MAGIC, LanguageModel
from model.language.perplexity import perplexity
from model.text.charset import Charset

CHARSET = Charset((" ", "a", "b", "é"))
TEXTS = st.lists(st.text("ab é", min_size=1).filter(str.strip), min_size=1, max_size=12)
LINES = ["abba ab", "ab ab", "baab", "é a", "abé", "bab ab"]


@pytest.fixture
def opened(tmp_path):
    def open_model(texts, charset=CHARSET, **settings):
        path = tmp_path / "language_model.bin"
        path.write_bytes(build_language_model(texts, charset, **settings))
        return LanguageModel.open(path, charset)

    return open_model


def probability(model, context, label):
    return math.exp(model.log_probability(model.state(context), label))


def kneser_ney(texts, order):
    """Return a reference implementation of Kneser-Ney probabilities, on dictionaries."""
    seen = Counter()
    for text in texts:
        labels = [LINE_END, *CHARSET.encode(" ".join(text.split())), LINE_END]
        for stop in range(2, len(labels) + 1):
            for start in range(max(0, stop - order), stop):
                seen[tuple(labels[start:stop])] += 1
    before = defaultdict(set)
    for gram in seen:
        before[gram[1:]].add(gram[0])
    adjusted = {
        gram: seen[gram] if len(gram) == order or (gram[0] == 0 and len(gram) > 1) else len(found)
        for gram in seen
        for found in [before[gram] or {None}]
    }

    def reference(context, label):
        if len(context) == order:
            return reference(context[1:], label)
        of_order = {g: c for g, c in adjusted.items() if len(g) == len(context) + 1}
        taken = discounts(np.array(list(of_order.values())))
        here = {g[-1]: c for g, c in of_order.items() if g[:-1] == context}
        if context and not here:
            return reference(context[1:], label)
        total = sum(here.values())
        rest = sum(taken[min(c, 3)] for c in here.values()) / total
        own = here.get(label, 0)
        lower = reference(context[1:], label) if context else 1 / CHARSET.class_count
        return (own - taken[min(own, 3)]) / total + rest * lower

    return reference


@settings(deadline=None, max_examples=40)
@given(texts=TEXTS, order=st.integers(2, 4), context=st.lists(st.integers(1, 4), max_size=3))
def test_probabilities_match_the_reference(texts, order, context, tmp_path_factory):
    path = tmp_path_factory.mktemp("lm") / "x.bin"
    path.write_bytes(build_language_model(texts, CHARSET, order))
    model, reference = LanguageModel.open(path, CHARSET), kneser_ney(texts, order)
    for start in ((LINE_END,), ()):
        whole = (*start, *context)[-(order - 1) :]
        for label in range(CHARSET.class_count):
            assert probability(model, whole, label) == pytest.approx(
                reference(whole, label), rel=3e-3
            )


@settings(deadline=None, max_examples=40)
@given(
    texts=TEXTS,
    order=st.integers(4, 6),
    most_bytes=st.sampled_from([0, 400, 10**6]),
    context=st.lists(st.integers(1, 4), max_size=5),
)
def test_probabilities_sum_to_one_whatever_was_pruned(
    texts, order, most_bytes, context, tmp_path_factory
):
    path = tmp_path_factory.mktemp("lm") / "x.bin"
    path.write_bytes(build_language_model(texts, CHARSET, order, most_bytes))
    model = LanguageModel.open(path, CHARSET)
    probabilities = [probability(model, (LINE_END, *context), label) for label in range(5)]
    assert min(probabilities) > 0
    assert sum(probabilities) == pytest.approx(1, abs=3e-3)


@given(texts=TEXTS, order=st.integers(2, 5))
def test_frequencies_are_those_of_the_texts(texts, order, tmp_path_factory):
    path = tmp_path_factory.mktemp("lm") / "x.bin"
    path.write_bytes(build_language_model(texts, CHARSET, order))
    found = np.exp(LanguageModel.open(path, CHARSET).log_frequencies)
    lines = [" ".join(text.split()) for text in texts]
    joined = "".join(lines)
    counts = np.array([len(lines), *map(joined.count, CHARSET.characters)]) + 5
    assert found == pytest.approx(counts / counts.sum(), rel=1e-3)


def test_a_model_without_stored_frequencies_opens(tmp_path):
    path = tmp_path / "x.bin"
    path.write_bytes(build_language_model(LINES, CHARSET, 3))
    facts, arrays = map_arrays(path, MAGIC)
    kept = {name: array for name, array in arrays.items() if name != "frequencies"}
    (tmp_path / "old.bin").write_bytes(pack_arrays(MAGIC, facts, kept))
    old, new = (LanguageModel.open(tmp_path / name, CHARSET) for name in ("old.bin", "x.bin"))
    assert old.log_frequencies is None
    assert perplexity(LINES, old) == perplexity(LINES, new)
    wrong = arrays | {"frequencies": arrays["frequencies"][1:]}
    (tmp_path / "wrong.bin").write_bytes(pack_arrays(MAGIC, facts, wrong))
    with pytest.raises(ValueError, match="frequencies does not fit the characters"):
        LanguageModel.open(tmp_path / "wrong.bin", CHARSET)


def test_equal_lines_in_any_order_give_equal_bytes():
    assert build_language_model(LINES, CHARSET) == build_language_model(LINES[::-1], CHARSET)


def test_counts_do_not_depend_on_the_block_size(monkeypatch):
    whole = count_ngrams(LINES, CHARSET, 3)
    monkeypatch.setattr("model.language.ngram_counts._BLOCK_CHARACTERS", 10)
    parts = count_ngrams(LINES, CHARSET, 3)
    assert np.array_equal(whole.keys, parts.keys)
    assert np.array_equal(whole.counts, parts.counts)


def test_rare_n_grams_are_pruned_until_the_model_fits(tmp_path):
    texts = [f"{'ab é'[i % 4]}{'baéé'[i % 3]}a{'éab'[i % 5 % 3]} ba" * 3 for i in range(60)]
    path = tmp_path / "x.bin"
    sizes, least = [], []
    for most_bytes in (10**6, 1500, 800):
        path.write_bytes(build_language_model(texts, CHARSET, 6, most_bytes))
        sizes.append(path.stat().st_size)
        least.append(map_arrays(path, MAGIC)[0]["least_count"])
    assert least[0] == 1 < least[1] < least[2]
    assert sizes[0] > sizes[1] > sizes[2]


def test_the_perplexity_of_the_training_texts_is_low(opened):
    model = opened(LINES)
    assert perplexity(LINES, model) < 2.5 < perplexity(["éé bb", "b b b"], model)


def test_line_starts_and_ends_are_modelled(opened):
    model = opened(["ab"] * 9 + ["ba"])
    a, b = CHARSET.encode("ab")
    assert probability(model, (LINE_END,), a) > 0.7
    assert probability(model, (LINE_END, a, b), LINE_END) > 0.7


def test_characters_outside_the_charset_are_skipped(opened):
    model = opened(["ab", "xaby", "bXa", "ab"])
    assert perplexity(["a€b"], model) < 5
    with pytest.raises(ValueError, match="no text to measure"):
        perplexity(["", "  "], model)


def test_a_charset_may_have_more_than_256_characters(opened):
    many = Charset(tuple(chr(0x4E00 + i) for i in range(300)))
    model = opened(["一丁七", "一丁七"], many, order=4)
    assert probability(model, (1, 2), many.encode("七")[0]) > 0.1


def test_a_model_of_another_charset_is_refused(tmp_path):
    path = tmp_path / "x.bin"
    path.write_bytes(build_language_model(LINES, CHARSET))
    with pytest.raises(ValueError, match="another charset .it has 'é', the recogniser 'c'"):
        LanguageModel.open(path, Charset((" ", "a", "b", "c")))
    with pytest.raises(ValueError, match="same characters in another order"):
        LanguageModel.open(path, Charset(("a", " ", "b", "é")))


@pytest.mark.parametrize(
    ("texts", "order", "message"),
    [
        ([], 6, "no text to build"),
        (["", "  "], 6, "no text to build"),
        (["€"], 6, "no text to build"),
        (LINES, 1, "order of 1 characters; choose 2 to 8"),
        (LINES, 9, "order of 9 characters; choose 2 to 8"),
    ],
)
def test_invalid_texts_and_orders_are_refused(texts, order, message):
    with pytest.raises(ValueError, match=message):
        build_language_model(texts, CHARSET, order)


def test_an_order_that_does_not_fit_a_large_charset_is_refused():
    large = Charset(tuple(chr(0x4E00 + i) for i in range(3000)))
    with pytest.raises(ValueError, match="do not fit in 64 bits; choose order 5"):
        build_language_model(["一"], large, 6)
