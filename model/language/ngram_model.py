"""A character n-gram language model: the probability of a character given those before it.

The contexts of each order are sorted integers whose digits are the labels of the context. Each
context has the characters seen after it with their log probabilities, and the weight of backing off
to the context that is one character shorter: an ARPA model as memory-mapped tables. It is built by
`ngram_build.py`.

Label 0, the blank of CTC, marks the start and the end of a line: the first context of a line begins
with it, and it is predicted after the last character.
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
# Log probabilities are stored as uint16 multiples of -1/2048, down to -32.
STEPS_PER_NAT = 2048
# Size of the caches of contexts; a state takes about 1 kB.
_MOST_STATES = 50_000


@dataclass(frozen=True, eq=False, slots=True)
class State:
    """A context, resolved to the tables of the model.

    Attributes:
        context: The labels, oldest first; at most order - 1.
        levels: For each known suffix of the context, longest first: index of its tables, start
            and stop of its characters in them, and log weight of backing off from it.
    """

    context: tuple[int, ...]
    levels: tuple[tuple[int, int, int, float], ...]


class LanguageModel:
    """A character n-gram model.

    Args:
        charset: Its characters.
        order: Characters of its longest n-grams.
        arrays: The tables, as named by `ngram_build.py`.

    Attributes:
        log_frequencies: float32 [classes], log of the relative frequency of each label; None for
            models of older versions, which do not store it.
    """

    def __init__(self, charset: Charset, order: int, arrays: dict[str, np.ndarray]):
        self.charset = charset
        self.order = order
        # Reading one element of a memoryview is several times faster than of an array.
        views = {name: memoryview(np.asarray(array)) for name, array in arrays.items()}
        self._unigrams = [-steps / STEPS_PER_NAT for steps in views["unigrams"]]
        self.log_frequencies = _log_frequencies(arrays)
        self._contexts = [views[f"contexts{length}"] for length in range(1, order)]
        self._starts = [views[f"starts{length}"] for length in range(1, order)]
        self._backoffs = [views[f"backoffs{length}"] for length in range(1, order)]
        self._labels = [views[f"labels{length}"] for length in range(1, order)]
        self._scores = [views[f"scores{length}"] for length in range(1, order)]
        self._states: dict[tuple[int, ...], State] = {}
        # Most contexts share their suffixes with one that was looked up before.
        self._level = lru_cache(_MOST_STATES)(self._find_level)

    @classmethod
    def open(cls, path: str | Path, charset: Charset) -> LanguageModel:
        """Return the model in a file, memory-mapped.

        Args:
            path: The file.
            charset: Charset of the recogniser.

        Raises:
            ValueError: If the file is not a language model, or is one of another charset.
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
        """Return the state of a context.

        Args:
            context: Labels, oldest first, the first of a line after `LINE_END`; only the last
                order - 1 are used.
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
        """Return the log probability of a label after a context.

        Args:
            state: State of the context, from `state`.
            label: The next label; `LINE_END` for the end of the line.

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

    def line_log_probability(self, labels: Sequence[int]) -> float:
        """Return the log probability of a line, its end included.

        Args:
            labels: Labels of the line, from 1.

        Returns:
            The natural logarithm.
        """
        return sum(self._log_probabilities(labels))

    def character_log_probabilities(self, text: str) -> list[float]:
        """Return the log probability of each character of a line and of its end.

        Args:
            text: The line, NFC. Characters outside the charset are skipped; the context begins
                again after them.

        Returns:
            Natural logarithms.
        """
        return self._log_probabilities(map(self.charset.labels.get, text))

    def _log_probabilities(self, labels: Iterable[int | None]) -> list[float]:
        """Return the score of each label of a line and of its end; None is an unknown character."""
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
    """Refuse tables whose indices are inconsistent, as in a damaged copy."""
    for length in range(1, order):
        contexts, starts, backoffs, labels, scores = (
            arrays[f"{name}{length}"]
            for name in ("contexts", "starts", "backoffs", "labels", "scores")
        )
        fits = len(starts) == len(contexts) + 1 == len(backoffs) + 1
        if not fits or len(labels) != len(scores) or starts[-1] != len(labels):
            raise ValueError(f"tables of order {length + 1} do not fit together")
        if np.any(starts[1:] < starts[:-1]):
            raise ValueError(f"table of order {length + 1} has start positions that decrease")
    if len(arrays.get("frequencies", arrays["unigrams"])) != len(arrays["unigrams"]):
        raise ValueError("table of frequencies does not fit the characters")


def _difference(own: Charset, other: Charset) -> str:
    """Return a short description of how two charsets differ."""
    more = "".join(sorted(set(own.characters) - set(other.characters)))[:10]
    less = "".join(sorted(set(other.characters) - set(own.characters)))[:10]
    if not more and not less:
        return "the same characters in another order"
    return f"it has {more!r}, the recogniser {less!r}"
