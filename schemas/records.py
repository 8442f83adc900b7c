"""The records that flow through the pipelines: typed, immutable, picklable."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from schemas.kinds import Kinds

Point = tuple[float, float]
Polyline = tuple[Point, ...]


@dataclass(frozen=True)
class Line(Kinds):
    """One text line of a page.

    A line with neither a baseline nor a polygon is the whole image.

    Attributes:
        line_id: Identifier, unique on its page.
        index: Position in the reading order of the page, from 0.
        text: Ground-truth transcription; None if there is none.
        baseline: Points (x, y) in image pixels, in writing direction.
        polygon: Outline (x, y) in image pixels, not closed.
        region_id: Identifier of its text region, or of the table it is a cell of; may be empty.
        kind: Type of the line as the format names it ('InterlinearLine'); may be empty.
        region_kind: Type of the text region as the format names it ('marginalia'); may be empty.
        direction: Base direction of its writing that the format states: 'ltr', 'rtl' or empty.
        fault: Why the description of the line cannot be used; empty if it can. Only this line
            fails then, not its page.
        row: Row in the table `region_id`, from 0, the same for all lines of a cell; None where it
            is in no table. Each table of a page counts its own rows.
        column: Column in that table, from 0, the first one of its cell.
        custom: `custom` of PAGE without kind, place and tags of single characters; may be empty.
        more_kinds: Further types of the line, where the format states several.
        more_region_kinds: Further types of its region.
        region_custom: `custom` of its region, as `custom`.
    """

    line_id: str
    index: int
    text: str | None = None
    baseline: Polyline = ()
    polygon: Polyline = ()
    region_id: str = ""
    kind: str = ""
    region_kind: str = ""
    direction: str = ""
    fault: str = ""
    row: int | None = None
    column: int | None = None
    custom: str = ""
    more_kinds: tuple[str, ...] = ()
    more_region_kinds: tuple[str, ...] = ()
    region_custom: str = ""


@dataclass(frozen=True)
class Page:
    """One image and what is known about its lines.

    Attributes:
        uri: Location of the image; for an image inside a file, that file, '#' and its position.
        lines: Its lines in reading order.
        width_px: Image width that the coordinates refer to; 0 if unknown.
        height_px: Image height that the coordinates refer to; 0 if unknown.
        source: Name of the format that describes it: 'alto', 'page', 'pair', 'whole' or
            'finder'.
        document: Name of the document that the page belongs to.
        split: Official split ('train', 'eval', 'test'); empty if there is none.
        writer: Name of the writer; empty if unknown.
        image: Content of the image file where it is in a row of a table; empty if `uri` is a file.
        split_by: What names the official split ('column subset', 'folder Test'); may be empty.
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
    split_by: str = field(default="", compare=False)


@dataclass(frozen=True)
class LineExample:
    """One training example: a rectified line and its text.

    Attributes:
        image: PNG of the rectified strip, 8-bit grey, paper white.
        width_px: Width of the strip.
        height_px: Height of the strip.
        text: Transcription, NFC.
        page_uri: Location of the page image.
        line_id: Identifier of the line on its page.
        document: Name of the document.
        source: Name of the format that it was read from.
        split: 'train', 'eval' or 'test'.
        direction: Stated base direction, 'ltr' or 'rtl', of a line whose letters tell another
            one, or none; else empty.
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
    direction: str = ""


@dataclass(frozen=True, eq=False)
class LineImage:
    """A rectified line, as input of the recogniser.

    Attributes:
        page_uri: Location of the page image.
        line: The line that was cut out.
        strip: uint8 array [height_px, width_px], paper 255.
        reach_px: How far it reaches above and below its baseline, in pixels of the page; None
            if it is a whole image.
    """

    page_uri: str
    line: Line
    strip: np.ndarray
    reach_px: tuple[float, float] | None = None


@dataclass(frozen=True)
class Character:
    """One recognised character.

    Attributes:
        text: The character.
        confidence: Probability in 0..1.
        alternatives: Up to three alternatives with their probabilities, the most probable
            first; an empty text means no character.
    """

    text: str
    confidence: float
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Transcript:
    """The recognised text of one line.

    Attributes:
        page_uri: Location of the page image.
        line: The line that was recognised.
        text: The text, NFC.
        confidence: Mean probability of its characters in 0..1; of the blank labels without text.
        characters: The characters in writing order.
        confidence_min: Probability of the least probable character; `confidence` without text.
        confidence_sequence: Probability that all of it is right, if characters are independent.
        alternatives: The most probable texts of the line with their probabilities, `text`
            first; empty if the line was decoded greedily.
        without_language: Whether no language model of a beam search knows the page's language.
        language: Name of the language of the model that was used; empty for none.
    """

    page_uri: str
    line: Line
    text: str
    confidence: float
    characters: tuple[Character, ...] = ()
    confidence_min: float = 0.0
    confidence_sequence: float = 0.0
    alternatives: tuple[tuple[str, float], ...] = ()
    without_language: bool = False
    language: str = ""


@dataclass(frozen=True)
class Failure:
    """A page, file or line that could not be processed, and why.

    Attributes:
        uri: The page, or the file that should have described one.
        stage: The step that failed: 'pair', 'read', 'crop', 'recognise' ...
        error: What is wrong, where, and the cure.
        line_id: The line that failed; empty if the whole page failed.
        attempts: Number of attempts.
        kind: 'permanent', or 'transient' if a later attempt may succeed.
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
    STRAY = "file of an operating system or file server"
    NO_FILE = "no regular file"
    LINKED = "linked folder that is read already"
    MASK = "mask of the page in the folder above"
    UNCHANGED = "unchanged since an earlier run"
    # Pages with these reasons have a row, unlike the others that are unchanged.
    RETURNED = "unchanged since an earlier run, after a failure"
    RESTORED = "read by an earlier run, and changed in between"
    ALIKE = "its image was read as another page"
    GONE = "gone from the input"


