"""The records that flow through every pipeline: typed, immutable, picklable."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

Point = tuple[float, float]
Polyline = tuple[Point, ...]


@dataclass(frozen=True)
class Line:
    """One text line of a page.

    With neither a baseline nor a polygon the line is the whole image.

    Attributes:
        line_id: Identifier, unique on its page.
        index: Place in the page's reading order, from 0.
        text: Ground-truth transcription; None where there is none.
        baseline: Points (x, y) in image pixels, in writing direction.
        polygon: Outline (x, y) in image pixels, not closed.
        region_id: Identifier of the text region around it; may be empty.
        kind: What the format calls lines of its kind ('heading', 'InterlinearLine');
            may be empty.
        region_kind: What the format calls regions such as the one around it
            ('MarginTextZone', 'marginalia'); may be empty.
        fault: Why its description cannot be used, where it cannot: such a line fails
            alone, and its page goes on.
    """

    line_id: str
    index: int
    text: str | None = None
    baseline: Polyline = ()
    polygon: Polyline = ()
    region_id: str = ""
    kind: str = ""
    region_kind: str = ""
    fault: str = ""


@dataclass(frozen=True)
class Page:
    """One image and what is known about its lines.

    Attributes:
        uri: Where the image is; for one inside another file, that file, '#' and its place.
        lines: Its lines in reading order.
        width_px: Width that the coordinates refer to; 0 where unknown.
        height_px: Height that the coordinates refer to; 0 where unknown.
        source: Name of the format that described it: 'alto', 'page', 'pair',
            'whole' or 'finder'.
        document: Name of the document that the page belongs to.
        split: Official split ('train', 'eval', 'test'); empty where none.
        writer: Name of the hand; empty where nobody says.
        image: The bytes of the image file, where it is no file of its own (a row of a
            table); empty where `uri` is a file.
    """

    uri: str
    lines: tuple[Line, ...] = ()
    width_px: int = 0
    height_px: int = 0
    source: str = ""
    document: str = ""
    split: str = ""
    writer: str = ""
    image: bytes = b""


@dataclass(frozen=True)
class LineExample:
    """One training example: a rectified line and its text.

    Attributes:
        image: PNG of the rectified strip, 8-bit grey, paper white.
        width_px: Width of the strip.
        height_px: Height of the strip.
        text: Transcription, NFC.
        page_uri: Where the page image is.
        line_id: Identifier of the line on its page.
        document: Name of the document.
        source: Name of the format that it was read from.
        split: 'train', 'eval' or 'test'.
    """

    image: bytes
    width_px: int
    height_px: int
    text: str
    page_uri: str
    line_id: str
    document: str
    source: str
    split: str


@dataclass(frozen=True, eq=False)
class LineImage:
    """A rectified line on its way to the recogniser.

    Attributes:
        page_uri: Where the page image is.
        line: The line that was cut out.
        strip: uint8 array [height_px, width_px], paper 255.
    """

    page_uri: str
    line: Line
    strip: np.ndarray


@dataclass(frozen=True)
class Character:
    """One recognised character.

    Attributes:
        text: The character.
        confidence: Probability in 0..1.
        alternatives: What else may stand there, with its probability, the likeliest first, up
            to three; an empty text means no character.
    """

    text: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Transcript:
    """What the recogniser read in one line.

    Attributes:
        page_uri: Where the page image is.
        line: The line that was read.
        text: The text, NFC.
        confidence: Mean probability of its characters in 0..1; for an empty
            text, of the blanks.
        characters: The characters in writing order.
        confidence_min: Probability of the most doubtful character; of an empty text as
            `confidence`.
        confidence_sequence: Probability that all of the text is right, its characters taken
            as independent.
        alternatives: The likeliest texts of the line with their probabilities, `text` first;
            empty where a line was read greedily.
    """

    page_uri: str
    line: Line
    text: str
    confidence: float
    characters: tuple[Character, ...] = ()
    confidence_min: float = 0.0
    confidence_sequence: float = 0.0
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Failure:
    """Something that could not be processed, and why.

    Attributes:
        uri: The page, or the file that should have led to one.
        stage: The step that failed: 'pair', 'read', 'crop', 'recognise' ...
        error: What, which one, and the cure.
        line_id: The line that failed; empty where the whole page did.
        attempts: How often it was tried.
        kind: 'permanent', or 'transient': it may go well another time.
    """

    uri: str
    stage: str
    error: str
    line_id: str = ""
    attempts: int = 1
    kind: str = "permanent"


class SkipReason(str, Enum):
    """Why transcribe or lines left a page out; the value is what tables store."""

    NO_IMAGE = "no image"
    UNCHANGED = "unchanged since an earlier run"
    # Such a page has a row, unlike the others that are unchanged: it ends a failure.
    RETURNED = "unchanged since an earlier run, after a failure"


@dataclass(frozen=True)
class Skipped:
    """A file left out on purpose.

    Attributes:
        uri: The file.
        reason: Why.
    """

    uri: str
    reason: str


@dataclass(frozen=True)
class PageDone:
    """A page that was read; its lines may still have failed one by one.

    Attributes:
        uri: Where the image is.
        sha256: Digest of the image file, or of the pixels of a page of several, hex.
        width_px: Width of the image.
        height_px: Height of the image.
        source: Where its lines come from: 'alto', 'page', 'pair', 'whole' or 'finder'.
        line_count: Lines on the page.
        lines_sha256: Digest of the file that its lines come from, hex; empty where none.
        file_sha256: Digest of the file of several pages that it is in, hex; empty where it is
            not known, or the page is a file of its own.
    """

    uri: str
    sha256: str
    width_px: int
    height_px: int
    source: str
    line_count: int
    lines_sha256: str = ""
    file_sha256: str = ""


@dataclass(frozen=True)
class LineFact:
    """What is kept of a line to tell whether it is in two splits.

    Attributes:
        page_uri: Where the page image is.
        line_id: Identifier of the line on its page.
        split: 'train', 'eval' or 'test'.
        page_sha256: Digest of the page's image file, hex.
        fingerprint: What `model.dataset.fingerprint.are_near_duplicates` compares.
        bands: Keys of which near duplicates share at least one.
    """

    page_uri: str
    line_id: str
    split: str
    page_sha256: str
    fingerprint: bytes
    bands: tuple[str, ...]


@dataclass(frozen=True)
class Leak:
    """A line that stands in two splits.

    Attributes:
        page_uri: Page of the line that may be dropped: the one in 'train', if one is.
        line_id: That line.
        split: Its split.
        kind: 'same image' or 'near duplicate'.
        other_page_uri: Page of the line it is like.
        other_line_id: That line.
        other_split: Its split.
    """

    page_uri: str
    line_id: str
    split: str
    kind: str
    other_page_uri: str
    other_line_id: str
    other_split: str


@dataclass(frozen=True)
class PageSource:
    """A page of the input, and where its image is to be fetched.

    Attributes:
        uri: What the page is called from here on: the file, with the number of the page for
            one of several; the id of a canvas.
        addresses: Where the image may be: the file, or addresses of the web, best first.
            That of a file is `uri` again. Empty where `fault` is set.
        document: The file of several pages or the manifest that lists it; empty for none.
        place: Its place in the order of the document, from 0.
        label: What the document calls it ('12r'); empty for nothing.
        canvas_px: Width and height that a manifest gives its canvas, which need not be those
            of the image; zeros for none.
        fault: Why nothing can be fetched, where nothing can: such a page fails alone.
        attempts: How often the document was asked for before it was given up.
        is_transient: Whether a later run may find the fault gone.
        page_count: Pages of the file that it is, or is in; 0 where nobody counted them.
        file_sha256: Digest of that file, hex, where it has several pages; else empty.
    """

    uri: str
    addresses: tuple[str, ...]
    document: str = ""
    place: int = 0
    label: str = ""
    canvas_px: tuple[int, int] = (0, 0)
    fault: str = ""
    attempts: int = 1
    is_transient: bool = False
    page_count: int = 0
    file_sha256: str = ""
