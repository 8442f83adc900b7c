"""Two language models become one that fits a text better than each of them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.language.ngram_build import build_language_model
from model.language.ngram_mix import (
    mix_tables,
    mixing_weights,
    open_tables,
    pack_tables,
    to_model,
)
from model.language.ngram_model import LanguageModel
from model.language.perplexity import perplexity
from model.text.charset import Charset

BASE_TEXTS = ["le maire de la ville", "la mairie de paris", "le pere et la mere"] * 3
NEW_TEXTS = ["vendu a crédit 12 f", "vendu a terme 40 f", "acheté a crédit 7 f"]
BASE_CHARSET = Charset.of_texts(BASE_TEXTS)
# As fine-tuning makes it: new characters come after those of the base.
CHARSET = Charset(
    (*BASE_CHARSET.characters, *sorted(set("".join(NEW_TEXTS)) - set("".join(BASE_TEXTS))))
)


def tables(folder, texts, charset, order=4):
    path = folder / f"{len(texts)}-{order}.bin"
    path.write_bytes(build_language_model(texts, charset, order))
    return open_tables(path, CHARSET)


@pytest.fixture
def pair(tmp_path):
    return tables(tmp_path, BASE_TEXTS, BASE_CHARSET, 5), tables(tmp_path, NEW_TEXTS, CHARSET)


def mass(model: LanguageModel, context: str) -> float:
    state = model.state([0, *CHARSET.encode(context)])
    return sum(math.exp(model.log_probability(state, x)) for x in range(CHARSET.class_count))


@pytest.mark.parametrize("context", ["", "le mai", "vendu a ", "12", "p7"])
def test_probabilities_of_a_mixture_add_up_to_one(pair, context):
    mixed = to_model(mix_tables(pair, (0.6, 0.4)), CHARSET)
    assert mass(mixed, context) == pytest.approx(1, abs=5e-3)


@pytest.mark.parametrize("weights", [(1.0, 0.0), (0.0, 1.0)])
def test_with_all_the_weight_a_model_stays_as_it_is(pair, weights):
    mixed = to_model(mix_tables(pair, weights), CHARSET)
    whole = to_model(pair[weights.index(1.0)], CHARSET)
    for text in ("le maire", "vendu a 40 f"):
        left, right = (np.exp(m.character_log_probabilities(text)) for m in (mixed, whole))
        assert left == pytest.approx(right, rel=0.02, abs=1e-6)


def test_a_mixture_fits_a_text_of_both_kinds_better_than_each(pair):
    held_out = ["le maire vendu 12 f", "la ville acheté"]
    models = [to_model(part, CHARSET) for part in pair]
    scores = [
        np.concatenate([m.character_log_probabilities(text) for text in held_out]) for m in models
    ]
    weights = mixing_weights(scores)
    mixed = to_model(mix_tables(pair, weights), CHARSET)
    assert perplexity(held_out, mixed) < min(perplexity(held_out, one) for one in models)


def test_the_file_is_that_of_a_model(pair, tmp_path):
    path = tmp_path / "mixed.bin"
    path.write_bytes(pack_tables(mix_tables(pair, (0.5, 0.5)), CHARSET))
    model = LanguageModel.open(path, CHARSET)
    assert model.order == 5
    assert model.log_frequencies is not None
    # Mixed once more, as by a second fine-tuning.
    again = mix_tables([open_tables(path, CHARSET), pair[1]], (0.5, 0.5))
    assert mass(to_model(again, CHARSET), "le v") == pytest.approx(1, abs=5e-3)


def test_relabelled_tables_score_as_before(tmp_path):
    path = tmp_path / "base.bin"
    path.write_bytes(build_language_model(BASE_TEXTS, BASE_CHARSET, 4))
    turned = Charset(tuple(reversed(CHARSET.characters)))
    before = LanguageModel.open(path, BASE_CHARSET)
    after = to_model(open_tables(path, turned), turned)
    for text in BASE_TEXTS:
        left, right = (m.character_log_probabilities(text) for m in (before, after))
        assert left == pytest.approx(right, abs=1e-3)


def test_a_charset_without_some_characters_is_refused(tmp_path):
    path = tmp_path / "base.bin"
    path.write_bytes(build_language_model(BASE_TEXTS, BASE_CHARSET, 3))
    with pytest.raises(ValueError, match="has characters 'v' outside of the charset"):
        open_tables(path, Charset(tuple(c for c in CHARSET.characters if c != "v")))


def test_no_text_has_no_weights():
    with pytest.raises(ValueError, match="at least a line"):
        mixing_weights([np.zeros(0), np.zeros(0)])


@given(st.lists(st.tuples(st.floats(1e-6, 1), st.floats(1e-6, 1)), min_size=1, max_size=30))
def test_weights_are_a_distribution_that_fits_no_worse_than_equal_ones(pairs):
    likelihoods = np.array(pairs).T
    weights = np.array(mixing_weights(np.log(likelihoods)))
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    equal = np.log(likelihoods.mean(0)).sum()
    assert np.log(weights @ likelihoods).sum() >= equal - 1e-6
