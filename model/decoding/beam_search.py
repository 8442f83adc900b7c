"""CTC prefix beam search on a tree of prefixes.

A prefix is a node of the tree and keeps its children, so that a prefix that is reached again in the
next frame is neither built nor scored again. A run of blank frames is one step, and extensions that
cannot enter the beam are not looked up in the language model. Each weight is computed with the same
products and sums as in a plain search over dictionaries, so that the beams are equal to the last
bit; the tests compare the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from operator import attrgetter

import numpy as np

from model.decoding.config import BeamConfig
from model.decoding.ctc import RESCALE_ABOVE, RESCALE_BELOW, Beam, softmax
from model.decoding.prefix_weights import LINE_START, Context, PrefixWeights
from model.text.charset import BLANK

_by_weight = attrgetter("weight")
# Probability of the blank, and probabilities of the other candidate labels, highest first.
_Frame = tuple[float, dict[int, float]]


class _Prefix:
    """A node of the tree: the text on the path from the root.

    Attributes:
        parent: The text without its last character.
        label: Label of its last character.
        gain: Factor of the language model and the lexicon for that character.
        context: Context of the language model; None until the prefix is first extended.
        word: Letters of the word that it ends in, from `PrefixWeights.extend_word`.
        children: Extensions by one character, by label; None until the prefix is first extended.
        reached_at: Number of the last frame in which it was scored.
        total_before: Its weight before that frame.
        blank_before: Weight of its paths that end in a blank, before that frame.
        blank: The same after that frame.
        written: Weight of its paths that end in its last character, after that frame.
        weight: Sum of `blank` and `written`.
    """

    __slots__ = (
        "blank", "blank_before", "children", "context", "gain", "label", "parent", "reached_at",
        "total_before", "weight", "word", "written",
    )  # fmt: skip

    def __init__(self, parent: _Prefix | None, label: int, gain: float):
        self.parent = parent
        self.label = label
        self.gain = gain
        self.word = LINE_START
        self.children: dict[int, _Prefix] | None = None
        self.context: Context | None = None
        self.reached_at = 0

    def labels(self) -> tuple[int, ...]:
        """Return the labels on the path from the root."""
        found, node = [], self
        while node.parent:
            found.append(node.label)
            node = node.parent
        return tuple(reversed(found))


def beam_search(
    probabilities: np.ndarray, config: BeamConfig, weights: PrefixWeights
) -> list[Beam]:
    """Return the hypotheses of a line.

    Args:
        probabilities: float32 [time, classes].
        config: Beam width and pruning thresholds.
        weights: Factors of the language model and the lexicon.

    Returns:
        The hypotheses of the last beam, highest weight first.
    """
    root = _Prefix(None, BLANK, 1.0)
    root.context = weights.line_start()
    root.blank, root.written, root.weight = 1.0, 0.0, 1.0
    beam = [root]
    for at, frame in enumerate(_frames(probabilities, config), start=1):
        if frame[1]:
            _update(beam, frame, at)
            beam = _prune(beam + _extend(beam, frame, at, config, weights), config)
        else:
            _append_blank(beam)
    found = []
    for node in beam:
        labels = node.labels()
        found.append(Beam(labels, node.weight * weights.end_factor(labels)))
    _unlink(root)
    return sorted(found, key=_by_weight, reverse=True)


def _unlink(root: _Prefix) -> None:
    """Break the reference cycles of a tree, so that its memory is freed at once."""
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if node.children:
            nodes.extend(node.children.values())
            node.children = None


def search_frames(logits: np.ndarray, config: BeamConfig, weights: PrefixWeights) -> np.ndarray:
    """Return the frames of probabilities that a beam search runs on.

    A network trained with CTC is overconfident in blanks (Zeyer et al. 2021, "Why does CTC result
    in peaky behavior?"), which deletes characters: the blank gets a penalty. Its outputs include
    the prior frequency of each character, which the language model accounts for again: part of
    the prior is divided out (as in Miao et al. 2015, "EESEN").
    Only the first frame of a run of certain blanks is kept, which does not change the result.

    Args:
        logits: float32 [time, classes].
        config: Settings of the search; `least_probability` decides which blanks are certain.
        weights: Penalty of each label.

    Returns:
        float32 [frames, classes], probabilities.

    Example:
        >>> from model.text.charset import Charset
        >>> line = np.log(np.array([[1, 1e-9], [1, 1e-9], [1e-9, 1], [1, 1e-9]], np.float32))
        >>> config, charset = BeamConfig(), Charset(("a",))
        >>> search_frames(line, config, PrefixWeights(charset, config)).argmax(axis=1).tolist()
        [0, 1, 0]
    """
    probabilities = softmax(np.asarray(logits, np.float32) - weights.label_costs)
    # Half of it, so that rounding cannot make a character of these frames a candidate.
    certain = probabilities[:, BLANK] > 1 - config.least_probability / 2
    repeated = certain[1:] & certain[:-1]
    return probabilities[np.concatenate(([True], ~repeated))]


def _frames(probabilities: np.ndarray, config: BeamConfig) -> Iterator[_Frame]:
    """Yield the candidates of each frame; a run of blank frames yields one."""
    least = np.minimum(probabilities.max(axis=1), np.float32(config.least_probability))
    tried = probabilities >= least[:, None]
    blanks = np.where(tried[:, BLANK], probabilities[:, BLANK], 0).tolist()
    tried[:, BLANK] = False
    times, labels = np.divmod(np.flatnonzero(tried), probabilities.shape[1])
    values = probabilities[times, labels].astype(np.float64)
    order = np.lexsort((-values, times))
    starts = np.searchsorted(times, np.arange(len(probabilities) + 1)).tolist()
    labels, values = labels[order].tolist(), values[order].tolist()
    only_blank = False
    for blank, (start, stop) in zip(blanks, pairwise(starts)):
        if start < stop:
            yield blank, dict(zip(labels[start:stop], values[start:stop]))
        elif not only_blank:
            yield 1.0, {}
        only_blank = start == stop


def _append_blank(beam: list[_Prefix]) -> None:
    """Update the weights of the beam after a certain blank, which leaves the totals unchanged."""
    for node in beam:
        node.blank = node.weight
        node.written = 0.0


def _update(beam: list[_Prefix], frame: _Frame, at: int) -> None:
    """Update the weights of the beam: prefixes that stay, and that extend one another."""
    blank, characters = frame
    for node in beam:
        node.blank_before = node.blank
        node.total_before = node.weight
        node.blank = node.weight * blank
        node.written *= characters.get(node.label, 0.0)
        node.weight = node.blank + node.written
        node.reached_at = at
    for node in beam:
        parent = node.parent
        if parent and parent.reached_at == at:
            label = node.label
            total = parent.blank_before if parent.label == label else parent.total_before
            node.written += total * characters.get(label, 0.0) * node.gain
            node.weight = node.blank + node.written


def _extend(
    beam: list[_Prefix], frame: _Frame, at: int, config: BeamConfig, weights: PrefixWeights
) -> list[_Prefix]:
    """Return the extensions of the beam by one character.

    Prefixes and candidates are sorted by descending weight, so that both loops end at the first
    one that cannot enter the beam: its weight is below `least`, which is a share of the best
    weight so far or, if the beam is full, the lowest weight in it.

    Returns:
        Prefixes that are not in the beam but may enter it.
    """
    characters = list(frame[1].items())
    most_probable = characters[0][1]
    kept = [node.weight for node in beam]
    least = max(kept) * config.least_share
    if len(beam) == config.width:
        least = max(least, min(kept))
    least_ending = least / weights.max_factor
    reached, has_lexicon = [], weights.has_lexicon
    for node in beam:
        total, children, own = node.total_before, node.children, node.label
        if total * most_probable < least_ending:
            break
        if children is None:
            children = _open(node, weights)
        gains = node.context.gains
        for label, probability in characters:
            ending = total * probability
            if ending < least_ending:
                break
            if label == own:
                ending = node.blank_before * probability
            child = children.get(label)
            if child is None:
                gain = gains.get(label) or weights.gain(node.context, label)
                if has_lexicon:
                    gain *= weights.word_end_factor(node.word, label)
                if ending * gain < least:
                    continue
                child = children[label] = _Prefix(node, label, gain)
                if has_lexicon:
                    child.word = weights.extend_word(node.word, label)
            elif child.reached_at == at:
                continue
            weight = ending * child.gain
            if weight >= least:
                child.reached_at = at
                child.blank = 0.0
                child.written = child.weight = weight
                reached.append(child)
                if weight * config.least_share > least:
                    least = weight * config.least_share
                    least_ending = least / weights.max_factor
    return reached


def _open(node: _Prefix, weights: PrefixWeights) -> dict[int, _Prefix]:
    """Prepare a prefix to be extended and return its children, which are none yet."""
    if node.parent:
        node.context = weights.next_context(node.parent.context, node.label)
    node.children = {}
    return node.children


def _prune(reached: list[_Prefix], config: BeamConfig) -> list[_Prefix]:
    """Return the prefixes of highest weight, sorted; of equal ones those that came first."""
    reached.sort(key=_by_weight, reverse=True)
    del reached[config.width :]
    best = reached[0].weight
    least = best * config.least_share
    while reached[-1].weight < least or not reached[-1].weight:
        del reached[-1]
    if not RESCALE_BELOW < best < RESCALE_ABOVE:
        for node in reached:
            node.blank /= best
            node.written /= best
            node.weight = node.blank + node.written
    return reached
