"""Choosing the weights of language model and length: a pattern search on held-out lines."""

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
from model.text.charset import Charset

_MOST_WEIGHT, _MOST_LOSS = 3.0, 5.0
# A step has to save this many standard deviations of the edits: on few lines most of what
# looks like a gain is chance.
_LEAST_GAIN = 0.5


class _Point(NamedTuple):
    """Weights as they are stepped through; `excess` is what the bonus is above the usual one."""

    lm_weight: float
    excess: float
    blank_penalty: float
    frequency_weight: float
    unknown_word_penalty: float

    def config(self, config: BeamConfig, usual_loss: float) -> BeamConfig:
        return replace(
            config,
            lm_weight=self.lm_weight,
            length_bonus=round(self.lm_weight * usual_loss + self.excess, 6),
            blank_penalty=self.blank_penalty,
            frequency_weight=self.frequency_weight,
            unknown_word_penalty=self.unknown_word_penalty,
            unknown_edge_penalty=self.unknown_word_penalty,
        )


# Steps along each axis, first whole, then half.
_FIRST_STEPS = _Point(0.2, 0.2, 0.5, 0.2, 0.5)
_SCALES = (1.0, 0.5)


def tune_weights(
    lines: Sequence[tuple[np.ndarray, str]],
    charset: Charset,
    config: BeamConfig,
    language_model: LanguageModel,
    lexicon: Lexicon | None = None,
) -> tuple[BeamConfig, ErrorCount]:
    """Search for the weights that read some lines with the fewest edits.

    From the weights of `config`, and a length bonus that makes up for what the language model
    takes off a usual character, steps up and down are tried as long as one helps (Hooke and
    Jeeves 1961), then steps half as long. A step in the model's weight takes the bonus along.

    Args:
        lines: Logits [time, classes] and text; lines that nothing was trained on. Some hundred
            will do: each is read about 30 times.
        charset: Of the recogniser.
        config: Where to begin.
        language_model: Built from other lines.
        lexicon: Words; without them their penalty stays as it is.

    Returns:
        The settings, and the character errors with them.

    Raises:
        ValueError: If there is no line.
    """
    if not lines:
        raise ValueError("no lines to tune the weights on; give some of the eval split")
    tried: dict[_Point, ErrorCount] = {}
    # What the language model takes off a character of these texts, on average.
    usual_loss = min(math.log(perplexity((text for _, text in lines), language_model)), _MOST_LOSS)

    def errors(point: _Point) -> int:
        if point not in tried:
            weighed = point.config(config, usual_loss)
            weights = PrefixWeights(charset, weighed, language_model, lexicon)
            counts = (_errors(line, charset, weighed, weights) for line in lines)
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
    return here.config(config, usual_loss), tried[here]


def _neighbours(here: _Point, steps: _Point, scale: float) -> list[_Point]:
    """Give the points a step up or down one of the axes."""
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
    return character_errors(text, charset.decode(best.labels))
