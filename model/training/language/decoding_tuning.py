"""What held-out lines say of decoding: weights of the search, temperatures, expected errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
from model.decoding.page_error import LineUncertainty, fit_page_error
from model.decoding.rescoring import Rescorer
from model.decoding.settings import Calibration, DecodingSettings
from model.evaluation.metrics import character_errors, error_rates
from model.language.lexicon import Lexicon
from model.language.ngram_model import LanguageModel
from model.text.charset import Charset
from model.training.language.beam_tuning import tune_weights

# Fewer lines than this say little of the weights, or of what confidences are worth.
LEAST_LINES = 20
# Each is read some 20 times.
_MOST_TUNED_ON = 250
# A network that reads worse has not learnt enough for a language model to help it, and where
# every character is likely a search takes long.
_WORST_CER = 0.5

# Logits float [time, classes], and what stands there.
HeldOut = tuple[np.ndarray, str]


@dataclass(frozen=True)
class Tuned:
    """What held-out lines said.

    Attributes:
        settings: For the bundle.
        note: Why nothing was tuned, where nothing was; else empty.
        facts: For the model card.
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
) -> Tuned:
    """Tune the beam search and both calibrations.

    Args:
        lines: Lines that nothing was trained on, with some text each.
        charset: Of the recogniser.
        language_model: Built from other lines; None for none.
        lexicon: The words of these other lines.
        searched: The same lines as network and auxiliary head see them together; None where
            there is no such head.
        rescorer: Rescores the hypotheses of the search; None for no rescoring.

    Returns:
        Settings and facts. Fewer than `LEAST_LINES` lines, or a network that reads less than
        half of the text, leave what is usual.
    """
    decoded = _decode(lines, Decoder(charset, BeamConfig(width=0)))
    facts = {"lines": len(lines), "greedy": _error_facts(lines, decoded)}
    note = _why_not(lines, facts["greedy"]["cer"])
    if note:
        return Tuned(DecodingSettings(), note, {**facts, "note": note})
    greedy = _calibrate(lines, decoded)
    facts["greedy"] |= _calibration_facts(lines, decoded, greedy)
    if language_model is None:
        return Tuned(DecodingSettings(greedy=greedy), "", facts)
    lines = lines if searched is None else searched
    step = -(-len(lines) // _MOST_TUNED_ON)
    search, _ = tune_weights(lines[::step], charset, BeamConfig(), language_model, lexicon)
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
    settings = DecodingSettings(search, lexicon is not None, greedy=greedy, beam=beam)
    return Tuned(settings, "", facts)


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
    """Fit a temperature, and the errors that are to be expected.

    Those of the best path at its confidences as they are, for so they are given.
    """
    confidences, right = _character_confidences(lines, decoded)
    temperature = fit_temperature(confidences, right)
    said = [_line_confidence(read, temperature) for read in decoded]
    uncertainties = [LineUncertainty(1 - c, len(read.text)) for c, read in zip(said, decoded)]
    edits = [character_errors(text, read.text).edits for (_, text), read in zip(lines, decoded)]
    return Calibration(temperature, fit_page_error(uncertainties, edits))


def _line_confidence(read: Decoded, temperature: float) -> float:
    if read.method == GREEDY or not read.characters:
        return read.confidence
    return float(temper([c.confidence for c in read.characters], temperature).mean())


def _character_confidences(
    lines: Sequence[HeldOut], decoded: Sequence[Decoded]
) -> tuple[np.ndarray, np.ndarray]:
    """Collect the confidence of each character that was read, and whether it is right."""
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
