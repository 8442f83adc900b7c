"""Cut pages into training examples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import apache_beam as beam

from model.dataset.examples import ExampleRules, left_out_characters, to_example
from model.dataset.leaks import line_fact
from pipelines.cli.processes import current_workers
from pipelines.pages.cut import cut_page
from pipelines.pages.image import open_described
from pipelines.transforms.in_processes import InProcesses, call_each
from pipelines.transforms.routing import RouteByType
from schemas.records import (
    Failure,
    LineExample,
    LineFact,
    LineImage,
    Page,
    PageDone,
)
from schemas.remarks import ImageWarning, LeftOutCharacters

# Some pages, or some dozens of images of lines.
_LINES_AT_ONCE = 64


@dataclass(frozen=True)
class CutConfig:
    """How pages become examples.

    Attributes:
        line_height_px: Height of the line images.
        rules: Conditions that a line must meet to become an example.
    """

    line_height_px: int = 64
    rules: ExampleRules = field(default_factory=ExampleRules)


class CutExamples(beam.PTransform):
    """Cut every line of a page into a training example.

    Args:
        config: How lines are cut and which of them become examples.
    """

    def __init__(self, config: CutConfig):
        super().__init__()
        self._config = config

    def expand(self, pages):
        kinds = (LineExample, LineFact, LeftOutCharacters, ImageWarning, Failure, PageDone)
        if current_workers() is None:
            return pages | RouteByType(cut_examples, kinds, self._config)
        arguments = cut_examples, self._config
        return pages | InProcesses(call_each, _LINES_AT_ONCE, arguments, count_lines, kinds)


def count_lines(page: Page) -> int:
    """Return how many lines a page has, at least 1."""
    return max(1, len(page.lines))


def cut_examples(
    page: Page, config: CutConfig
) -> Iterator[LineExample | LineFact | LeftOutCharacters | ImageWarning | Failure | PageDone]:
    """Cut a page into training examples.

    Args:
        page: The page, with its split.
        config: How lines are cut and which of them become examples.

    Yields:
        A `PageDone`, the warnings of its image, and for each line an example and its fact, with
        what was left out of its text, or a failure; or one failure of the whole page.
    """
    try:
        image = open_described(page)
        frame, sha256 = image.frame, image.sha256
    except (OSError, ValueError) as error:
        yield Failure(page.uri, "read", str(error))
        return
    cut = cut_page(page, frame.grey, sha256, config.line_height_px, frame.orientation)
    for record in cut:
        if not isinstance(record, LineImage):
            yield record
            if isinstance(record, PageDone):
                yield from (ImageWarning(page.uri, warning) for warning in frame.warnings)
            continue
        example = to_example(record, page, config.rules)
        yield example
        if isinstance(example, LineExample):
            yield line_fact(record, page.split, sha256)
            if left_out := left_out_characters(record.line, example):
                yield LeftOutCharacters(page.uri, left_out)
