"""Route the records that a function returns to one output per type."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import apache_beam as beam


class RouteByType(beam.PTransform):
    """Apply a function that returns records of several types, with one output per type.

    It separates the results of a step that can fail from its `Failure`s.

    Args:
        function: Takes an element (and the extra arguments), returns records.
        into: The types that it may return.
        arguments: Extra arguments of the function, including side inputs.
    """

    def __init__(self, function: Callable[..., Iterable], into: tuple[type, ...], *arguments):
        super().__init__()
        self._function = function
        self._tags = tuple(kind.__name__ for kind in into)
        self._arguments = arguments

    def expand(self, elements):
        return elements | "Route" >> beam.ParDo(
            _Route(self._function, self._tags), *self._arguments
        ).with_outputs(*self._tags)


class _Route(beam.DoFn):
    def __init__(self, function, tags):
        self._function = function
        self._tags = tags

    def process(self, element, *arguments):
        for record in self._function(element, *arguments):
            tag = type(record).__name__
            if tag not in self._tags:
                # Beam would drop it silently.
                raise TypeError(f"{self._function.__name__} returned a {tag}; declare it in `into`")
            yield beam.pvalue.TaggedOutput(tag, record)
