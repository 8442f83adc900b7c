"""The texts that a beam search ends with, weighed again by what was too slow to search with.

N-best rescoring: a recurrent language model takes over a share of what the character n-gram
counted for in the search.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from model.decoding.ctc import Beam
from model.language.ngram_model import LanguageModel
from model.language.recurrent_model import RecurrentLanguageModel

# Of the n-gram's weight; from five to seven tenths are worth the same on held-out lines.
RECURRENT_SHARE = 0.7
# A text whose weight is a smaller share of the best one's stays behind it: of those hardly any
# is right, and each takes time.
_LEAST_SHARE = 0.135

_by_weight = attrgetter("weight")


@dataclass(frozen=True)
class SecondPass:
    """Weighs the texts of a last beam again.

    A text's weight has P_ngram(text)**lm_weight in it; that becomes
    P_ngram(text)**((1 - share) * lm_weight) * P_recurrent(text)**(share * lm_weight).

    Attributes:
        language_model: The n-gram of the search.
        recurrent: What takes over.
        share: How much of the n-gram's weight, above 0 and 1 at most.
    """

    language_model: LanguageModel
    recurrent: RecurrentLanguageModel
    share: float

    def weigh(self, beams: Sequence[Beam], lm_weight: float) -> list[Beam]:
        """Weigh again the texts that may come out first.

        Args:
            beams: Of a search, the weightiest first.
            lm_weight: What the search gave the n-gram.

        Returns:
            All of them, the weightiest first.
        """
        least = beams[0].weight * _LEAST_SHARE
        texts = [beam.labels for beam in beams if beam.weight >= least]
        if len(texts) == 1:
            return list(beams)
        gains = [
            lm_weight * self.share * (log_recurrent - self.language_model.log_line(text))
            for text, log_recurrent in zip(texts, self.recurrent.log_probabilities(texts))
        ]
        return apply_gains(beams, gains)


def apply_gains(beams: Sequence[Beam], log_gains: Sequence[float]) -> list[Beam]:
    """Multiply the weights of texts.

    Args:
        beams: The weightiest first.
        log_gains: What to multiply the first of them by, natural logarithms, one at least.

    Returns:
        All of them, the weightiest first, its weight 1: those without a gain keep their distance
        to the text that was the weightiest.

    Example:
        >>> beams = [Beam((1, 2), 0.5), Beam((1, 3), 0.4), Beam((3,), 0.01)]
        >>> [(b.labels, round(b.weight, 3)) for b in apply_gains(beams, [-0.5, 0.3])]
        [((1, 3), 1.0), ((1, 2), 0.562), ((3,), 0.011)]
    """
    most = max(math.log(beam.weight) + gain for beam, gain in zip(beams, log_gains))
    gains = [*log_gains, *[log_gains[0]] * (len(beams) - len(log_gains))]
    again = [Beam(b.labels, b.weight * math.exp(gain - most)) for b, gain in zip(beams, gains)]
    return sorted(again, key=_by_weight, reverse=True)
