"""From pages to their texts: read pages and recognise their lines, in one process or several."""

from __future__ import annotations

import apache_beam as beam

from pipelines.cli.processes import current_workers
from pipelines.pages.records import PageResult
from pipelines.transcription.read_pages import PageReading, ReadPages, read_page
from pipelines.transcription.recognise import (
    RecognisePages,
    Recognition,
    opened,
    recognise_pages,
)
from pipelines.transforms.in_processes import InProcesses
from schemas.records import PageSource

# Pages at a time: those of some dozens of lines, of which several have the same width.
_PAGES, _LINE_IMAGES = 2, 64


class TranscribePages(beam.PTransform):
    """Read pages and recognise their lines, with the worker processes of this run if it has any.

    Args:
        reading: How pages are read.
        recognition: How lines are recognised.
    """

    def __init__(self, reading: PageReading, recognition: Recognition):
        super().__init__()
        self._reading, self._recognition = reading, recognition

    def expand(self, sources):
        if current_workers() is None:
            pages = sources | "Read pages" >> ReadPages(self._reading)
            return pages | "Recognise" >> RecognisePages(self._recognition)
        at_once = _LINE_IMAGES if self._reading.line_source == "whole" else _PAGES
        arguments = self._reading, self._recognition
        return sources | InProcesses(transcribe_pages, at_once, arguments)


def transcribe_pages(
    sources: list[PageSource], reading: PageReading, recognition: Recognition
) -> list[PageResult]:
    """Read some pages and recognise their lines.

    Args:
        sources: The pages.
        reading: How pages are read.
        recognition: How lines are recognised.

    Returns:
        The result of each page.
    """
    return recognise_pages([read_page(source, reading) for source in sources], opened(recognition))
