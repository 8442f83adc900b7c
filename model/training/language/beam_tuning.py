"""Tuning the weights of the beam search by pattern search on held-out lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from model.decoding.beam_search import beam_search, search_frames
from model.decoding.config import BeamConfig
from model.decoding.prefix_weights import PrefixWeights
from model.evaluation.metrics import ErrorCount, character_errors
from model.language.lexicon import Lexicon
from model.language.ngram_model import LanguageModel
from model.language.perplexity import perplexity
from model.text.bidi import logical_text
from model.text.charset import Charset

_MOST_WEIGHT, _MOST_LOSS = 3.0, 5.0
# A step must save this many standard deviations of the number of edits: on few lines, small gains
# are mostly random.
_LEAST_GAIN = 0.5


class _Point(NamedTuple):
    """A point of the search; `excess` is the length bonus beyond the default one."""

    lm_weight: float
    excess: float
    blank_penalty: float
    frequency_weight: float
    unknown_word_penalty: float

    def config(self, config: BeamConfig, mean_loss: float) -> BeamConfig:
        """Return the configuration with the weights of this point."""
        return replace(
            config,
            lm_weight=self.lm_weight,
            length_bonus=round(self.lm_weight * mean_loss + self.excess, 6),
            blank_penalty=self.blank_penalty,
            frequency_weight=self.frequency_weight,
            unknown_word_penalty=self.unknown_word_penalty,
            unknown_edge_penalty=self.unknown_word_penalty,
        )


# Step sizes along each axis; full steps first, then half steps.
_FIRST_STEPS = _Point(0.2, 0.2, 0.5, 0.2, 0.5)
_SCALES = (1.0, 0.5)


def tune_weights(
    lines: Sequence[tuple[np.ndarray, str]],
    charset: Charset,
    config: BeamConfig,
    language_model: LanguageModel,
    lexicon: Lexicon | None = None,
) -> tuple[BeamConfig, ErrorCount]:
    """Search for the weights of the beam search with the fewest character edits.

    The search starts at the weights of `config`, with a length bonus that compensates for the
    mean log probability that the language model gives a character. It steps up or down one axis
    as long as this helps (Hooke and Jeeves 1961), then continues with half steps. The length
    bonus follows the weight of the language model.

    Args:
        lines: Logits [time, classes] and text of held-out lines. A few hundred are enough; each
            is decoded about 30 times.
        charset: Charset of the recogniser.
        config: Configuration to start from.
        language_model: Language model, built from other lines.
        lexicon: Known words; without it the penalty for unknown words is not tuned.

    Returns:
        The tuned configuration, and the character errors with it.

    Raises:
        ValueError: If there is no line.
    """
    if not lines:
        raise ValueError("no lines to tune the weights on; give some of the eval split")
    tried: dict[_Point, ErrorCount] = {}
    # Mean negative log probability of a character of these texts.
    mean_loss = min(math.log(perplexity((text for _, text in lines), language_model)), _MOST_LOSS)

    def errors(point: _Point) -> int:
        if point not in tried:
            candidate = point.config(config, mean_loss)
            weights = PrefixWeights(charset, candidate, language_model, lexicon)
            counts = (_errors(line, charset, candidate, weights) for line in lines)
            tried[point] = sum(counts, ErrorCount())
        return tried[point].edits

    here = _Point(
        config.lm_weight,
        0.0,
        config.blank_penalty,
        config.frequency_weight,
        config.unknown_word_penalty,
    )
    steps = _FIRST_STEPS if lexicon else _FIRST_STEPS._replace(unknown_word_penalty=0.0)
    for scale in _SCALES:
        while True:
            best = min(_neighbours(here, steps, scale), key=errors)
            if errors(here) - errors(best) <= _LEAST_GAIN * math.sqrt(errors(here)):
                break
            here = best
    return here.config(config, mean_loss), tried[here]


def _neighbours(here: _Point, steps: _Point, scale: float) -> list[_Point]:
    """Return the points one step up or down along each axis."""
    points = []
    for axis, step in zip(_Point._fields, steps):
        for move in (step * scale, -step * scale):
            moved = round(getattr(here, axis) + move, 6)
            if move and (axis == "excess" or 0 <= moved <= _MOST_WEIGHT):
                points.append(here._replace(**{axis: moved}))
    return points


def _errors(
    line: tuple[np.ndarray, str], charset: Charset, config: BeamConfig, weights: PrefixWeights
) -> ErrorCount:
    logits, text = line
    best = beam_search(search_frames(logits, config, weights), config, weights)[0]
    return character_errors(text, logical_text(charset.decode(best.labels)))
