"""From what a user asks for and what a bundle holds to a decoder, or the reason for less."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from model.decoding.config import BEAM, GREEDY, BeamConfig, DecodingConfig
from model.decoding.decoder import Decoder
from model.decoding.rescoring import Rescorer
from model.language.lexicon import Lexicon, words_of
from model.language.ngram_model import LanguageModel
from model.language.recurrent_model import RecurrentLanguageModel
from model.language.word_counts import read_model_words
from model.recogniser.bundle import Bundle
from model.text.bidi import ink_order


@dataclass(frozen=True)
class DecodingPlan:
    """How lines will be read.

    Attributes:
        method: `GREEDY` or `BEAM`.
        obstacle: Why lines are read greedily though a beam search was asked for; else empty.
        search: Settings of the beam search; of width 0 for greedy.
        language_model: None for greedy.
        words: That the model comes with and the search takes for known.
        auxiliary_share: What the auxiliary head counts for; 0 does not ask it.
        rescorer: Rescores the hypotheses of the search; None for no rescoring.
    """

    method: str = GREEDY
    obstacle: str = ""
    search: BeamConfig = field(default_factory=lambda: BeamConfig(width=0))
    language_model: LanguageModel | None = None
    words: Collection[str] = ()
    auxiliary_share: float = 0.0
    rescorer: Rescorer | None = None

    @property
    def note(self) -> str:
        """The obstacle and what comes of it, for a user; empty where there is none."""
        return f"{self.obstacle}: lines were read greedily" if self.obstacle else ""


def plan_decoding(bundle: Bundle, config: DecodingConfig) -> DecodingPlan:
    """Find out how a bundle can read; costs no more than reading its words.

    Args:
        bundle: The model.
        config: What is asked for.

    Returns:
        A beam search where it is asked for and the bundle has a language model of its own
        charset, and the words that it was tuned with; else the best path, with a note that says
        why.
    """
    if config.method == GREEDY:
        return DecodingPlan()
    search = bundle.decoding.search
    if config.beam_width is not None:
        search = replace(search, width=config.beam_width)
    if not search.width:
        return DecodingPlan(obstacle="beam of 0 prefixes")
    try:
        language_model, words, rescorer = _open_search(bundle)
    except ValueError as error:
        return DecodingPlan(obstacle=str(error))
    share = bundle.decoding.auxiliary_share
    return DecodingPlan(BEAM, "", search, language_model, words, share, rescorer)


def _open_search(bundle: Bundle) -> tuple[LanguageModel, Collection[str], Rescorer | None]:
    """Open what a bundle has for a beam search.

    Args:
        bundle: The model.

    Returns:
        The language model, the words that the search treats as known, and the rescorer; None
        where the bundle does not rescore.

    Raises:
        ValueError: If any of it, or the auxiliary head that the search asks, is missing or
            cannot be used.
    """
    language_model = bundle.open_language_model()
    words = read_model_words(bundle.directory) if bundle.decoding.knows_words else ()
    if bundle.decoding.auxiliary_share:
        _check_is_there(bundle.auxiliary_path)
    return language_model, words, open_rescorer(bundle, language_model)


def open_rescorer(bundle: Bundle, language_model: LanguageModel) -> Rescorer | None:
    """Open the rescorer of a bundle.

    Args:
        bundle: The model.
        language_model: The n-gram of the search.

    Returns:
        The rescorer; None if the share of the recurrent language model is 0.

    Raises:
        ValueError: If the recurrent language model is missing or cannot be used.
    """
    share = bundle.decoding.recurrent_share
    if not share:
        return None
    _check_is_there(bundle.recurrent_path)
    recurrent = RecurrentLanguageModel(bundle.recurrent_path, bundle.charset)
    return Rescorer(language_model, recurrent, share)


def _check_is_there(path: Path) -> None:
    if not path.is_file():
        raise ValueError(f"{path.parent}: no {path.name}; copy the model anew")


def open_decoder(bundle: Bundle, config: DecodingConfig, plan: DecodingPlan) -> Decoder:
    """Make what `plan_decoding` found possible.

    Args:
        bundle: The model.
        config: What is asked for.
        plan: From `plan_decoding`.

    Returns:
        The decoder, its confidences tempered if it searches.

    Raises:
        ValueError: If the lexicon cannot be used.
    """
    if plan.method == GREEDY:
        return Decoder(bundle.charset, plan.search)
    lexicon = _open_lexicon(plan.words, config.lexicon)
    temperature = bundle.decoding.beam.temperature
    return Decoder(
        bundle.charset, plan.search, plan.language_model, lexicon, temperature, plan.rescorer
    )


def _open_lexicon(words: Collection[str], path: str) -> Lexicon | None:
    """Join the words of a model, which may have none, and those of a text file, if there is one.

    Raises:
        ValueError: If the file cannot be read or has no words, or they are too many.
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
        told = str(error)
        told = told if path in told else f"{path}: {told}"
        raise ValueError(f"--lexicon {told}; give a text file in UTF-8 with words") from None


def _words(path: str) -> Iterator[str]:
    with open(path, encoding="utf-8-sig") as lines:
        for line in lines:
            yield from words_of(unicodedata.normalize("NFC", line))
