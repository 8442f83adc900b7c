"""From what a user asks for and what a bundle holds to a decoder, or the reason for less."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from model.beam_config import BeamConfig
from model.bundle import Bundle
from model.decoding import Decoder
from model.decoding_config import BEAM, GREEDY, DecodingConfig
from model.language_model import LanguageModel
from model.lexicon import Lexicon, words_of

_GREEDILY = "lines were read greedily"


@dataclass(frozen=True)
class DecodingPlan:
    """How lines will be read.

    Attributes:
        method: `GREEDY` or `BEAM`.
        note: Why lines are read greedily though a beam search was asked for; else empty.
        search: Settings of the beam search; of width 0 for greedy.
        language_model: None for greedy.
    """

    method: str = GREEDY
    note: str = ""
    search: BeamConfig = field(default_factory=lambda: BeamConfig(width=0))
    language_model: LanguageModel | None = None


def plan_decoding(bundle: Bundle, config: DecodingConfig) -> DecodingPlan:
    """Find out how a bundle can read; costs no more than opening a file.

    Args:
        bundle: The model.
        config: What is asked for.

    Returns:
        A beam search where it is asked for and the bundle has a language model of its own
        charset; else the best path, with a note that says why.
    """
    if config.method == GREEDY:
        return DecodingPlan()
    search = bundle.decoding.search
    if config.beam_width is not None:
        search = replace(search, width=config.beam_width)
    if not search.width:
        return DecodingPlan(note=f"beam of 0 prefixes: {_GREEDILY}")
    try:
        language_model = bundle.open_language_model()
    except ValueError as error:
        return DecodingPlan(note=f"{error}: {_GREEDILY}")
    return DecodingPlan(BEAM, "", search, language_model)


def open_decoder(
    bundle: Bundle, config: DecodingConfig, plan: DecodingPlan | None = None
) -> Decoder:
    """Make what `plan_decoding` found possible.

    Args:
        bundle: The model.
        config: What is asked for.
        plan: From `plan_decoding`, where it is at hand.

    Returns:
        The decoder, its confidences tempered if it searches.

    Raises:
        ValueError: If the lexicon cannot be used.
    """
    plan = plan or plan_decoding(bundle, config)
    if plan.method == GREEDY:
        return Decoder(bundle.charset, plan.search)
    lexicon = read_lexicon(config.lexicon) if config.lexicon else None
    temperature = bundle.decoding.beam.temperature
    return Decoder(bundle.charset, plan.search, plan.language_model, lexicon, temperature)


def read_lexicon(path: str | Path) -> Lexicon:
    """Collect the words of a text file.

    Args:
        path: UTF-8; words on lines of their own or in running text.

    Raises:
        ValueError: If the file cannot be read or has no words, or too many.
    """
    try:
        return Lexicon(_words(path))
    except (OSError, ValueError) as error:
        told = str(error)
        raise ValueError(told if str(path) in told else f"{path}: {told}") from None


def _words(path: str | Path) -> Iterator[str]:
    with open(path, encoding="utf-8-sig") as lines:
        for line in lines:
            yield from words_of(unicodedata.normalize("NFC", line))
