"""The language models of a base, mixed with the texts that a model is fine-tuned on.

A few pages have too little text for a language model of their own, and the base knows nothing of
the phrases of these pages. The weights of both are those that fit text that neither has seen: each
page in turn is scored by a model of the other pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from model.language.ngram_build import build_arrays, highest_order
from model.language.ngram_mix import (
    mix_tables,
    mixing_weights,
    open_tables,
    pack_tables,
    to_model,
)
from model.language.ngram_model import LanguageModel
from model.language.ngram_tables import NgramTables
from model.recogniser.bundle import LANGUAGE_MODEL_FILE, Bundle, language_file, replace_file
from model.text.bidi import ink_order
from model.text.charset import Charset, normalise_text

_MOST_FOLDS = 5
# However well the new texts fit each other, later pages may have other words.
_LEAST_SHARE_OF_BASE = 0.05


def mix_with_base(
    base: Bundle,
    charset: Charset,
    pages: Mapping[str, Sequence[str]],
    extra: Sequence[str],
    order: int,
) -> tuple[bytes, dict]:
    """Return a mixture of the n-gram model of a base and one of new texts.

    Args:
        base: The base, which has a language model.
        charset: Charset of the fine-tuned recogniser, which has all characters of the base.
        pages: Lines of the new pages, by page.
        extra: Lines of other texts, in addition.
        order: Order of the model of the new texts.

    Returns:
        The content of the file, and the entry of the model card.

    Raises:
        ValueError: If there is no text, or the model of the base cannot be used.
    """
    order = min(order, highest_order(charset))
    old = open_tables(base.directory / LANGUAGE_MODEL_FILE, charset)
    texts = [text for lines in pages.values() for text in lines]
    if not any(map(normalise_text, (*texts, *extra))):
        facts = {"order": old.order, "lines": 0, "characters": 0, "share_of_base": 1.0}
        kept = pack_tables(old, charset)
        return kept, {**facts, "bytes": len(kept)}
    new = _tables([*texts, *extra], charset, order)
    old_share, new_share = fit_weights(to_model(old, charset), charset, pages, extra, order)
    mixed = pack_tables(mix_tables((old, new), (old_share, new_share)), charset)
    lines = len(texts) + len(extra)
    facts = {
        "order": max(old.order, order),
        "lines": lines,
        "characters": sum(map(len, (*texts, *extra))),
        "bytes": len(mixed),
        "share_of_base": round(old_share, 4),
    }
    return mixed, facts


def keep_other_languages(base: Bundle, directory: Path, charset: Charset, language: str) -> None:
    """Copy the language models of other languages of a base.

    Args:
        base: The base.
        directory: Folder of the model that was fine-tuned from it.
        charset: Its charset, which has all characters of the base.
        language: Name of its own language, of which the base may have a model.

    Raises:
        ValueError: If a model of the base cannot be used.
    """
    for other in base.other_languages:
        if other != language:
            tables = open_tables(base.directory / language_file(other), charset)
            replace_file(directory / language_file(other), pack_tables(tables, charset))


def fit_weights(
    old: LanguageModel,
    charset: Charset,
    pages: Mapping[str, Sequence[str]],
    extra: Sequence[str],
    order: int,
) -> tuple[float, float]:
    """Return the weights of the model of a base and of a model of new texts.

    Args:
        old: Model of the base, with the labels of `charset`.
        charset: Charset of the recogniser.
        pages: Lines of the new pages, by page. Of a single page, lines are scored in turn.
        extra: Lines that are in each model of new texts.
        order: Order of the models of new texts.

    Returns:
        Both weights; they add up to 1.
    """
    scores: tuple[list[np.ndarray], list[np.ndarray]] = [], []
    for held_out, others in _folds(pages):
        known = [*others, *extra]
        if not any(map(normalise_text, known)):
            continue
        new = to_model(_tables(known, charset, order), charset)
        for text in filter(None, map(ink_order, map(normalise_text, held_out))):
            for found, model in zip(scores, (old, new)):
                found.append(np.array(model.character_log_probabilities(text)))
    if not scores[0]:
        return 0.5, 0.5
    old_share, _ = mixing_weights([np.concatenate(found) for found in scores])
    old_share = max(old_share, _LEAST_SHARE_OF_BASE)
    return old_share, 1 - old_share


def _folds(pages: Mapping[str, Sequence[str]]) -> Iterable[tuple[list[str], list[str]]]:
    """Yield held-out lines and all others, by page, or of a single page by line."""
    groups = [list(pages[name]) for name in sorted(pages)]
    if len(groups) == 1:
        groups = [[text] for text in groups[0]]
    folds = min(_MOST_FOLDS, len(groups))
    for fold in range(folds):
        held_out = [text for group in groups[fold::folds] for text in group]
        others = [text for at, group in enumerate(groups) if at % folds != fold for text in group]
        yield held_out, others


def _tables(texts: Iterable[str], charset: Charset, order: int) -> NgramTables:
    _, arrays = build_arrays(texts, charset, order)
    return NgramTables.of_arrays(charset.class_count, order, arrays)
