"""A page between the steps of transcribe, and its result."""

from __future__ import annotations

from dataclasses import dataclass

from model.quality.ink_unread import PageInk
from model.quality.line_image import StripQuality
from model.quality.page import PageQuality
from schemas.records import (
    Failure,
    LineImage,
    PageDone,
    PageSource,
    Skipped,
    Transcript,
)


@dataclass(frozen=True, eq=False)
class PageLines:
    """A page whose lines are cut out but not yet recognised.

    Attributes:
        done: The page.
        images: Images of the lines that could be cut out, in reading order.
        failures: The lines that could not be cut out.
        quality: Quality of the page image.
        dpi: Resolution stated in the file; 0 if it states none.
        seconds: Time spent on the page so far.
        source: Where the page came from.
        ink: Ink in the lines of `images` and outside of them; None if an image is one line.
    """

    done: PageDone
    images: tuple[LineImage, ...]
    failures: tuple[Failure, ...]
    quality: PageQuality
    dpi: float = 0.0
    seconds: float = 0.0
    source: PageSource | None = None
    ink: PageInk | None = None

    @property
    def uri(self) -> str:
        """URI of the page."""
        return self.done.uri


@dataclass(frozen=True)
class ReadLine:
    """A line that was read.

    Attributes:
        transcript: The line with its text.
        quality: Quality of its image.
    """

    transcript: Transcript
    quality: StripQuality


@dataclass(frozen=True)
class PageResult:
    """The result of a page; every page of the input has one.

    Attributes:
        outcome: The page as done, why it failed as a whole, or why it was skipped.
        lines: The lines that were read, in reading order.
        failures: The lines that could not be read.
        quality: Quality of the page image; None if it was not read.
        dpi: Resolution stated in the file; 0 if it states none.
        cer_estimate: Estimated CER; None if there is no estimate.
        seconds: Time spent on the page.
        source: Where the page came from; None if that is not recorded.
    """

    outcome: PageDone | Failure | Skipped
    lines: tuple[ReadLine, ...] = ()
    failures: tuple[Failure, ...] = ()
    quality: PageQuality | None = None
    dpi: float = 0.0
    cer_estimate: float | None = None
    seconds: float = 0.0
    source: PageSource | None = None

    @property
    def uri(self) -> str:
        """URI of the page."""
        return self.outcome.uri
