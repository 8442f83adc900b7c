"""What becomes of a page on its way through transcribe."""

from __future__ import annotations

from dataclasses import dataclass

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
    """A page whose lines are cut out, on its way to the recogniser.

    Attributes:
        done: The page.
        images: The lines that could be cut out, in reading order.
        failures: The lines that could not.
        quality: What the image is like.
        dpi: Resolution that the file states; 0 where it states none.
        seconds: Spent on it up to now.
        source: Where it came from.
    """

    done: PageDone
    images: tuple[LineImage, ...]
    failures: tuple[Failure, ...]
    quality: PageQuality
    dpi: float = 0.0
    seconds: float = 0.0
    source: PageSource | None = None

    @property
    def uri(self) -> str:
        """The page."""
        return self.done.uri


@dataclass(frozen=True)
class ReadLine:
    """A line that was read.

    Attributes:
        transcript: What was read.
        quality: What its image is like.
    """

    transcript: Transcript
    quality: StripQuality


@dataclass(frozen=True)
class PageResult:
    """All that became of a page: one of these for every page that comes in.

    Attributes:
        outcome: That it is done, why it failed as a whole, or why it was skipped.
        lines: The lines that were read, in reading order.
        failures: The lines that could not be.
        quality: What the image is like; None where it was not read.
        dpi: Resolution that the file states; 0 where it states none.
        cer_estimate: CER to be expected; None where nothing predicts it.
        seconds: Spent on it.
        source: Where it came from; None where nobody kept it.
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
        """The page."""
        return self.outcome.uri
