"""Build a character n-gram model with interpolated modified Kneser-Ney smoothing.

Chen and Goodman, An empirical study of smoothing techniques for language modeling (1998). n-grams
are encoded as integers whose digits are the labels, so that they are counted by sorting. Rare
n-grams are pruned as in KenLM: discounts are estimated before pruning, and the probability mass of
pruned n-grams goes to the shorter context.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from model.language.array_file import pack_arrays
from model.language.ngram_counts import Counts, count_ngrams, shorter_counts, without_padding
from model.language.ngram_model import MAGIC
from model.language.ngram_tables import label_type, to_steps
from model.text.charset import Charset

ORDER = 6
LOWEST_ORDER, HIGHEST_ORDER = 2, 8
MOST_BYTES = 64_000_000
# n-grams below this order are never pruned.
_FIRST_PRUNED_ORDER = 4
# Added to the count of each label when label frequencies are estimated (additive smoothing).
_FREQUENCY_PSEUDOCOUNT = 5
# Discounts of counts 1, 2 and 3 or more, if the text is too small to estimate them.
_DEFAULT_DISCOUNTS = (0.5, 1.0, 1.5)


def build_language_model(
    texts: Iterable[str], charset: Charset, order: int = ORDER, most_bytes: int = MOST_BYTES
) -> bytes:
    """Return the file content of a language model built from texts.

    Args:
        texts: Lines; they are normalised. n-grams with a character outside the charset are not
            counted.
        charset: Charset of the recogniser.
        order: Characters of the longest n-grams, 2 to 8.
        most_bytes: Size limit; n-grams of four and more characters that occur once (then twice,
            ...) are pruned until the model fits.

    Returns:
        The content of the file; equal lines in any order give equal bytes.

    Raises:
        ValueError: If there is no text, or the order is out of range or too high for the charset.

    Example:
        >>> data = build_language_model(["abba", "abab"], Charset(("a", "b")), order=3)
        >>> data[:8]
        b'QuireLM1'
    """
    facts, tables = build_arrays(texts, charset, order, most_bytes)
    return pack_arrays(MAGIC, facts, tables)


def build_arrays(
    texts: Iterable[str], charset: Charset, order: int = ORDER, most_bytes: int = MOST_BYTES
) -> tuple[dict, dict[str, np.ndarray]]:
    """Return facts and arrays of the file of `build_language_model`; it has the arguments, too."""
    base = charset.class_count
    _check_order(order, charset)
    counts = {order: count_ngrams(texts, charset, order)}
    if not len(counts[order].keys):
        raise ValueError("no text to build a language model from; give at least one line")
    for length in range(order - 1, 0, -1):
        counts[length] = shorter_counts(counts[length + 1], base, length)
    frequencies = _frequencies(counts[order], base)
    counts = {length: without_padding(counts[length], base, length) for length in counts}
    least = _least_count(counts, base, most_bytes)
    tables, lower = _unigram_table(counts[1], base)
    tables["frequencies"] = to_steps(frequencies)
    lower_keys = np.arange(base, dtype=np.uint64)
    for length in range(2, order + 1):
        kept = counts[length].counts >= (least if length >= _FIRST_PRUNED_ORDER else 1)
        below = lower[np.searchsorted(lower_keys, counts[length].keys % base ** (length - 1))]
        lower, table = _order_table(counts[length], kept, below, base)
        lower_keys = counts[length].keys
        tables |= {f"{name}{length - 1}": array for name, array in table.items()}
    facts = {"characters": list(charset.characters), "order": order, "least_count": least}
    return facts, tables


def highest_order(charset: Charset) -> int:
    """Return the highest order whose n-grams of a charset fit in 64 bits.

    Example:
        >>> highest_order(Charset.of_texts(["quire"]))
        8
    """
    base = charset.class_count
    return next(n for n in range(HIGHEST_ORDER, 0, -1) if base**n <= 1 << 64)


def _check_order(order: int, charset: Charset) -> None:
    if not LOWEST_ORDER <= order <= HIGHEST_ORDER:
        raise ValueError(f"order of {order} characters; choose {LOWEST_ORDER} to {HIGHEST_ORDER}")
    most = highest_order(charset)
    if order > most:
        raise ValueError(
            f"{len(charset.characters)} characters and order {order} do not fit in 64 bits; "
            f"choose order {most}"
        )


def _least_count(counts: dict[int, Counts], base: int, most_bytes: int) -> int:
    """Return the smallest pruning threshold at which the model fits `most_bytes`."""
    label_bytes = np.dtype(label_type(base)).itemsize
    most = max(int(table.counts.max(initial=0)) for table in counts.values())
    least = 1
    while True:
        size = 0
        for length in range(2, max(counts) + 1):
            kept = counts[length].counts >= (least if length >= _FIRST_PRUNED_ORDER else 1)
            contexts = counts[length].keys[kept] // np.uint64(base)
            size += int(kept.sum()) * (label_bytes + 2)
            size += (1 + np.count_nonzero(np.diff(contexts))) * (8 + 4 + 2)
        if size <= most_bytes or least > most:
            return least
        least += 1


def discounts(counts: np.ndarray) -> np.ndarray:
    """Return the Kneser-Ney discounts of counts 0, 1, 2 and 3 or more.

    Args:
        counts: Adjusted counts of all n-grams of one order.

    Returns:
        float64 [4], by count.

    Example:
        >>> discounts(np.array([1] * 8 + [2] * 4 + [3] * 2 + [4])).tolist()
        [0.0, 0.5, 1.25, 2.0]
    """
    n1, n2, n3, n4 = (int(np.count_nonzero(counts == count)) for count in (1, 2, 3, 4))
    if not n1 or not n2 or not n3:
        return np.array([0.0, *_DEFAULT_DISCOUNTS])
    share = n1 / (n1 + 2 * n2)
    found = (1 - 2 * share * n2 / n1, 2 - 3 * share * n3 / n2, 3 - 4 * share * n4 / n3)
    usable = all(0 < d < most for most, d in enumerate(found, start=1))
    return np.array([0.0, *(found if usable else _DEFAULT_DISCOUNTS)])


def _frequencies(counts: Counts, base: int) -> np.ndarray:
    """Return the relative frequency of each label, with additive smoothing."""
    labels = (counts.keys % np.uint64(base)).astype(np.int64)
    seen = np.bincount(labels, counts.counts, base) + _FREQUENCY_PSEUDOCOUNT
    return seen / seen.sum()


def _unigram_table(counts: Counts, base: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the table of unigrams and their probabilities, interpolated with a uniform one."""
    taken = discounts(counts.counts)[np.minimum(counts.counts, 3)]
    probabilities = np.zeros(base)
    probabilities[counts.keys.astype(np.int64)] = (counts.counts - taken) / counts.counts.sum()
    probabilities += (1 - probabilities.sum()) / base
    return {"unigrams": to_steps(probabilities)}, probabilities


