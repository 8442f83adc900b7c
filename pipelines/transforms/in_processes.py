"""Apply a function in the worker processes of a run."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from pipelines.cli.processes import current_workers

# Chunks that wait or are worked on, for each process: enough that none is idle while the results of
# a slow one, which come first, are awaited.
_CHUNKS_AHEAD = 4


class InProcesses(beam.PTransform):
    """Apply a function to chunks of the elements, in the worker processes of this run.

    The results come in the order of the elements: they do not depend on the number of processes.

    Args:
        function: A function of a module; takes a list of elements and the arguments, returns the
            results of all of them.
        chunk_weight: A chunk is complete when its elements together are as heavy.
        arguments: Extra arguments of the function, including side inputs.
        weight: Returns how heavy an element is; None if all of them have the weight 1.
        into: Types of the results, to have an output for each, as `RouteByType` has; empty for one
            output.
    """

    def __init__(
        self,
        function: Callable[..., Iterable],
        chunk_weight: int,
        arguments: tuple = (),
        weight: Callable[[object], int] | None = None,
        into: tuple[type, ...] = (),
    ):
        super().__init__()
        self._do = _InProcesses(function, chunk_weight, weight, into)
        self._arguments, self._into = arguments, into

    def expand(self, elements):
        done = elements | "In processes" >> beam.ParDo(self._do, *self._arguments)
        if not self._into:
            return done
        return done | "By type" >> beam.ParDo(_Tag()).with_outputs(
            *(kind.__name__ for kind in self._into)
        )


class _InProcesses(beam.DoFn):
    def __init__(self, function, chunk_weight, weight, into):
        self._function, self._chunk_weight, self._weight = function, chunk_weight, weight
        self._names = tuple(kind.__name__ for kind in into)

    def start_bundle(self):
        # The elements run in the process that built the pipeline, and here are its workers.
        self._workers = current_workers()
        self._chunk: list = []
        self._chunk_has = 0
        self._arguments: tuple = ()
        self._futures: deque[Future] = deque()

    def process(self, element, *arguments):
        self._arguments = arguments
        self._chunk.append(element)
        self._chunk_has += self._weight(element) if self._weight else 1
        if self._chunk_has >= self._chunk_weight:
            yield from self._work()

    def finish_bundle(self):
        if self._chunk:
            yield from map(_in_the_window, self._work())
        while self._futures:
            yield from map(_in_the_window, self._next())

    def _work(self) -> Iterator:
        """Yield what is done already, and have the current chunk done."""
        chunk, self._chunk, self._chunk_has = self._chunk, [], 0
        call = self._function, chunk, *self._arguments
        if not self._workers.are_needed:
            yield from self._checked(self._workers.do_here(*call))
            return
        self._futures.append(self._workers.submit(*call))
        while len(self._futures) > _CHUNKS_AHEAD * self._workers.count:
            yield from self._next()

    def _next(self) -> list:
        return self._checked(self._workers.result_of(self._futures.popleft()))

    def _checked(self, results: Iterable) -> list:
        results = list(results)
        for result in results:
            if self._names and type(result).__name__ not in self._names:
                # Beam would drop it silently.
                raise TypeError(
                    f"{self._function.__name__} returned a {type(result).__name__}; "
                    "declare it in `into`"
                )
        return results


def _in_the_window(result: object) -> WindowedValue:
    return WindowedValue(result, GlobalWindow().max_timestamp(), [GlobalWindow()])


class _Tag(beam.DoFn):
    def process(self, record):
        yield beam.pvalue.TaggedOutput(type(record).__name__, record)


def call_each(elements: list, function: Callable[..., Iterable], *arguments) -> list:
    """Apply a function that returns records to each of some elements.

    Args:
        elements: The elements.
        function: Takes an element and the arguments.
        arguments: Its extra arguments.

    Example:
        >>> call_each([1, 3], range, 4)
        [1, 2, 3, 3]
    """
    return [record for element in elements for record in function(element, *arguments)]
