"""Tuning of decoding on held-out lines: beam weights, calibration, expected page errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from model.decoding.calibration import (
    expected_calibration_error,
    fit_temperature,
    reliability,
    right_characters,
    temper,
)
from model.decoding.config import GREEDY, BeamConfig
from model.decoding.decoder import Decoded, Decoder
from model.decoding.language_fit import MOST_SURPRISE_NATS, Surprise, measure_surprise
from model.decoding.page_error import LineUncertainty, fit_page_error
from model.decoding.rescoring import Rescorer
from model.decoding.settings import Calibration, DecodingSettings
from model.evaluation.metrics import character_errors, error_rates
from model.language.lexicon import Lexicon
from model.language.ngram_model import LanguageModel
from model.text.charset import Charset
from model.training.language.beam_tuning import tune_weights

# Fewer lines are not enough to tune weights or to calibrate confidences.
LEAST_LINES = 20
# Settings that were tuned on more lines than these are better than new ones; and a model is judged
# on the same lines afterwards.
LEAST_LINES_TO_RETUNE = 250
# Each is decoded about 20 times.
_MOST_TUNED_ON = 250
# A network with a higher CER has not learnt enough for a language model to help, and a search is
# slow where every character is probable.
_WORST_CER = 0.5
# Pages of one language differ by so much in what a language model finds likely.
_SURPRISE_MARGIN_NATS = 0.5

# Logits, float [time, classes], and ground-truth text.
HeldOut = tuple[np.ndarray, str]


@dataclass(frozen=True)
class Tuned:
    """The result of tuning.

    Attributes:
        settings: Decoding settings for the bundle.
        note: Why nothing was tuned; empty if something was.
        facts: Entry of the model card.
    """

    settings: DecodingSettings
    note: str
    facts: dict


def tune_decoding(
    lines: Sequence[HeldOut],
    charset: Charset,
    language_model: LanguageModel | None,
    lexicon: Lexicon | None = None,
    searched: Sequence[HeldOut] | None = None,
    rescorer: Rescorer | None = None,
    start: DecodingSettings | None = None,
) -> Tuned:
    """Tune the beam search, and calibrate greedy decoding and beam search.

    Args:
        lines: Held-out lines, none without text.
        charset: Charset of the recogniser.
        language_model: Language model, built from other lines; None for none.
        lexicon: The words of those other lines.
        searched: The same lines with the logits of network and auxiliary head combined, for
            the beam search; None to use `lines`.
        rescorer: Rescores the hypotheses of the search; None for none.
        start: Settings of the model that the recogniser was fine-tuned from; None for none.

    Returns:
        Settings and facts. With fewer than `LEAST_LINES` lines, or a greedy CER of 50 % or
        more, the settings are the default ones; with fewer than `LEAST_LINES_TO_RETUNE` those of
        `start`, if there are any.
    """
    decoded = _decode(lines, Decoder(charset, BeamConfig(width=0)))
    facts = {"lines": len(lines), "greedy": _error_facts(lines, decoded)}
    if start and len(lines) < LEAST_LINES_TO_RETUNE:
        note = f"{len(lines)} eval lines: the search and the calibration are those of the base"
        settings = replace(start, knows_words=start.knows_words and lexicon is not None)
        return Tuned(settings, note, {**facts, "note": note})
    note = _why_not(lines, facts["greedy"]["cer"])
    if note:
        return Tuned(DecodingSettings(), note, {**facts, "note": note})
    greedy = _calibrate(lines, decoded)
    facts["greedy"] |= _calibration_facts(lines, decoded, greedy)
    if language_model is None:
        return Tuned(DecodingSettings(greedy=greedy), "", facts)
    lines = lines if searched is None else searched
    step = -(-len(lines) // _MOST_TUNED_ON)
    from_ = start.search if start else BeamConfig()
    search, _ = tune_weights(lines[::step], charset, from_, language_model, lexicon)
    decoder = Decoder(charset, search, language_model, lexicon, rescorer=rescorer)
    decoded = _decode(lines, decoder)
    beam = _calibrate(lines, decoded)
    facts["beam"] = {
        "lm_weight": search.lm_weight,
        "length_bonus": search.length_bonus,
        "blank_penalty": search.blank_penalty,
        "frequency_weight": search.frequency_weight,
        "unknown_word_penalty": search.unknown_word_penalty,
        "width": search.width,
        **_error_facts(lines, decoded),
        **_calibration_facts(lines, decoded, beam),
    }
    settings = DecodingSettings(
        search,
        lexicon is not None,
        most_surprise_nats=_most_surprise_nats(lines, language_model),
        greedy=greedy,
        beam=beam,
    )
    return Tuned(settings, "", facts)


def _most_surprise_nats(lines: Sequence[HeldOut], language_model: LanguageModel) -> float:
    """Return the usual limit; a higher one if the model's own language surprises it more."""
    usual = sum((measure_surprise(logits, language_model) for logits, _ in lines), Surprise())
    return max(MOST_SURPRISE_NATS, usual.nats_a_character + _SURPRISE_MARGIN_NATS)


def _why_not(lines: Sequence[HeldOut], cer: float) -> str:
    usual = "the usual weights are taken and confidences left as they are"
    if len(lines) < LEAST_LINES:
        return f"{len(lines)} eval lines are fewer than {LEAST_LINES}: {usual}"
    return f"greedy CER of {cer:.0%} on the eval split: {usual}" if cer >= _WORST_CER else ""


def _decode(lines: Sequence[HeldOut], decoder: Decoder) -> list[Decoded]:
    return [decoder.decode(logits) for logits, _ in lines]


def _error_facts(lines: Sequence[HeldOut], decoded: Sequence[Decoded]) -> dict:
    cer, wer = error_rates((text, read.text) for (_, text), read in zip(lines, decoded))
    return {"cer": cer.rate, "wer": wer.rate}


def _calibrate(lines: Sequence[HeldOut], decoded: Sequence[Decoded]) -> Calibration:
    """Fit the temperature, and the model of expected page errors.

    For greedy decoding the page error is fitted to confidences without the temperature, because
    the decoder reports them without it.
    """
    confidences, right = _character_confidences(lines, decoded)
    temperature = fit_temperature(confidences, right)
    line_confidences = [_line_confidence(read, temperature) for read in decoded]
    uncertainties = [
        LineUncertainty(1 - confidence, len(read.text))
        for confidence, read in zip(line_confidences, decoded)
    ]
    edits = [character_errors(text, read.text).edits for (_, text), read in zip(lines, decoded)]
    return Calibration(temperature, fit_page_error(uncertainties, edits))


def _line_confidence(read: Decoded, temperature: float) -> float:
    if read.method == GREEDY or not read.characters:
        return read.confidence
    return float(temper([c.confidence for c in read.characters], temperature).mean())


def _character_confidences(
    lines: Sequence[HeldOut], decoded: Sequence[Decoded]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the confidence of each recognised character, and whether it is right."""
    confidences = [c.confidence for read in decoded for c in read.characters]
    right = [right_characters(text, read.text) for (_, text), read in zip(lines, decoded)]
    return np.array(confidences), np.concatenate([np.zeros(0, bool), *right])


def _calibration_facts(
    lines: Sequence[HeldOut], decoded: Sequence[Decoded], calibration: Calibration
) -> dict:
    confidences, right = _character_confidences(lines, decoded)
    tempered = temper(confidences, calibration.temperature)
    return {
        "temperature": calibration.temperature,
        "ece": expected_calibration_error(reliability(confidences, right)),
        "ece_tempered": expected_calibration_error(reliability(tempered, right)),
    }
