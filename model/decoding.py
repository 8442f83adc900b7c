"""From logits to text that one can trust: beam search or best path, with probabilities."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from model.beam_config import BeamConfig
from model.beam_search import beam_search
from model.beam_weights import Context, PrefixWeights
from model.calibration import temper
from model.charset import BLANK, Charset
from model.ctc import (
    FAINTEST_ALTERNATIVE,
    MOST_ALTERNATIVES,
    check_logits,
    decode_greedy,
    softmax,
)
from model.ctc_alignment import align
from model.decoding_config import BEAM, GREEDY
from model.language_model import LanguageModel
from model.lexicon import Lexicon
from schemas.records import Character


@dataclass(frozen=True)
class Decoded:
    """A line as it was read.

    Attributes:
        method: How: one of `decoding_config.DECODINGS`.
        text: The text, NFC.
        confidence: Mean confidence of its characters; for an empty text, of the blanks.
        characters: The characters in writing order.
        lines: The likeliest texts, the first the text itself, with their shares of the beam;
            none from the best path.
    """

    method: str
    text: str
    confidence: float
    characters: tuple[Character, ...]
    lines: tuple[tuple[str, float], ...] = ()

    @property
    def least_confidence(self) -> float:
        """The confidence of the most doubtful character; of the line where there is none."""
        return min((c.confidence for c in self.characters), default=self.confidence)

    @property
    def sequence_probability(self) -> float:
        """The probability that all characters are right, if each was so by itself."""
        if not self.characters:
            return self.confidence
        return math.prod(character.confidence for character in self.characters)


class Decoder:
    """Reads text from logits in one way.

    Args:
        charset: Of the recogniser.
        config: Of the beam search; a width of 0 reads the best path, whatever else is given.
        language_model: None for none.
        lexicon: None for none.
        temperature: Of the confidences, from `calibration.fit_temperature`.

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
    ):
        self._charset = charset
        self._config = config
        self._temperature = temperature
        self._weights = PrefixWeights(charset, config, language_model, lexicon)

    def decode(self, logits: np.ndarray) -> Decoded:
        """Read a line.

        Args:
            logits: float [time, classes], unnormalised.

        Returns:
            The line. `method` says how it was read.

        Raises:
            ValueError: If a logit is not a number or classes and charset differ in count.
        """
        if not self._config.width:
            return self._best_path(*decode_greedy(logits, self._charset))
        check_logits(logits, self._charset)
        probabilities = softmax(np.asarray(logits, np.float32))
        beams = beam_search(probabilities, self._config, self._weights)
        total = sum(beam.weight for beam in beams)
        lines = tuple((self._text(beam.labels), beam.weight / total) for beam in beams)
        labels = beams[0].labels
        places = self._places(labels, probabilities)
        characters = tuple(self._character(*place) for place in places)
        # A line without characters: how sure the blanks are.
        empty = float(probabilities.max(axis=-1).mean())
        mean = float(np.mean([c.confidence for c in characters])) if characters else empty
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

    def _places(
        self, labels: tuple[int, ...], probabilities: np.ndarray
    ) -> Iterator[tuple[int, np.ndarray, Context]]:
        """Find for each character what was seen where it is clearest, and what stands before."""
        context = self._weights.line_start()
        for label, (start, stop) in zip(labels, align(labels, probabilities)):
            clearest = start + int(probabilities[start:stop, label].argmax())
            yield label, probabilities[clearest], context
            context = self._weights.after(context, label)

    def _character(self, label: int, seen: np.ndarray, context: Context) -> Character:
        """Weigh what may stand at one place against the character that was read.

        A character's probability is that of the network times what the language model makes of
        it after the text before it, as a share of all; the text behind it is not looked at.
        """
        tried = set(np.flatnonzero(seen >= FAINTEST_ALTERNATIVE).tolist()) | {label}
        scores = {
            other: float(seen[other])
            * (1.0 if other == BLANK else self._weights.gain(context, other))
            for other in sorted(tried)
        }
        total = sum(scores.values())
        said = scores.pop(label) / total
        confidence = float(temper(np.array(said), self._temperature))
        # What tempering takes from the character goes to the others in proportion.
        scale = (1 - confidence) / (1 - said) / total if said < 1 else 0.0
        likeliest = sorted(scores, key=scores.get, reverse=True)[:MOST_ALTERNATIVES]
        others = tuple(
            (self._text(() if other == BLANK else (other,)), scores[other] * scale)
            for other in likeliest
        )
        return Character(self._text((label,)), confidence, others)
