"""Choose the decoder from the user's settings and the files of a bundle."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from model.decoding.config import (
    AUTO_LANGUAGE,
    BEAM,
    GREEDY,
    NO_LANGUAGE,
    BeamConfig,
    DecodingConfig,
)
from model.decoding.decoder import Decoder
from model.decoding.rescoring import Rescorer
from model.language.lexicon import Lexicon, words_of
from model.language.ngram_model import LanguageModel
from model.language.recurrent_model import RecurrentLanguageModel
from model.language.word_counts import read_model_words
from model.recogniser.bundle import Bundle, model_name
from model.text.bidi import ink_order


@dataclass(frozen=True)
class DecodingPlan:
    """How lines will be decoded.

    Attributes:
        method: `GREEDY` or `BEAM`.
        obstacle: Why decoding is greedy although a beam search was requested; else empty.
        search: Settings of the beam search; its width is 0 for greedy decoding.
        language_model: Language model of the search; None for greedy decoding.
        words: Words of the model that the search treats as known.
        auxiliary_share: Weight of the auxiliary head; 0 if it is not used.
        rescorer: Rescores the hypotheses of the search; None for no rescoring.
        language: Name of the language of `language_model`; empty if it has none.
        others: Language models of other languages, for pages that they know better; the search has
            no words of them and does not rescore.
        judges: Whether each page is searched with the model that knows its language, and read
            greedily where none does.
    """

    method: str = GREEDY
    obstacle: str = ""
    search: BeamConfig = field(default_factory=lambda: BeamConfig(width=0))
    language_model: LanguageModel | None = None
    words: Collection[str] = ()
    auxiliary_share: float = 0.0
    rescorer: Rescorer | None = None
    language: str = ""
    others: Mapping[str, LanguageModel] = field(default_factory=dict)
    judges: bool = False

    @property
    def note(self) -> str:
        """The obstacle and its consequence, for a user; empty if there is no obstacle."""
        return f"{self.obstacle}: lines were read greedily" if self.obstacle else ""


def plan_decoding(bundle: Bundle, config: DecodingConfig) -> DecodingPlan:
    """Return how a bundle can be decoded; the slowest part is reading its words.

    Args:
        bundle: The model.
        config: Requested decoding.

    Returns:
        A beam search if it is requested and the bundle has a language model for its charset and
        the other files that the search was tuned with; else greedy decoding, with the reason if
        a search was requested.

    Raises:
        ValueError: If it has no model of the language that is requested.
    """
    if config.method == GREEDY or config.language == NO_LANGUAGE:
        return DecodingPlan()
    settings = bundle.decoding
    _check_language(bundle, config.language)
    search = bundle.decoding.search
    if config.beam_width is not None:
        search = replace(search, width=config.beam_width)
    if not search.width:
        return DecodingPlan(obstacle="beam of 0 prefixes")
    try:
        language_model, words, rescorer = _open_search(bundle)
        others = {
            name: bundle.open_language_model(name)
            for name in bundle.other_languages
            if name != settings.language
        }
    except ValueError as error:
        return DecodingPlan(obstacle=str(error))
    plan = DecodingPlan(BEAM, "", search, auxiliary_share=settings.auxiliary_share)
    if config.language in others:
        return replace(plan, language_model=others[config.language], language=config.language)
    plan = replace(
        plan,
        language_model=language_model,
        words=words,
        rescorer=rescorer,
        language=settings.language,
    )
    if config.language != AUTO_LANGUAGE or settings.most_surprise_nats is None:
        return plan
    return replace(plan, others=others, judges=True)


def _check_language(bundle: Bundle, language: str) -> None:
    own = [bundle.decoding.language] if bundle.decoding.language else []
    known = [*own, *bundle.other_languages]
    if language not in (AUTO_LANGUAGE, *known):
        has = f"has language models of {', '.join(known)}" if known else "names no languages"
        raise ValueError(
            f"--language {language}: {model_name(bundle.directory)} {has}; "
            f"give one of them, {AUTO_LANGUAGE} or {NO_LANGUAGE}"
        )


def _open_search(bundle: Bundle) -> tuple[LanguageModel, Collection[str], Rescorer | None]:
    """Open what a bundle has for a beam search.

    Args:
        bundle: The model.

    Returns:
        The language model, the words that the search treats as known, and the rescorer; None
        where the bundle does not rescore.

    Raises:
        ValueError: If any of it is missing or cannot be used, or the auxiliary head that the
            search needs is missing.
    """
    language_model = bundle.open_language_model()
    words = read_model_words(bundle.directory) if bundle.decoding.knows_words else ()
    if bundle.decoding.auxiliary_share:
        _check_exists(bundle.auxiliary_path)
    return language_model, words, open_rescorer(bundle, language_model)


def open_rescorer(bundle: Bundle, language_model: LanguageModel) -> Rescorer | None:
    """Open the rescorer of a bundle.

    Args:
        bundle: The model.
        language_model: The n-gram model of the search.

    Returns:
        The rescorer; None if the weight of the recurrent language model is 0.

    Raises:
        ValueError: If the recurrent language model is missing or cannot be used.
    """
    share = bundle.decoding.recurrent_share
    if not share:
        return None
    _check_exists(bundle.recurrent_path)
    recurrent = RecurrentLanguageModel(bundle.recurrent_path, bundle.charset)
    return Rescorer(language_model, recurrent, share)


def _check_exists(path: Path) -> None:
    if not path.is_file():
        raise ValueError(f"{path.parent}: no {path.name}; copy the model again")


def open_decoders(bundle: Bundle, config: DecodingConfig, plan: DecodingPlan) -> dict[str, Decoder]:
    """Return the decoders of a plan, by language; first that of the plan's own language.

    Args:
        bundle: The model.
        config: Requested decoding.
        plan: From `plan_decoding`.

    Returns:
        The decoders; for a beam search with the temperature of its confidences.

    Raises:
        ValueError: If the lexicon cannot be used.
    """
    charset, search = bundle.charset, plan.search
    if plan.method == GREEDY:
        return {plan.language: Decoder(charset, search)}
    lexicon = _open_lexicon(plan.words, config.lexicon)
    temperature = bundle.decoding.beam.temperature
    own = Decoder(charset, search, plan.language_model, lexicon, temperature, plan.rescorer)
    given = _open_lexicon((), config.lexicon) if plan.others else None
    return {plan.language: own} | {
        language: Decoder(charset, search, model, given, temperature)
        for language, model in plan.others.items()
    }


def _open_lexicon(words: Collection[str], path: str) -> Lexicon | None:
    """Return a lexicon of the words of a model and those of a text file; None if there are none.

    Raises:
        ValueError: If the file cannot be read, has no words or too many.
    """
    if not path:
        return Lexicon(map(ink_order, words)) if words else None
    try:
        listed = _words(path)
        first = next(listed, None)
        if first is None:
            raise ValueError("no word in it")
        return Lexicon(map(ink_order, chain(words, [first], listed)))
    except (OSError, ValueError) as error:
        text = str(error)
        text = text if path in text else f"{path}: {text}"
        raise ValueError(f"--lexicon {text}; give a text file in UTF-8 with words") from None


def _words(path: str) -> Iterator[str]:
    with open(path, encoding="utf-8-sig") as lines:
        for line in lines:
            yield from words_of(unicodedata.normalize("NFC", line))