@dataclass(frozen=True)
class Skipped:
    """A file that was skipped on purpose.

    Attributes:
        uri: The file.
        reason: Why.
        sha256: Digest of its image, as in `PageDone`; empty if that decided nothing.
        lines_sha256: Digest of the file that describes its lines, hex; may be empty.
        file_sha256: Digest of the multi-page file that it is in, hex; may be empty.
    """

    uri: str
    reason: str
    sha256: str = ""
    lines_sha256: str = ""
    file_sha256: str = ""


@dataclass(frozen=True)
class PageDone:
    """A page that was processed; single lines may still have failed.

    Attributes:
        uri: Location of the image.
        sha256: Digest of the image file, or of the pixels if the file has several pages, hex.
        width_px: Width of the image.
        height_px: Height of the image.
        source: Source of its lines: 'alto', 'page', 'pair', 'whole' or 'finder'.
        line_count: Number of lines on the page.
        lines_sha256: Digest of the file that describes its lines, hex; empty if there is none.
        file_sha256: Digest of the multi-page file that it is in, hex; empty if it is unknown,
            or if the page is a file of its own.
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
    """What is stored of a line to detect whether it is in two splits.

    Attributes:
        page_uri: Location of the page image.
        line_id: Identifier of the line on its page.
        split: 'train', 'eval' or 'test'.
        page_sha256: Digest of the page's image file, hex.
        fingerprint: Fingerprint that `model.dataset.fingerprint.are_near_duplicates` compares.
        bands: Keys; near duplicates have at least one in common.
    """

    page_uri: str
    line_id: str
    split: str
    page_sha256: str
    fingerprint: bytes
    bands: tuple[str, ...]


@dataclass(frozen=True)
class Leak:
    """A line that is in two splits.

    Attributes:
        page_uri: Page of the line that may be dropped, which is the one in 'train' if there is one.
        line_id: Identifier of that line.
        split: Split of that line.
        kind: 'same image' or 'near duplicate'.
        other_page_uri: Page of the line in the other split.
        other_line_id: Identifier of that line.
        other_split: Split of that line.
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
    """A page of the input, and where to read its image from.

    Attributes:
        uri: Identifier of the page: the file, with the page number if the file has several
            pages; or the id of a IIIF canvas.
        addresses: Locations of the image, best first: the file (then equal to `uri`), or
            addresses on the web. Empty if `fault` is set.
        document: The multi-page file or the manifest that lists the page; empty if none.
        place: Position in the order of the document, from 0.
        label: Label of the page in the document ('12r'); may be empty.
        canvas_px: Width and height of the canvas in the manifest; zeros if there is none.
        fault: Why the page cannot be read; empty if it can. Only this page fails then.
        attempts: Number of attempts to download the document.
        is_transient: Whether a later run may succeed.
        page_count: Number of pages of that file; 0 if they were not counted.
        file_sha256: Digest of that file, hex, if it has several pages; else empty.
        described_by: Files of the input that describe the page, except those of its name.
        skipped: Value of the `SkipReason` for which it was not even listed; empty for a page.
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
    described_by: tuple[str, ...] = ()
    skipped: str = ""

    @property
    def location(self) -> str:
        """Where a page that is in a file is: the file, with the page number as in `uri`."""
        return self.addresses[0] if self.addresses else self.uri
