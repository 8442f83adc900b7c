"""CTC prefix beam search, fast: `ctc.prefix_beams` on a tree of prefixes.

A prefix is a node that keeps its children, so that one which comes up again in the next frame
is neither built nor weighed again; a run of blank frames is one step; and what could not come
into the beam is not looked up. The beam is the same, in order and to the last bit: each weight
is made of the same products and sums.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from operator import attrgetter

import numpy as np

from model.decoding.config import BeamConfig
from model.decoding.ctc import FAINTEST, STRONGEST, Beam, softmax
from model.decoding.prefix_weights import LINE_START, Context, PrefixWeights
from model.text.charset import BLANK

_by_weight = attrgetter("weight")
# The probability of the blank, and those of the characters that are tried, greatest first.
_Frame = tuple[float, dict[int, float]]


class _Prefix:
    """A node of the tree: the text from the root down to it.

    Attributes:
        parent: The text without its last character.
        label: Its last character.
        gain: What that multiplies weights by.
        context: What the language model knows; None until it is asked.
        word: The letters it ends in, as `PrefixWeights.word` tells them; a new node has those
            of a line's start.
        children: The texts of one character more, by label; None until it has been extended.
        reached_at: The last frame that it was weighed in.
        total_before: Its weight before that frame.
        blank_before: That of its paths that end in a blank, before that frame.
        blank: The same after it.
        written: The weight, after it, of its paths that end in its last character.
        weight: The sum of these two.
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
        """Collect the labels from the root."""
        found, node = [], self
        while node.parent:
            found.append(node.label)
            node = node.parent
        return tuple(reversed(found))


def beam_search(
    probabilities: np.ndarray, config: BeamConfig, weights: PrefixWeights
) -> list[Beam]:
    """Find the weightiest texts of a line.

    Args:
        probabilities: float32 [time, classes].
        config: What is kept.
        weights: Language model and lexicon.

    Returns:
        The texts of the last beam, the weightiest first.
    """
    root = _Prefix(None, BLANK, 1.0)
    root.context = weights.line_start()
    root.blank, root.written, root.weight = 1.0, 0.0, 1.0
    beam = [root]
    for at, frame in enumerate(_frames(probabilities, config), start=1):
        if frame[1]:
            _stay(beam, frame, at)
            beam = _survivors(beam + _extend(beam, frame, at, config, weights), config)
        else:
            _rest(beam)
    found = []
    for node in beam:
        labels = node.labels()
        found.append(Beam(labels, node.weight * weights.of_end(labels)))
    _take_apart(root)
    return sorted(found, key=_by_weight, reverse=True)


def _take_apart(root: _Prefix) -> None:
    """Cut a tree's circles of references, so that it goes at once, not when Python looks."""
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if node.children:
            nodes.extend(node.children.values())
            node.children = None


def search_frames(logits: np.ndarray, config: BeamConfig, weights: PrefixWeights) -> np.ndarray:
    """Make of logits what a search looks at.

    A network trained by CTC is surer of its blanks than it should be (Zeyer et al. 2021, "Why
    does CTC result in peaky behavior?"), and characters get lost: blanks lose some weight. In
    what it says of characters lies how frequent they are, and the language model says that
    again: they lose some of it (Miao et al. 2015, "EESEN", divides by such priors).
    Of a run of certain blanks all frames but the first are left out, which changes nothing.

    Args:
        logits: float32 [time, classes].
        config: Of the search; `least_probability` says how certain a blank has to be.
        weights: Say what each label loses.

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
    # Half of it, so that no character of these frames is tried, however they were rounded.
    certain = probabilities[:, BLANK] > 1 - config.least_probability / 2
    again = certain[1:] & certain[:-1]
    return probabilities[np.concatenate(([True], ~again))]


def _frames(probabilities: np.ndarray, config: BeamConfig) -> Iterator[_Frame]:
    """List what is tried in each frame; a run of blank frames gives one."""
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


def _rest(beam: list[_Prefix]) -> None:
    """Weigh the prefixes after a certain blank: as before."""
    for node in beam:
        node.blank = node.weight
        node.written = 0.0


def _stay(beam: list[_Prefix], frame: _Frame, at: int) -> None:
    """Weigh the prefixes of the beam: as they are, and as extensions of each other."""
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
    """Write characters behind the prefixes of the beam.

    Both prefixes and characters come from the greatest to the least, so that both loops end at
    the first that cannot lead into the beam: that weighs less than `least`, a share of the best
    weight so far, or all of a full beam.

    Returns:
        The prefixes that are not in the beam but may come in.
    """
    characters = list(frame[1].items())
    most_probable = characters[0][1]
    kept = [node.weight for node in beam]
    least = max(kept) * config.least_share
    if len(beam) == config.width:
        least = max(least, min(kept))
    least_ending = least / weights.most
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
                    gain *= weights.of_closing(node.word, label)
                if ending * gain < least:
                    continue
                child = children[label] = _Prefix(node, label, gain)
                if has_lexicon:
                    child.word = weights.word(node.word, label)
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
                    least_ending = least / weights.most
    return reached


def _open(node: _Prefix, weights: PrefixWeights) -> dict[int, _Prefix]:
    """Make a prefix ready to be extended."""
    if node.parent:
        node.context = weights.after(node.parent.context, node.label)
    node.children = {}
    return node.children


def _survivors(reached: list[_Prefix], config: BeamConfig) -> list[_Prefix]:
    """Keep the weightiest prefixes, in that order; of equal ones those that came first."""
    reached.sort(key=_by_weight, reverse=True)
    del reached[config.width :]
    best = reached[0].weight
    least = best * config.least_share
    while reached[-1].weight < least or not reached[-1].weight:
        del reached[-1]
    if not FAINTEST < best < STRONGEST:
        for node in reached:
            node.blank /= best
            node.written /= best
            node.weight = node.blank + node.written
    return reached
