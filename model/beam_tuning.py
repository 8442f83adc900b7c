"""Choosing the weights of language model and length: a pattern search on held-out lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from model.beam_config import BeamConfig
from model.beam_search import beam_search
from model.beam_weights import PrefixWeights
from model.charset import Charset
from model.language_model import LanguageModel
from model.lexicon import Lexicon
from model.metrics import ErrorCount, character_errors

_FIRST_STEP, _LAST_STEP = 0.2, 0.1
_MOST_WEIGHT, _MOST_LOSS = 3.0, 5.0
# A step has to save this many standard deviations of the edits: on few lines most of what
# looks like a gain is chance.
_LEAST_GAIN = 0.5


def tune_weights(
    lines: Sequence[tuple[np.ndarray, str]],
    charset: Charset,
    config: BeamConfig,
    language_model: LanguageModel,
    lexicon: Lexicon | None = None,
) -> tuple[BeamConfig, ErrorCount]:
    """Search for the weights that read some lines with the fewest edits.

    From the weight of `config`, and a length bonus that makes up for what the language model
    takes off a usual character, steps up and down are tried as long as one helps (Hooke and
    Jeeves 1961), then steps half as long. A step in the weight takes the bonus along.

    Args:
        lines: Probabilities [time, classes] and text; lines that nothing was trained on. Some
            hundred will do: each is read about 15 times.
        charset: Of the recogniser.
        config: Where to begin.
        language_model: Built from other lines.
        lexicon: Words; its penalty stays as it is.

    Returns:
        The settings, and the character errors with them.

    Raises:
        ValueError: If there is no line.
    """
    if not lines:
        raise ValueError("no lines to tune the weights on; give some of the eval split")
    tried: dict[tuple[float, float], ErrorCount] = {}
    # What the language model takes off a character of these texts, on average.
    usual_loss = min(math.log(language_model.perplexity(text for _, text in lines)), _MOST_LOSS)

    def weighed(point: tuple[float, float]) -> BeamConfig:
        weight, bonus = point[0], round(point[0] * usual_loss + point[1], 6)
        return replace(config, lm_weight=weight, length_bonus=bonus)

    def errors(point: tuple[float, float]) -> int:
        if point not in tried:
            weights = PrefixWeights(charset, weighed(point), language_model, lexicon)
            counts = (_errors(line, charset, weighed(point), weights) for line in lines)
            tried[point] = sum(counts, ErrorCount())
        return tried[point].edits

    here, step = (config.lm_weight, 0.0), _FIRST_STEP
    while step >= _LAST_STEP:
        best = min(_neighbours(here, step), key=errors)
        if errors(here) - errors(best) > _LEAST_GAIN * math.sqrt(errors(here)):
            here = best
        else:
            step /= 2
    return weighed(here), tried[here]


def _neighbours(point: tuple[float, float], step: float) -> list[tuple[float, float]]:
    """Give the points a step away: weight, and what the bonus is above the usual one."""
    weight, excess = point
    moves = ((weight + step, excess), (weight - step, excess), (weight, excess + step))
    moved = [(round(a, 6), round(b, 6)) for a, b in (*moves, (weight, excess - step))]
    return [(a, b) for a, b in moved if 0 <= a <= _MOST_WEIGHT]


def _errors(
    line: tuple[np.ndarray, str], charset: Charset, config: BeamConfig, weights: PrefixWeights
) -> ErrorCount:
    probabilities, text = line
    best = beam_search(probabilities, config, weights)[0]
    return character_errors(text, charset.decode(best.labels))
