"""Choosing the weights of language model and length: a pattern search on held-out lines."""

from __future__ import annotations

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

_FIRST_STEP, _LAST_STEP = 0.4, 0.1


def tune_weights(
    lines: Sequence[tuple[np.ndarray, str]],
    charset: Charset,
    config: BeamConfig,
    language_model: LanguageModel,
    lexicon: Lexicon | None = None,
) -> tuple[BeamConfig, ErrorCount]:
    """Search for the weights that read some lines with the fewest edits.

    From where `config` stands, steps up and down in each weight are tried as long as one helps
    (Hooke and Jeeves 1961), then steps half as long.

    Args:
        lines: Probabilities [time, classes] and text; lines that nothing was trained on. Some
            hundred will do: each is read about 20 times.
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

    def errors(point: tuple[float, float]) -> int:
        if point not in tried:
            weighed = replace(config, lm_weight=point[0], length_bonus=point[1])
            weights = PrefixWeights(charset, weighed, language_model, lexicon)
            counts = (_errors(line, charset, weighed, weights) for line in lines)
            tried[point] = sum(counts, ErrorCount())
        return tried[point].edits

    here, step = (round(config.lm_weight, 6), round(config.length_bonus, 6)), _FIRST_STEP
    while step >= _LAST_STEP:
        best = min([here, *_neighbours(here, step)], key=errors)
        if best == here:
            step /= 2
        here = best
    return replace(config, lm_weight=here[0], length_bonus=here[1]), tried[here]


def _neighbours(point: tuple[float, float], step: float) -> list[tuple[float, float]]:
    lm_weight, bonus = point
    moves = ((step, 0.0), (-step, 0.0), (0.0, step), (0.0, -step), (step, step), (-step, -step))
    moved = [(round(lm_weight + a, 6), round(bonus + b, 6)) for a, b in moves]
    return [(a, b) for a, b in moved if a >= 0]


def _errors(
    line: tuple[np.ndarray, str], charset: Charset, config: BeamConfig, weights: PrefixWeights
) -> ErrorCount:
    probabilities, text = line
    best = beam_search(probabilities, config, weights)[0]
    return character_errors(text, charset.decode(best.labels))
