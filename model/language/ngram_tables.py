"""The tables of an n-gram model as arrays that are searched for many n-grams at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from model.language.ngram_model import STEPS_PER_NAT
from model.text.charset import Charset


class NgramTables:
    """An n-gram model of integers whose digits are labels, as `ngram_model.py` describes it.

    Args:
        base: Number of labels.
        unigrams: float64 [base], probability of each label after an unknown context.
        frequencies: float64 [base], relative frequency of each label; None if it is not known.

    Attributes:
        order: Length of the longest n-grams.
        keys: By length from 2: uint64 [n], the n-grams, sorted.
        scores: By length: float64 [n], probability of the last label of each.
        contexts: By length of the n-grams: uint64 [c], their contexts, sorted.
        backoffs: By length: float64 [c], weight of backing off from each context.
    """

    def __init__(self, base: int, unigrams: np.ndarray, frequencies: np.ndarray | None):
        self.base, self.unigrams, self.frequencies = base, unigrams, frequencies
        self.order = 1
        self.keys: dict[int, np.ndarray] = {}
        self.scores: dict[int, np.ndarray] = {}
        self.contexts: dict[int, np.ndarray] = {}
        self.backoffs: dict[int, np.ndarray] = {}

    @classmethod
    def of_arrays(cls, base: int, order: int, arrays: Mapping[str, np.ndarray]) -> NgramTables:
        """Return the tables of a model.

        Args:
            base: Number of labels.
            order: Length of the longest n-grams.
            arrays: The arrays of its file.
        """
        frequencies = arrays.get("frequencies")
        tables = cls(
            base,
            _of_steps(arrays["unigrams"]),
            None if frequencies is None else _of_steps(frequencies),
        )
        for length in range(2, order + 1):
            contexts = np.asarray(arrays[f"contexts{length - 1}"], np.uint64)
            counts = np.diff(arrays[f"starts{length - 1}"].astype(np.int64))
            labels = arrays[f"labels{length - 1}"].astype(np.uint64)
            tables._add(
                np.repeat(contexts, counts) * np.uint64(base) + labels,
                _of_steps(arrays[f"scores{length - 1}"]),
                contexts,
                _of_steps(arrays[f"backoffs{length - 1}"]),
            )
        return tables

    def _add(
        self, keys: np.ndarray, scores: np.ndarray, contexts: np.ndarray, backoffs: np.ndarray
    ) -> None:
        """Add the n-grams of the next order."""
        self.order += 1
        self.keys[self.order], self.scores[self.order] = keys, scores
        self.contexts[self.order], self.backoffs[self.order] = contexts, backoffs

    def add_order(self, keys: np.ndarray, scores: np.ndarray) -> None:
        """Add n-grams that are one label longer than those so far.

        Args:
            keys: uint64 [n], sorted.
            scores: float64 [n], probability of the last label of each. What they leave of the
                probability of a context goes to the labels that are not among them.
        """
        length = self.order + 1
        below = self.probabilities(keys % np.uint64(self.base ** (length - 1)), length - 1)
        contexts, of_key = np.unique(keys // np.uint64(self.base), return_inverse=True)
        tiny = np.finfo(np.float64).tiny
        left = np.maximum(1 - np.bincount(of_key, scores), 0)
        left_below = np.maximum(1 - np.bincount(of_key, below), tiny)
        self._add(keys, scores, contexts, np.clip(left / left_below, tiny, 1))

    def probabilities(self, keys: np.ndarray, length: int) -> np.ndarray:
        """Return the probability of the last label of n-grams, known ones or not.

        Args:
            keys: uint64 [n], n-grams of one length.
            length: The length; may be above the order.

        Returns:
            float64 [n].
        """
        if length == 1:
            return self.unigrams[keys.astype(np.int64)]
        shorter = keys % np.uint64(self.base ** (length - 1))
        below = self.probabilities(shorter, length - 1)
        if length > self.order:
            return below
        is_known, at = _find(self.contexts[length], keys // np.uint64(self.base))
        below = np.where(is_known, self.backoffs[length][at], 1.0) * below
        is_known, at = _find(self.keys[length], keys)
        return np.where(is_known, self.scores[length][at], below)

    def relabelled(self, own: Charset, charset: Charset) -> NgramTables:
        """Return the same model with the labels of another charset.

        Args:
            own: Charset of the model.
            charset: Charset that has all its characters. Others have the probability 0.
        """
        labels = np.array([0, *(charset.labels[c] for c in own.characters)], np.uint64)
        base = charset.class_count

        def spread(values: np.ndarray) -> np.ndarray:
            wide = np.zeros(base)
            wide[labels.astype(np.int64)] = values
            return wide

        frequencies = None if self.frequencies is None else spread(self.frequencies)
        tables = NgramTables(base, spread(self.unigrams), frequencies)
        for length in range(2, self.order + 1):
            if base**length > 1 << 64:
                break
            keys = _recoded(self.keys[length], self.base, labels, base, length)
            contexts = _recoded(self.contexts[length], self.base, labels, base, length - 1)
            by_key, by_context = np.argsort(keys), np.argsort(contexts)
            tables._add(
                keys[by_key],
                self.scores[length][by_key],
                contexts[by_context],
                self.backoffs[length][by_context],
            )
        return tables

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays of the file of the model."""
        arrays = {"unigrams": to_steps(self.unigrams)}
        if self.frequencies is not None:
            arrays["frequencies"] = to_steps(self.frequencies)
        base = np.uint64(self.base)
        for length in range(2, self.order + 1):
            keys = self.keys[length]
            counts = np.unique(keys // base, return_counts=True)[1]
            arrays |= {
                f"contexts{length - 1}": self.contexts[length],
                f"starts{length - 1}": np.concatenate([[0], np.cumsum(counts)]).astype(np.uint32),
                f"backoffs{length - 1}": to_steps(self.backoffs[length]),
                f"labels{length - 1}": (keys % base).astype(label_type(self.base)),
                f"scores{length - 1}": to_steps(self.scores[length]),
            }
        return arrays


def _find(sorted_keys: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which keys are among the sorted ones, and where; 0 for those that are not."""
    if not len(sorted_keys):
        return np.zeros(len(keys), bool), np.zeros(len(keys), np.int64)
    at = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    return sorted_keys[at] == keys, at


def _recoded(
    keys: np.ndarray, old_base: int, labels: np.ndarray, base: int, length: int
) -> np.ndarray:
    """Return n-grams with other labels as digits in another base."""
    recoded = np.zeros(len(keys), np.uint64)
    for digit in range(length):
        keys, last = keys // np.uint64(old_base), keys % np.uint64(old_base)
        recoded += labels[last.astype(np.int64)] * np.uint64(base**digit)
    return recoded


def label_type(base: int) -> type:
    """Return the smallest type of unsigned integers that holds all labels below a base."""
    return np.uint8 if base <= 1 << 8 else np.uint16 if base <= 1 << 16 else np.uint32


def to_steps(probabilities: np.ndarray) -> np.ndarray:
    """Return negative log probabilities, quantised to 16 bits.

    Example:
        >>> to_steps(np.array([1.0, 0.5, 0.0])).tolist()
        [0, 1420, 65535]
    """
    with np.errstate(divide="ignore"):
        steps = np.rint(-STEPS_PER_NAT * np.log(probabilities))
    return np.clip(steps, 0, np.iinfo(np.uint16).max).astype(np.uint16)


def _of_steps(steps: np.ndarray) -> np.ndarray:
    return np.exp(np.asarray(steps, np.float64) / -STEPS_PER_NAT)
