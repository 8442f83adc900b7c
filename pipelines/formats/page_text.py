"""A transcribed page to export, normalised to what every output format can represent."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import groupby, pairwise

from model.geometry.orientation import UPRIGHT, swaps_sides, to_stored
from model.text.bidi import RIGHT_TO_LEFT, direction_of
from pipelines.formats.boxes import corners_around
from pipelines.formats.names import split_page_uri
from pipelines.formats.page_place import image_name
from schemas.records import Character, Line, Polyline, Transcript

# Characters that XML 1.0 cannot contain: most control characters, and lone surrogates.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPLACEMENT = "\ufffd"
# Height of a line without polygon above and below its baseline, as shares of the line pitch.
_ABOVE, _BELOW = 0.75, 0.25
_LINES_ON_A_TYPICAL_PAGE = 30
_SMALLEST_PITCH_PX = 4
# Frames of the points of an export.
FRAMES = SHOWN, STORED = "shown", "stored"


@dataclass(frozen=True)
class PageText:
    """A page and the text read on it.

    Attributes:
        uri: Where the image is.
        width_px: Width of the image.
        height_px: Height of the image.
        lines: The lines in reading order.
        sha256: Digest of the image that was read, as returned by `open_page`.
        address: Where the image can be fetched; empty where that is `uri`.
        canvas_px: Width and height of its canvas in a manifest; zeros where it has none.
        dpi: Resolution stated in the image; 0 where there is none.
        document: Manifest or multi-page file that it is in; may be empty.
        place: Position in the order of the document, from 0.
        label: What the document calls the page; may be empty.
        orientation: EXIF orientation of the stored pixels, 1 to 8.
        frame: 'shown' if points are those of the picture as shown, 'stored' if they are those of
            the stored pixels.
        run_id: Run that read it; empty if unknown.
        called: Name of the image to state; empty for that of its file.
    """

    uri: str
    width_px: int
    height_px: int
    lines: tuple[Transcript, ...] = ()
    sha256: str = ""
    address: str = ""
    canvas_px: tuple[int, int] = (0, 0)
    dpi: float = 0.0
    document: str = ""
    place: int = 0
    label: str = ""
    orientation: int = UPRIGHT
    frame: str = "shown"
    run_id: str = ""
    called: str = ""

    @property
    def image_name(self) -> str:
        """File name of the image, as an export states it."""
        return self.called or image_name(self.uri, self.address)

    @property
    def number(self) -> int:
        """Number of the page in its document, or else in its file, from 1."""
        return self.place + 1 if self.document else split_page_uri(self.uri)[1] or 1

    @property
    def frame_note(self) -> str:
        """What an export says of the frame of its points; empty for an upright image."""
        if self.orientation == UPRIGHT:
            return ""
        turned = "as stored" if self.frame == STORED else "as shown, turned"
        return f"points are in the image {turned} (EXIF orientation {self.orientation})"


@dataclass(frozen=True)
class Origin:
    """Where the text comes from, for formats that state it.

    Attributes:
        software: Name and version of the program.
        created: End of the run that read the pages, UTC.
        model_digest: Digest of the model that read them; may be empty.
    """

    software: str
    created: datetime
    model_digest: str = ""


def corrected_line(line: Transcript, text: str) -> Transcript:
    """Return a line with the text that a person gave it, all of whose characters are certain."""
    characters = tuple(Character(one, 1.0) for one in text)
    return replace(line, text=text, confidence=1.0, characters=characters)


def count_forbidden(page: PageText) -> int:
    """Count the characters of the texts of a page that XML cannot contain."""
    return sum(len(_FORBIDDEN.findall(line.text)) for line in page.lines)


_TEXTS = tuple(one.name for one in fields(Line) if str(one.type).startswith("str"))
_LISTS = tuple(one.name for one in fields(Line) if one.type == "tuple[str, ...]")


def _representable(line: Line) -> Line:
    """Return a line whose identifiers, types and notes have no character that XML cannot hold."""
    changed: dict[str, object] = {}
    for name in _TEXTS:
        text = getattr(line, name)
        # Hardly any has one, and to look is faster than to replace.
        if text and _FORBIDDEN.search(text):
            changed[name] = _FORBIDDEN.sub(_REPLACEMENT, text)
    for name in _LISTS:
        if texts := getattr(line, name):
            changed[name] = tuple(_FORBIDDEN.sub(_REPLACEMENT, text) for text in texts)
    return replace(line, **changed) if changed else line


def normalise_page(page: PageText) -> PageText:
    r"""Change a page so that every output format can represent it.

    Coordinates become whole numbers in 0..width and 0..height. A line without a polygon gets
    one: a band around its baseline, or the whole page if it has no baseline either. Characters
    that XML cannot contain, in texts, identifiers, types or labels, become U+FFFD.

    Args:
        page: The page, as in the tables.

    Returns:
        The page; every line has a polygon of at least three points.

    Raises:
        ValueError: If the page has no size or a coordinate is not finite.

    Example:
        >>> line = Line("l1", 0, baseline=((2.4, 30.0), (99.7, 30.0)))
        >>> page = PageText("a.jpg", 90, 60, (Transcript("a.jpg", line, "x\0", 0.5),))
        >>> (normalised,) = normalise_page(page).lines
        >>> normalised.text, normalised.line.baseline
        ('x\ufffd', ((2, 30), (90, 30)))
    """
    if page.width_px < 1 or page.height_px < 1:
        raise ValueError("page has no width or height; transcribe it again")
    pitch_px = _pitch_px(page)
    return replace(
        page,
        label=_FORBIDDEN.sub(_REPLACEMENT, page.label),
        lines=tuple(_normalise_line(line, page, pitch_px) for line in page.lines),
    )


def as_stored(page: PageText) -> PageText:
    """Return a page with its points in the stored pixels instead of the picture as shown.

    Args:
        page: A normalised page.

    Example:
        >>> line = Line("l1", 0, baseline=((2, 30), (90, 30)))
        >>> page = PageText("a.jpg", 90, 60, (Transcript("a.jpg", line, "x", 1),), orientation=6)
        >>> stored = as_stored(page)
        >>> (stored.width_px, stored.height_px), stored.lines[0].line.baseline
        ((60, 90), ((30, 88), (30, 0)))
    """
    if page.orientation == UPRIGHT:
        return page

    def turned(points: Polyline) -> Polyline:
        return to_stored(points, page.orientation, page.width_px, page.height_px)

    lines = tuple(
        replace(
            one,
            line=replace(
                one.line, baseline=turned(one.line.baseline), polygon=turned(one.line.polygon)
            ),
        )
        for one in page.lines
    )
    size = (page.width_px, page.height_px)
    width_px, height_px = size[::-1] if swaps_sides(page.orientation) else size
    return replace(page, lines=lines, width_px=width_px, height_px=height_px, frame=STORED)


def runs_of_regions(lines: tuple[Transcript, ...]) -> Iterator[tuple[str, list[Transcript]]]:
    """Group consecutive lines by region; a region that the order returns to is split.

    PAGE and hOCR have no other way to keep the reading order.

    Yields:
        Id of a region and its consecutive lines, in reading order.
    """
    for region_id, members in groupby(lines, key=lambda line: line.line.region_id):
        yield region_id, list(members)


def runs_of_tables(lines: tuple[Transcript, ...]) -> Iterator[tuple[str, list[Transcript]]]:
    """Group consecutive lines by region, and those of a table as long as its cells ascend.

    ALTO numbers rows and cells by their order, so that a table that is read in another order,
    such as by columns, becomes several.

    Yields:
        Id of a region and its consecutive lines, which are all in cells or all in none.
    """
    for region_id, members in runs_of_regions(lines):
        run: list[Transcript] = []
        for line in members:
            if run and not _goes_on(run[-1].line, line.line):
                yield region_id, run
                run = []
            run.append(line)
        yield region_id, run


def _goes_on(line: Line, following: Line) -> bool:
    """Whether a line is in the same cell as the one before or a later one, or both are in none."""
    places = [(one.row, one.column) for one in (line, following)]
    if None in places[0] or None in places[1]:
        return None in places[0] and None in places[1]
    return places[0] <= places[1]


def runs_of_cells(lines: Iterable[Line]) -> Iterator[tuple[tuple[int, int] | None, list[Line]]]:
    """Group consecutive lines of a region by the table cell that they are in.

    Yields:
        Row and column of a cell, or None for lines in none, and its consecutive lines.

    Example:
        >>> lines = [Line("a", 0, row=0, column=1), Line("b", 1, row=0, column=1), Line("c", 2)]
        >>> [(cell, len(members)) for cell, members in runs_of_cells(lines)]
        [((0, 1), 2), (None, 1)]
    """

    def cell(line: Line) -> tuple[int, int] | None:
        return None if line.row is None or line.column is None else (line.row, line.column)

    for place, members in groupby(lines, key=cell):
        yield place, list(members)


def direction_to_state(text: str, line: Line) -> str:
    """Return the base direction that a description has to state of a line; empty for none.

    Args:
        text: Its text.
        line: The line, with the direction that its own description states.

    Returns:
        'rtl' for a line from right to left; 'ltr' for one that is not, though its letters are.

    Example:
        >>> line = Line("l1", 0)
        >>> direction_to_state("le soir", line), direction_to_state("שלום", line)
        ('', 'rtl')
    """
    direction = direction_of(text, line.direction)
    return direction if direction == RIGHT_TO_LEFT or direction != direction_of(text) else ""


def _normalise_line(transcript: Transcript, page: PageText, pitch_px: float) -> Transcript:
    line = transcript.line
    try:
        baseline = _inside(line.baseline, page)
        polygon = _inside(line.polygon, page)
        if len(polygon) < 3:
            polygon = _inside(_outline(line.baseline, page, pitch_px), page)
    except (ValueError, OverflowError):
        raise ValueError(
            f"line {line.line_id} has a point that is not finite; transcribe it again"
        ) from None
    return replace(
        transcript,
        line=replace(
            _representable(line), baseline=baseline if len(baseline) > 1 else (), polygon=polygon
        ),
        text=_FORBIDDEN.sub(_REPLACEMENT, transcript.text),
    )


def _inside(points: Polyline, page: PageText) -> Polyline:
    width_px, height_px = page.width_px, page.height_px
    found = []
    for x, y in points:
        x, y = round(x), round(y)
        # Written out: there are many points, and `min` and `max` take several times as long.
        x = 0 if x < 0 else width_px if x > width_px else x
        found.append((x, 0 if y < 0 else height_px if y > height_px else y))
    return tuple(found)


def _outline(baseline: Polyline, page: PageText, pitch_px: float) -> Polyline:
    if len(baseline) < 2:
        return corners_around([(0, 0, page.width_px, page.height_px)])
    above = tuple((x, y - _ABOVE * pitch_px) for x, y in baseline)
    below = tuple((x, y + _BELOW * pitch_px) for x, y in reversed(baseline))
    return above + below


def _pitch_px(page: PageText) -> float:
    """Estimate the line pitch of a page from its baselines."""
    heights = sorted(
        statistics.fmean(y for _, y in line.line.baseline)
        for line in page.lines
        if line.line.baseline
    )
    gaps = [after - before for before, after in pairwise(heights)]
    gaps = [gap for gap in gaps if gap > _SMALLEST_PITCH_PX and math.isfinite(gap)]
    return statistics.median(gaps) if gaps else page.height_px / _LINES_ON_A_TYPICAL_PAGE
