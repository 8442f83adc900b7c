"""Decoding of logits to text with confidences, by beam search or best path."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from model.decoding.alignment import align
from model.decoding.beam_search import beam_search, search_frames
from model.decoding.calibration import temper
from model.decoding.config import BEAM, GREEDY, BeamConfig
from model.decoding.ctc import (
    LEAST_ALTERNATIVE_PROBABILITY,
    MOST_ALTERNATIVES,
    check_logits,
    decode_greedy,
    in_logical_order,
    softmax,
)
from model.decoding.prefix_weights import Context, PrefixWeights
from model.decoding.rescoring import Rescorer
from model.language.lexicon import Lexicon
from model.language.ngram_model import LanguageModel
from model.text.bidi import logical_text
from model.text.charset import BLANK, Charset
from schemas.records import Character


@dataclass(frozen=True)
class Decoded:
    """The transcript of a line.

    Attributes:
        method: How it was decoded: one of `model.decoding.config.DECODINGS`.
        text: The text, NFC.
        confidence: Mean confidence of its characters; of the blanks for an empty text.
        characters: The characters in writing order.
        lines: The hypotheses of the beam, best first, with their shares of its total weight;
            empty for the best path.
    """

    method: str
    text: str
    confidence: float
    characters: tuple[Character, ...]
    lines: tuple[tuple[str, float], ...] = ()

    @property
    def least_confidence(self) -> float:
        """The lowest confidence of a character; that of the line if there is none."""
        return min((c.confidence for c in self.characters), default=self.confidence)

    @property
    def sequence_probability(self) -> float:
        """The probability that all characters are correct, if they are independent."""
        if not self.characters:
            return self.confidence
        return math.prod(character.confidence for character in self.characters)


class Decoder:
    """Decodes logits to text.

    Args:
        charset: Charset of the recogniser.
        config: Settings of the beam search; a width of 0 decodes the best path and ignores
            language model, lexicon and rescorer.
        language_model: Language model of the search; None for none.
        lexicon: Words without penalty; None for no penalties.
        temperature: Temperature of the confidences, from `calibration.fit_temperature`.
        rescorer: Rescores the hypotheses of the last beam; None for no rescoring.

    Raises:
        ValueError: If the language model is of another charset.

    Example:
        >>> decoder = Decoder(Charset(("a", "b")), BeamConfig(length_bonus=0.0))
        >>> decoded = decoder.decode(np.log([[.1, .8, .1], [.9, .05, .05], [.1, .3, .6]]))
        >>> decoded.method, decoded.text, [text for text, _ in decoded.characters[1].alternatives]
        ('beam', 'ab', ['a', ''])
    """

    def __init__(
        self,
        charset: Charset,
        config: BeamConfig,
        language_model: LanguageModel | None = None,
        lexicon: Lexicon | None = None,
        temperature: float = 1.0,
        rescorer: Rescorer | None = None,
    ):
        self._charset = charset
        self._config = config
        self._temperature = temperature
        self._rescorer = rescorer
        self._weights = PrefixWeights(charset, config, language_model, lexicon)

    def decode(self, logits: np.ndarray, direction: str = "") -> Decoded:
        """Return the transcript of a line.

        Args:
            logits: float [time, classes], unnormalised.
            direction: Base direction that is known of the line, from `model.text.bidi`; empty
                for none. Text and characters are in logical order.

        Raises:
            ValueError: If a logit is not finite, or logits and charset differ in their classes.
        """
        if not self._config.width:
            return self._best_path(*decode_greedy(logits, self._charset, direction))
        check_logits(logits, self._charset)
        frames = search_frames(logits, self._config, self._weights)
        beams = beam_search(frames, self._config, self._weights)
        if self._rescorer:
            beams = self._rescorer.rescore(beams, self._config.lm_weight)
        total = sum(beam.weight for beam in beams)
        lines = tuple(
            (logical_text(self._text(beam.labels), direction), beam.weight / total)
            for beam in beams
        )
        characters = in_logical_order(self._characters(beams[0].labels, frames), direction)
        if characters:
            mean = float(np.mean([c.confidence for c in characters]))
        else:  # The confidence of the blanks.
            mean = float(softmax(np.asarray(logits, np.float32)).max(axis=-1).mean())
        return Decoded(BEAM, lines[0][0], mean, characters, lines)

    def _best_path(
        self, text: str, confidence: float, characters: tuple[Character, ...]
    ) -> Decoded:
        if self._temperature != 1 and characters:
            tempered = temper([c.confidence for c in characters], self._temperature).tolist()
            characters = tuple(replace(c, confidence=p) for c, p in zip(characters, tempered))
            confidence = float(np.mean(tempered))
        return Decoded(GREEDY, text, confidence, characters)

    def _text(self, labels: tuple[int, ...]) -> str:
        return self._charset.decode(labels)

    def _characters(self, labels: tuple[int, ...], frames: np.ndarray) -> tuple[Character, ...]:
        """Return the characters, scored against the other labels in the step of their peak."""
        peaks = [
            start if stop == start + 1 else start + int(frames[start:stop, label].argmax())
            for label, (start, stop) in zip(labels, align(labels, frames))
        ]
        seen = frames[peaks]
        listed = seen >= LEAST_ALTERNATIVE_PROBABILITY
        listed[np.arange(len(labels)), labels] = True
        scores: list[dict[int, float]] = [{} for _ in labels]
        for place, other in zip(*(part.tolist() for part in listed.nonzero())):
            scores[place][other] = float(seen[place, other])
        context = self._weights.line_start()
        for label, found in zip(labels, scores):
            if len(found) > 1:
                self._add_language_model(found, context)
            context = self._weights.next_context(context, label)
        shares = [found[label] / sum(found.values()) for label, found in zip(labels, scores)]
        tempered = temper(np.array(shares), self._temperature).tolist()
        return tuple(map(self._character, labels, scores, shares, tempered))

    def _add_language_model(self, scores: dict[int, float], context: Context) -> None:
        """Multiply scores by the language model's factors, given the text before alone."""
        for other in scores:
            if other != BLANK:
                scores[other] *= self._weights.gain(context, other)

    def _character(
        self, label: int, scores: dict[int, float], share: float, confidence: float
    ) -> Character:
        """Return a character with its alternatives, by their shares of all scores."""
        text = self._text((label,))
        if len(scores) == 1:
            return Character(text, confidence)
        # The alternatives share what tempering takes from the character, in proportion.
        scale = (1 - confidence) / (1 - share) / sum(scores.values()) if share < 1 else 0.0
        others = sorted((o for o in scores if o != label), key=scores.get, reverse=True)
        alternatives = tuple(
            (self._text(() if other == BLANK else (other,)), scores[other] * scale)
            for other in others[:MOST_ALTERNATIVES]
        )
        return Character(text, confidence, alternatives)
