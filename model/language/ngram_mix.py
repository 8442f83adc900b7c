"""Mix character n-gram models into one of the same kind, with weights that fit held-out text.

Linear interpolation of backoff models: each n-gram that one of the models has gets the weighted
mean of their probabilities, and the weights of backing off are computed anew (Stolcke 2002, SRILM,
"static interpolation"). The mixed model is as fast as each of them. The weights are those of
maximum likelihood, by expectation maximisation (Jelinek and Mercer 1980).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from model.language.array_file import map_arrays, pack_arrays
from model.language.ngram_model import MAGIC, LanguageModel
from model.language.ngram_tables import NgramTables
from model.text.charset import Charset

_ROUNDS = 60


def mixing_weights(log_probabilities: Sequence[np.ndarray]) -> list[float]:
    """Return the weights of models with which their mixture fits a text best.

    Args:
        log_probabilities: For each model, float [characters], natural logarithms of the
            probability that it gives to each character of the text.

    Returns:
        The weight of each model; they add up to 1.

    Raises:
        ValueError: If there is no character.

    Example:
        >>> sure, unsure = np.log([0.9, 0.9, 0.1]), np.log([0.5, 0.5, 0.5])
        >>> [round(weight, 2) for weight in mixing_weights([sure, unsure])]
        [0.42, 0.58]
    """
    likelihoods = np.exp(np.array(log_probabilities, np.float64))
    if not likelihoods.size:
        raise ValueError("no text to fit the weights of language models to; give at least a line")
    weights = np.full(len(likelihoods), 1 / len(likelihoods))
    for _ in range(_ROUNDS):
        shares = weights[:, None] * np.maximum(likelihoods, np.finfo(np.float64).tiny)
        weights = (shares / shares.sum(0)).mean(1)
    return weights.tolist()


def open_tables(path: Path, charset: Charset) -> NgramTables:
    """Open a language model for a charset that has all its characters, and maybe others.

    Args:
        path: File of the language model.
        charset: Charset whose labels the tables are to have.

    Raises:
        ValueError: If the file is no language model, or has characters outside the charset.
    """
    facts, arrays = map_arrays(path, MAGIC)
    # Checks the tables.
    LanguageModel.open(path, own := Charset(tuple(facts["characters"])))
    missing = sorted(set(own.characters) - set(charset.characters))
    if missing:
        raise ValueError(f"{path}: has characters {''.join(missing)!r} outside of the charset")
    tables = NgramTables.of_arrays(own.class_count, facts["order"], arrays)
    return tables if own == charset else tables.relabelled(own, charset)


def mix_tables(models: Sequence[NgramTables], weights: Sequence[float]) -> NgramTables:
    """Return the interpolation of language models with the same labels.

    Args:
        models: The models.
        weights: Weight of each; they add up to 1.

    Returns:
        A model with the n-grams of all of them.
    """
    base, order = models[0].base, max(model.order for model in models)
    parts = list(zip(models, weights))
    unigrams = sum(weight * model.unigrams for model, weight in parts)
    with_frequencies = [(m, w) for m, w in parts if m.frequencies is not None and w]
    frequencies = None
    if with_frequencies:
        total = sum(weight for _, weight in with_frequencies)
        frequencies = sum(weight / total * model.frequencies for model, weight in with_frequencies)
    mixed = NgramTables(base, unigrams, frequencies)
    for length in range(2, order + 1):
        keys = [model.keys[length] for model in models if length <= model.order]
        keys = np.unique(np.concatenate(keys))
        found = sum(weight * model.probabilities(keys, length) for model, weight in parts)
        mixed.add_order(keys, found)
    return mixed


def pack_tables(tables: NgramTables, charset: Charset) -> bytes:
    """Return the content of the file of a language model.

    Args:
        tables: The model.
        charset: Its characters.
    """
    facts = {"characters": list(charset.characters), "order": tables.order, "least_count": 1}
    return pack_arrays(MAGIC, facts, tables.arrays())


def to_model(tables: NgramTables, charset: Charset) -> LanguageModel:
    """Return tables as a language model that scores text."""
    return LanguageModel(charset, tables.order, tables.arrays())
