"""Send the records that a function gives each to the output of its type."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import apache_beam as beam


class RouteByType(beam.PTransform):
    """Apply a function that gives several types of record, one output a type.

    A step that can fail gives records and `Failure`s; this is how they part.

    Args:
        function: Takes an element (and the extra arguments), gives records.
        into: The types that it may give.
        arguments: Extra arguments of the function, side inputs among them.
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
                # Beam would drop it without a word.
                raise TypeError(f"{self._function.__name__} gave a {tag}; declare it in `into`")
            yield beam.pvalue.TaggedOutput(tag, record)
