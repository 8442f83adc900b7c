"""A character n-gram language model: how likely a character is after those before it.

Of each order the contexts are held as sorted numbers, the labels of a context read as digits;
behind each lie the characters seen after it with their log probabilities, and the weight of
backing off to a context that is one character shorter (the form of an ARPA model, as a table
that is mapped into memory). `language_model_build.py` makes one.

Label 0, the blank of CTC, stands here for the ends of a line: a line's first context begins
with it, and it is foretold after the last character.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from model.language.array_file import map_arrays
from model.text.charset import Charset

LINE_END = 0
MAGIC = b"QuireLM1"
# Log probabilities are held as uint16, in steps of 1/2048 below 0: down to -32.
STEPS_PER_NAT = 2048
# States kept for contexts that come again; a state is about 1 kB.
_MOST_STATES = 50_000


@dataclass(frozen=True, eq=False, slots=True)
class State:
    """What the model knows about one context.

    Attributes:
        context: The labels, oldest first; order - 1 at most.
        levels: From the longest known context down to one character: the order, where its
            characters begin and end, and the log weight of backing off from it.
    """

    context: tuple[int, ...]
    levels: tuple[tuple[int, int, int, float], ...]


class LanguageModel:
    """A model that was built, open for questions.

    Args:
        charset: Its characters.
        order: Characters of its longest n-grams.
        arrays: The tables, as `language_model_build.py` names them.

    Attributes:
        log_frequencies: float32 [classes], of each label wherever it stands; None for a model
            that was built before they were kept.
    """

    def __init__(self, charset: Charset, order: int, arrays: dict[str, np.ndarray]):
        self.charset = charset
        self.order = order
        # A memoryview gives one element several times faster than an array does.
        views = {name: memoryview(np.asarray(array)) for name, array in arrays.items()}
        self._unigrams = [-steps / STEPS_PER_NAT for steps in views["unigrams"]]
        self.log_frequencies = _log_frequencies(arrays)
        self._contexts = [views[f"contexts{length}"] for length in range(1, order)]
        self._starts = [views[f"starts{length}"] for length in range(1, order)]
        self._backoffs = [views[f"backoffs{length}"] for length in range(1, order)]
        self._labels = [views[f"labels{length}"] for length in range(1, order)]
        self._scores = [views[f"scores{length}"] for length in range(1, order)]
        self._states: dict[tuple[int, ...], State] = {}
        # Most contexts end like one that was looked up before.
        self._level = lru_cache(_MOST_STATES)(self._find_level)

    @classmethod
    def open(cls, path: str | Path, charset: Charset) -> LanguageModel:
        """Map a model into memory.

        Args:
            path: The file.
            charset: Of the recogniser that it is to help.

        Raises:
            ValueError: If the file is no language model, or one of another charset.
        """
        facts, arrays = map_arrays(path, MAGIC)
        try:
            model = cls(Charset(tuple(facts["characters"])), facts["order"], arrays)
            _check_tables(model.order, arrays)
        except (KeyError, TypeError) as error:
            raise ValueError(f"{path}: lacks {error}; build the language model again") from None
        except ValueError as error:
            raise ValueError(f"{path}: {error}; build the language model again") from None
        if model.charset.characters != charset.characters:
            raise ValueError(
                f"{path}: language model of another charset ({_difference(model.charset, charset)})"
                "; build it from the charset of the recogniser"
            )
        return model

    def state(self, context: Sequence[int]) -> State:
        """Look a context up.

        Args:
            context: Labels, oldest first, from `LINE_END` on; older ones than the model's order
                are not looked at.
        """
        key = tuple(context[1 - self.order :])
        found = self._states.get(key)
        if found is None:
            if len(self._states) >= _MOST_STATES:
                self._states.clear()
            found = self._states[key] = State(key, tuple(self._levels(key)))
        return found

    def _levels(self, context: tuple[int, ...]) -> list[tuple[int, int, int, float]]:
        base, number, digit = self.charset.class_count, 0, 1
        levels = []
        for level, label in enumerate(reversed(context)):
            number += label * digit
            digit *= base
            found = self._level(level, number)
            if found:
                levels.append(found)
        return levels[::-1]

    def _find_level(self, level: int, number: int) -> tuple[int, int, int, float] | None:
        contexts = self._contexts[level]
        at = bisect_left(contexts, number)
        if at == len(contexts) or contexts[at] != number:
            return None
        starts = self._starts[level]
        return level, starts[at], starts[at + 1], -self._backoffs[level][at] / STEPS_PER_NAT

    def log_probability(self, state: State, label: int) -> float:
        """Tell how likely a label is in a state.

        Args:
            state: From `state`.
            label: The next character; `LINE_END` for none.

        Returns:
            The natural logarithm.
        """
        backed_off = 0.0
        for level, start, stop, backoff in state.levels:
            labels = self._labels[level]
            at = bisect_left(labels, label, start, stop)
            if at < stop and labels[at] == label:
                return backed_off - self._scores[level][at] / STEPS_PER_NAT
            backed_off += backoff
        return backed_off + self._unigrams[label]

    def log_line(self, labels: Sequence[int]) -> float:
        """Tell how likely a whole line is, its end included.

        Args:
            labels: From 1.

        Returns:
            The natural logarithm.
        """
        return sum(self._foretell(labels))

    def log_characters(self, text: str) -> list[float]:
        """Tell how likely each character of a line is, and its end.

        Args:
            text: In NFC; characters that the recogniser cannot write are passed over, and what
                follows them is foretold without what came before.

        Returns:
            Natural logarithms.
        """
        return self._foretell(map(self.charset.labels.get, text))

    def _foretell(self, labels: Iterable[int | None]) -> list[float]:
        """Weigh each label of a line, and its end; None stands for what cannot be written."""
        found = []
        context: tuple[int, ...] = (LINE_END,)
        for label in [*labels, LINE_END]:
            if label is None:
                context = ()
                continue
            found.append(self.log_probability(self.state(context), label))
            context = (*context, label)[-self.order :]
        return found


def _log_frequencies(arrays: dict[str, np.ndarray]) -> np.ndarray | None:
    steps = arrays.get("frequencies")
    return None if steps is None else steps.astype(np.float32) / np.float32(-STEPS_PER_NAT)


def _check_tables(order: int, arrays: dict[str, np.ndarray]) -> None:
    """Refuse tables that point outside each other, as after a copy that went wrong."""
    for length in range(1, order):
        contexts, starts, backoffs, labels, scores = (
            arrays[f"{name}{length}"]
            for name in ("contexts", "starts", "backoffs", "labels", "scores")
        )
        fits = len(starts) == len(contexts) + 1 == len(backoffs) + 1
        if not fits or len(labels) != len(scores) or starts[-1] != len(labels):
            raise ValueError(f"tables of order {length + 1} do not fit together")
        if np.any(starts[1:] < starts[:-1]):
            raise ValueError(f"table of order {length + 1} has places that fall")
    if len(arrays.get("frequencies", arrays["unigrams"])) != len(arrays["unigrams"]):
        raise ValueError("table of frequencies does not fit the characters")


def _difference(own: Charset, other: Charset) -> str:
    """Say how two charsets differ, in a few characters."""
    more = "".join(sorted(set(own.characters) - set(other.characters)))[:10]
    less = "".join(sorted(set(other.characters) - set(own.characters)))[:10]
    if not more and not less:
        return "the same characters in another order"
    return f"it has {more!r}, the recogniser {less!r}"
