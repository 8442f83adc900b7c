"""Adding language models to a recogniser, after its training or later.

    python -m model.training.language --model MODEL --dataset DATASET

An n-gram and a recurrent language model are built from the texts of the train split and of
`--language_model_text`. The weights of decoding and the calibration of confidences are tuned on
the eval split.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from model.dataset.examples import decode_strip, read_examples
from model.decoding.config import DECODINGS
from model.decoding.rescoring import Rescorer
from model.language.lexicon import Lexicon
from model.language.ngram_build import build_language_model, highest_order
from model.language.ngram_model import LanguageModel
from model.language.perplexity import perplexity
from model.language.word_counts import read_model_words, write_model_words
from model.line_images.preprocess import prepare_strip
from model.networks.manifest import changing
from model.networks.session import open_session
from model.recogniser import bundle
from model.recogniser.auxiliary_head import AUXILIARY_SHARE, AuxiliaryHead
from model.text.bidi import ink_order
from model.text.charset import Charset, normalise_text
from model.training.language.base_models import keep_other_languages, mix_with_base
from model.training.language.config import LEAST_LINES, LanguageConfig
from model.training.language.decoding_tuning import HeldOut, tune_decoding
from model.training.language.recurrent import add_recurrent_model, keep_recurrent_model
from schemas.features import TRANSCRIPTS
from schemas.records import LineExample

# Held-out lines that are used; more take longer and change little.
_MOST_HELD_OUT = 500


def add_language_model(
    directory: str | Path,
    train_paths: Iterable[str],
    eval_paths: Iterable[str],
    config: LanguageConfig,
    report: Callable[[str], None],
    base: bundle.Bundle | None = None,
) -> None:
    """Write language models, word list and decoding settings into a bundle, and update its card.

    Existing ones are replaced; with an order of 0 the language models are removed.

    Args:
        directory: Folder of the bundle.
        train_paths: TFRecord files whose texts the models are built from.
        eval_paths: TFRecord files to tune on.
        config: Configuration of the language models.
        report: Is given each line of output.
        base: Model that the recogniser was fine-tuned from, all of whose characters it has: its
            language models are mixed with those of the new texts, its words are known, too, and
            its settings are those that are tuned further; None for none.

    Raises:
        ValueError: If the bundle, the lines or a text file is not valid.
    """
    started = time.monotonic()
    whole = bundle.load_bundle(directory)
    with changing(whole.directory):
        facts, decoding = _add(whole, tuple(train_paths), eval_paths, config, report, base)
    for line in _summary(facts, decoding):
        report(line)
    report(f"language model and decoding took {time.monotonic() - started:.0f} s")


def add_other_language(
    directory: str | Path,
    train_paths: Iterable[str],
    eval_paths: Iterable[str],
    config: LanguageConfig,
    report: Callable[[str], None],
) -> None:
    """Add a language model of another language to a bundle, or replace it.

    Pages that it knows better than the bundle's own are searched with it. The search stays as it
    was tuned.

    Args:
        directory: Folder of the bundle.
        train_paths: TFRecord files whose texts the model is built from.
        eval_paths: TFRecord files to measure it on.
        config: Configuration of the language model, with the name of its language.
        report: Is given each line of output.

    Raises:
        ValueError: If the bundle, the lines or a text file is not valid, or it is the language of
            the bundle's own model.
    """
    whole = bundle.load_bundle(directory)
    name = config.language
    if not whole.has_language_model or name == whole.decoding.language:
        own = name if whole.has_language_model else "missing"
        raise ValueError(
            f"{whole.directory}: its own language model is {own}; leave out --beside to build it"
        )
    data, facts = _build(whole.charset, tuple(train_paths), config, report)
    with changing(whole.directory):
        bundle.replace_file(whole.directory / bundle.language_file(name), data)
        held_out = [text for text in _texts(eval_paths, LanguageConfig()) if normalise_text(text)]
        if held_out:
            facts["perplexity"] = perplexity(held_out, whole.open_language_model(name))
        card = bundle.read_card(whole.directory)
        others = card.get("other_language_models", {}) | {name: facts}
        bundle.write_card(whole.directory, card | {"other_language_models": others})
    for line in _summary(facts, {}):
        report(line)


def _add(
    whole: bundle.Bundle,
    train_paths: tuple[str, ...],
    eval_paths: Iterable[str],
    config: LanguageConfig,
    report: Callable[[str], None],
    base: bundle.Bundle | None,
) -> tuple[dict, dict]:
    """Write what `add_language_model` adds.

    Returns:
        The entries of the model card: language models, and decoding.
    """
    card = bundle.read_card(whole.directory)
    auxiliary_share = AUXILIARY_SHARE if whole.auxiliary_path.is_file() else 0.0
    lines, joined = _held_out(whole, eval_paths, auxiliary_share)
    held_out = [text for _, text in lines]
    path = whole.directory / bundle.LANGUAGE_MODEL_FILE
    language_model, rescorer, facts = None, None, {"order": 0}
    if config.order:
        data, facts = _build(whole.charset, train_paths, config, report, base)
        bundle.replace_file(path, data)
        language_model = LanguageModel.open(path, whole.charset)
        if lines:
            facts["perplexity"] = perplexity(held_out, language_model)
    else:
        _remove_language_models(whole)
    language = config.language or (base or whole).decoding.language
    if base and config.order:
        keep_other_languages(base, whole.directory, whole.charset, language)
    if language_model and config.recurrent_epochs:
        rescorer, recurrent_facts = _add_recurrent(
            whole, language_model, train_paths, held_out, config, report, base
        )
        facts |= recurrent_facts
    words = write_model_words(whole.directory, _texts(train_paths, config), _known_words(base))
    lexicon = Lexicon(map(ink_order, words)) if words else None
    start = base.decoding if base else None
    tuned = tune_decoding(lines, whole.charset, language_model, lexicon, joined, rescorer, start)
    settings = replace(
        tuned.settings,
        auxiliary_share=auxiliary_share,
        recurrent_share=rescorer.share if rescorer else 0.0,
        language=language,
    )
    bundle.replace_file(whole.directory / bundle.DECODING_FILE, settings.to_json().encode())
    if not rescorer:
        whole.recurrent_path.unlink(missing_ok=True)
    card |= {"language_model": facts, "decoding": tuned.facts}
    bundle.write_card(whole.directory, card)
    return facts, tuned.facts


def _remove_language_models(whole: bundle.Bundle) -> None:
    for language in ("", *whole.other_languages):
        (whole.directory / bundle.language_file(language)).unlink(missing_ok=True)


def _known_words(base: bundle.Bundle | None) -> Counter[str]:
    return read_model_words(base.directory, is_needed=False) if base else Counter()


def _add_recurrent(
    whole: bundle.Bundle,
    language_model: LanguageModel,
    train_paths: tuple[str, ...],
    held_out: Sequence[str],
    config: LanguageConfig,
    report: Callable[[str], None],
    base: bundle.Bundle | None,
) -> tuple[Rescorer | None, dict]:
    """Add a recurrent language model: a trained one where there is text enough, or the base's.

    Returns:
        What rescores hypotheses, None for nothing; and its part of the entry of the model card.
    """
    lines = sum(1 for _ in _texts(train_paths, config))
    if lines >= LEAST_LINES:
        texts = _texts(train_paths, config)
        rescorer, facts = add_recurrent_model(
            whole, language_model, texts, held_out, config, report
        )
        return rescorer, {"recurrent": facts}
    if base is None or not base.decoding.recurrent_share or not base.recurrent_path.is_file():
        return None, {}
    rescorer, facts = keep_recurrent_model(whole, language_model, base, held_out, report)
    return rescorer, {"recurrent": facts}


def _build(
    charset: Charset,
    train_paths: tuple[str, ...],
    config: LanguageConfig,
    report: Callable[[str], None],
    base: bundle.Bundle | None = None,
) -> tuple[bytes, dict]:
    """Return the n-gram model as file content, and its entry in the model card."""
    order = min(config.order, highest_order(charset))
    if order < config.order:
        report(f"language model of order {order}: the charset is too large for {config.order}")
    names = {"extra_texts": [path.name for path in config.texts]}
    if base and base.has_language_model:
        pages: dict[str, list[str]] = defaultdict(list)
        for example in _with_truth(train_paths):
            pages[example.page_uri].append(example.text)
        data, facts = mix_with_base(base, charset, pages, list(config.extra_lines()), order)
        return data, facts | names
    if base:
        report(f"{base.directory} has no {bundle.LANGUAGE_MODEL_FILE}: only the new texts are used")
    counts = {"lines": 0, "characters": 0}

    def counted(texts: Iterable[str]) -> Iterator[str]:
        for text in texts:
            counts["lines"] += 1
            counts["characters"] += len(text)
            yield text

    data = build_language_model(counted(_texts(train_paths, config)), charset, order)
    return data, {"order": order, **counts, **names, "bytes": len(data)}


def _texts(train_paths: Iterable[str], config: LanguageConfig) -> Iterator[str]:
    """Read the texts that the language models are built from."""
    yield from (example.text for example in _with_truth(train_paths))
    yield from config.extra_lines()


def _with_truth(train_paths: Iterable[str]) -> Iterator[LineExample]:
    """Read lines, without those that a model has read: it has its own language model for them."""
    return (one for one in read_examples(train_paths) if one.source != TRANSCRIPTS)


def _held_out(
    whole: bundle.Bundle, eval_paths: Iterable[str], auxiliary_share: float
) -> tuple[list[HeldOut], list[HeldOut] | None]:
    """Run the network on lines that are evenly spread over the eval split.

    Returns:
        Logits and text of each line; and the same with the logits of network and auxiliary head
        combined, None if the share of the auxiliary head is 0.
    """
    paths = tuple(eval_paths)
    with_text = sum(1 for example in read_examples(paths) if normalise_text(example.text))
    step = -(-with_text // _MOST_HELD_OUT) or 1
    examples = (example for example in read_examples(paths) if normalise_text(example.text))
    session = open_session(whole.onnx_path)
    head = AuxiliaryHead(whole, session, auxiliary_share) if auxiliary_share else None
    lines, joined = [], []
    for example in islice(examples, 0, None, step):
        strips = prepare_strip(decode_strip(example), whole.preprocess)[None]
        if head:
            logits, combined = head.run(strips)
            joined.append((combined[0], example.text))
        else:
            (logits,) = session.run(["logits"], {"strips": strips})
        lines.append((logits[0], example.text))
    return lines, joined if head else None


def _summary(facts: dict, decoding: dict) -> Iterator[str]:
    """Yield the lines that report language model and decoding."""
    if facts["order"]:
        found = facts.get("perplexity")
        held_out = "" if found is None else f", perplexity {found:.2f} on the eval split"
        mixed = ""
        if "share_of_base" in facts:
            mixed = f" and {facts['share_of_base']:.0%} of that of the base"
        yield (
            f"language model: order {facts['order']}, {facts['lines']:,} lines{mixed}, "
            f"{facts['bytes'] / 1e6:.1f} MB{held_out}"
        )
    if "note" in decoding:
        yield decoding["note"]
    for method in (m for m in DECODINGS if "temperature" in decoding.get(m, {})):
        rates = decoding[method]
        yield (
            f"{method}: eval CER {rates['cer']:.2%}, WER {rates['wer']:.2%}, temperature "
            f"{rates['temperature']:.2f}, calibration error {rates['ece']:.3f} before and "
            f"{rates['ece_tempered']:.3f} after"
        )
