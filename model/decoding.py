"""From logits to text that one can trust: beam search or best path, with probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.beam_config import BeamConfig
from model.beam_search import beam_search
from model.beam_weights import Context, PrefixWeights
from model.calibration import temper
from model.charset import BLANK, Charset
from model.ctc import decode_greedy, softmax
from model.ctc_alignment import align
from model.language_model import LanguageModel
from model.lexicon import Lexicon
from schemas.records import Character

BEAM, BEST_PATH = "beam", "best path"
MOST_ALTERNATIVES = 3
# Characters that are less probable where another was read are no alternative.
_FAINTEST_ALTERNATIVE = 0.01


@dataclass(frozen=True)
class Choice:
    """Something that may stand there.

    Attributes:
        text: A line or a character; empty for no character.
        probability: 0..1.
    """

    text: str
    probability: float


@dataclass(frozen=True)
class Decoded:
    """A line as it was read.

    Attributes:
        method: How: `BEAM` or `BEST_PATH`.
        text: The text, NFC.
        confidence: Mean confidence of its characters; for an empty text, of the blanks.
        characters: The characters in writing order.
        alternatives: Of each character what else may stand there, up to three; none from the
            best path.
        lines: The likeliest texts, the first the text itself, with their shares of the beam;
            none from the best path.
    """

    method: str
    text: str
    confidence: float
    characters: tuple[Character, ...]
    alternatives: tuple[tuple[Choice, ...], ...] = ()
    lines: tuple[Choice, ...] = ()

    @property
    def least_confidence(self) -> float:
        """The confidence of the most doubtful character; of the line where there is none."""
        return min((c.confidence for c in self.characters), default=self.confidence)

    @property
    def sequence_probability(self) -> float:
        """The probability that all characters are right, if each was so by itself."""
        return float(np.prod([c.confidence for c in self.characters] or [self.confidence]))


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
        >>> decoded.method, decoded.text, [c.text for c in decoded.alternatives[1]]
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
        text, confidence, characters = decode_greedy(logits, self._charset)
        if not self._config.width:
            return self._best_path(text, confidence, characters)
        probabilities = softmax(np.asarray(logits, np.float32))
        beams = beam_search(probabilities, self._config, self._weights)
        total = sum(beam.weight for beam in beams)
        lines = tuple(Choice(self._text(beam.labels), beam.weight / total) for beam in beams)
        labels = beams[0].labels
        chosen = [self._choices(*place) for place in self._places(labels, probabilities)]
        characters = tuple(Character(first.text, first.probability) for first, *_ in chosen)
        alternatives = tuple(tuple(others[:MOST_ALTERNATIVES]) for _, *others in chosen)
        # A line without characters: how sure the blanks are.
        empty = float(probabilities.max(axis=-1).mean())
        mean = float(np.mean([c.confidence for c in characters])) if characters else empty
        return Decoded(BEAM, lines[0].text, mean, characters, alternatives, lines)

    def _best_path(
        self, text: str, confidence: float, characters: tuple[Character, ...]
    ) -> Decoded:
        if self._temperature != 1 and characters:
            tempered = temper([c.confidence for c in characters], self._temperature).tolist()
            characters = tuple(Character(c.text, p) for c, p in zip(characters, tempered))
            confidence = float(np.mean(tempered))
        return Decoded(BEST_PATH, text, confidence, characters)

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

    def _choices(self, label: int, seen: np.ndarray, context: Context) -> list[Choice]:
        """Weigh what may stand at one place: the character that was read first.

        A character's probability is that of the network times what the language model makes of
        it after the text before it, as a share of all; the text behind it is not looked at.
        """
        tried = set(np.flatnonzero(seen >= _FAINTEST_ALTERNATIVE).tolist()) | {label}
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
        others = sorted(scores, key=scores.get, reverse=True)
        texts = {other: self._text(() if other == BLANK else (other,)) for other in scores}
        return [
            Choice(self._text((label,)), confidence),
            *(Choice(texts[other], scores[other] * scale) for other in others),
        ]
