"""From logits to text that one can trust: beam search or best path, with probabilities."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from model.decoding.alignment import align
from model.decoding.beam_search import beam_search, search_frames
from model.decoding.calibration import temper
from model.decoding.config import BEAM, GREEDY, BeamConfig
from model.decoding.ctc import (
    FAINTEST_ALTERNATIVE,
    MOST_ALTERNATIVES,
    check_logits,
    decode_greedy,
    softmax,
)
from model.decoding.prefix_weights import Context, PrefixWeights
from model.decoding.rescoring import Rescorer
from model.language.lexicon import Lexicon
from model.language.ngram_model import LanguageModel
from model.text.charset import BLANK, Charset
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
        frames = search_frames(logits, self._config, self._weights)
        beams = beam_search(frames, self._config, self._weights)
        if self._rescorer:
            beams = self._rescorer.rescore(beams, self._config.lm_weight)
        total = sum(beam.weight for beam in beams)
        lines = tuple((self._text(beam.labels), beam.weight / total) for beam in beams)
        characters = self._characters(beams[0].labels, frames)
        if characters:
            mean = float(np.mean([c.confidence for c in characters]))
        else:  # How sure the blanks are.
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
        """Weigh each character of a text against what else was seen where it is clearest."""
        clearest = [
            start if stop == start + 1 else start + int(frames[start:stop, label].argmax())
            for label, (start, stop) in zip(labels, align(labels, frames))
        ]
        seen = frames[clearest]
        tried = seen >= FAINTEST_ALTERNATIVE
        tried[np.arange(len(labels)), labels] = True
        scores: list[dict[int, float]] = [{} for _ in labels]
        for place, other in zip(*(part.tolist() for part in tried.nonzero())):
            scores[place][other] = float(seen[place, other])
        context = self._weights.line_start()
        for label, found in zip(labels, scores):
            if len(found) > 1:
                self._weigh(found, context)
            context = self._weights.after(context, label)
        said = [found[label] / sum(found.values()) for label, found in zip(labels, scores)]
        tempered = temper(np.array(said), self._temperature).tolist()
        return tuple(map(self._character, labels, scores, said, tempered))

    def _weigh(self, found: dict[int, float], context: Context) -> None:
        """Multiply what the network saw at a place by what the language model makes of it.

        That is after the text before it; the text behind it is not looked at.
        """
        for other in found:
            if other != BLANK:
                found[other] *= self._weights.gain(context, other)

    def _character(
        self, label: int, scores: dict[int, float], said: float, confidence: float
    ) -> Character:
        """Tell a character with its alternatives, by their shares of all scores."""
        text = self._text((label,))
        if len(scores) == 1:
            return Character(text, confidence)
        # What tempering takes from the character goes to the others in proportion.
        scale = (1 - confidence) / (1 - said) / sum(scores.values()) if said < 1 else 0.0
        others = sorted((o for o in scores if o != label), key=scores.get, reverse=True)
        alternatives = tuple(
            (self._text(() if other == BLANK else (other,)), scores[other] * scale)
            for other in others[:MOST_ALTERNATIVES]
        )
        return Character(text, confidence, alternatives)