def _order_table(
    counts: Counts, kept: np.ndarray, below: np.ndarray, base: int
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the tables of an order, interpolated with the one below.

    Args:
        counts: n-grams of this order.
        kept: bool, which n-grams are not pruned.
        below: float64, probability of each n-gram's last label by the order below.
        base: Number of labels.

    Returns:
        The interpolated probability of each n-gram's last label, and the tables of this order.
    """
    contexts, of_context = np.unique(counts.keys // np.uint64(base), return_inverse=True)
    totals = np.bincount(of_context, counts.counts)
    taken = discounts(counts.counts)[np.minimum(counts.counts, 3)]
    own = np.where(kept, (counts.counts - taken) / totals[of_context], 0.0)
    # Rounding may bring the sum of the shares slightly above 1.
    backoffs = np.maximum(1 - np.bincount(of_context, own), np.finfo(np.float64).tiny)
    probabilities = own + backoffs[of_context] * below
    used = np.bincount(of_context, kept) > 0
    starts = np.concatenate([[0], np.cumsum(np.bincount(of_context, kept)[used])])
    table = {
        "contexts": contexts[used],
        "starts": starts.astype(np.uint32),
        "backoffs": to_steps(backoffs[used]),
        "labels": (counts.keys[kept] % np.uint64(base)).astype(label_type(base)),
        "scores": to_steps(probabilities[kept]),
    }
    return probabilities, table
