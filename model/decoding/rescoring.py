"""N-best rescoring: a recurrent language model scores the hypotheses of a beam search again.

The recurrent model is too slow for the search itself. In the scores of the last beam it takes over
a share of the weight of the character n-gram.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from model.decoding.ctc import Beam
from model.language.ngram_model import LanguageModel
from model.language.recurrent_model import RecurrentLanguageModel

# Share of the n-gram's weight; 0.5 to 0.7 give the same error rate on held-out lines.
RECURRENT_SHARE = 0.7
# Hypotheses below this share of the best weight are not rescored: hardly any of them is correct,
# and each one takes time.
_LEAST_SHARE = 0.135

_by_weight = attrgetter("weight")


@dataclass(frozen=True)
class Rescorer:
    """Rescores the hypotheses of a last beam.

    The factor P_ngram(text)**lm_weight of a hypothesis's weight is replaced by
    P_ngram(text)**((1 - share) * lm_weight) * P_recurrent(text)**(share * lm_weight).

    Attributes:
        language_model: The n-gram of the search.
        recurrent: The recurrent language model.
        share: Its share of the n-gram's weight, above 0 and at most 1.
    """

    language_model: LanguageModel
    recurrent: RecurrentLanguageModel
    share: float

    def rescore(self, beams: Sequence[Beam], lm_weight: float) -> list[Beam]:
        """Return the hypotheses with those that can become the best rescored.

        Args:
            beams: Hypotheses of a search, highest weight first.
            lm_weight: Exponent of the n-gram's probability in the search.

        Returns:
            All hypotheses, highest weight first.
        """
        least = beams[0].weight * _LEAST_SHARE
        texts = [beam.labels for beam in beams if beam.weight >= least]
        if len(texts) == 1:
            return list(beams)
        gains = [
            lm_weight
            * self.share
            * (log_recurrent - self.language_model.line_log_probability(text))
            for text, log_recurrent in zip(texts, self.recurrent.log_probabilities(texts))
        ]
        return apply_gains(beams, gains)


def apply_gains(beams: Sequence[Beam], log_gains: Sequence[float]) -> list[Beam]:
    """Return hypotheses with their weights multiplied by gains.

    Args:
        beams: Hypotheses, highest weight first.
        log_gains: Natural logarithms of the factors for the first hypotheses; at least one.

    Returns:
        All hypotheses, highest weight first, scaled so that the first has weight 1. Those
        without a gain keep their ratio to the hypothesis that was the first before.

    Example:
        >>> beams = [Beam((1, 2), 0.5), Beam((1, 3), 0.4), Beam((3,), 0.01)]
        >>> [(b.labels, round(b.weight, 3)) for b in apply_gains(beams, [-0.5, 0.3])]
        [((1, 3), 1.0), ((1, 2), 0.562), ((3,), 0.011)]
    """
    most = max(math.log(beam.weight) + gain for beam, gain in zip(beams, log_gains))
    gains = [*log_gains, *[log_gains[0]] * (len(beams) - len(log_gains))]
    rescored = [Beam(b.labels, b.weight * math.exp(gain - most)) for b, gain in zip(beams, gains)]
    return sorted(rescored, key=_by_weight, reverse=True)
