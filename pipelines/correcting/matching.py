"""What a person changed on a page: its lines as they come back, matched with those that are known.

Editors keep the identifiers of lines or give them new ones, so that a line is known by where it is;
its identifier decides between lines in the same place.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from model.text.charset import normalise_text
from pipelines.formats.names import split_extension, split_page_uri
from schemas.corrections import Correction, CorrectionKind
from schemas.records import Line, Polyline

# Two lines are the same if they share so much of the longer one's width, and lie no further apart
# than this share of the known one's height.
_LEAST_OVERLAP, _MOST_DISTANCE = 0.5, 0.5
# Height of a line without outline, as a share of its width; and the least that counts.
_HEIGHT_OF_WIDTH, _LEAST_HEIGHT_PX = 0.05, 8.0
_SAMPLES = 16


@dataclass(frozen=True)
class KnownLine:
    """A line as the tables have it, after the corrections that were made before.

    Attributes:
        line: The line with its text.
        run_id: Run that read it; empty for one that a person drew.
        seen: The newest correction of it; empty for none.
        read_text: What the run read; None for one that a person drew.
        is_gone: Whether a person said that it is no line.
    """

    line: Line
    run_id: str
    seen: str = ""
    read_text: str | None = None
    is_gone: bool = False


@dataclass(frozen=True)
class PageCorrections:
    """What was changed on a page.

    Attributes:
        changes: Each new correction, and the one of the same line that was seen.
        same: Lines that are as they were.
    """

    changes: tuple[tuple[Correction, str], ...]
    same: int

    @property
    def drawn(self) -> int:
        """Number of lines that a person drew."""
        return sum(not one.run_id and not seen for one, seen in self.changes)

    @property
    def removed(self) -> int:
        """Number of lines that are not there any more."""
        return sum(one.kind is CorrectionKind.NO_LINE for one, _ in self.changes)

    @property
    def rewritten(self) -> int:
        """Number of lines with another text."""
        return len(self.changes) - self.drawn - self.removed


def correct_page(
    page_uri: str, known: Sequence[KnownLine], lines: Sequence[Line], author: str, source: str
) -> PageCorrections:
    """Compare the lines of a page as a person left them with those that are known.

    A line that the file has as it was read does not undo a correction that was made meanwhile, and
    one that another person drew meanwhile is not removed.

    Args:
        page_uri: The page.
        known: Its lines.
        lines: The lines of the file, in pixels of the page image; those with a fault do not count.
        author: Who changed them.
        source: The file.

    Returns:
        A correction for each line with another text, each that is not there any more, and each
        that was drawn.
    """
    said = Correction("", "", author, page_uri, "x", "", CorrectionKind.TEXT, source=source)
    pairs = _match([one.line for one in known], lines)
    changes, same = [], 0
    for place, one in enumerate(known):
        line = one.line
        as_before = replace(
            said,
            line_id=line.line_id,
            run_id=one.run_id,
            old_text=line.text or "",
            baseline=line.baseline,
            polygon=line.polygon,
        )
        if place not in pairs:
            if one.run_id and not one.is_gone:
                gone = replace(as_before, kind=CorrectionKind.NO_LINE)
                changes.append((gone, one.seen))
            continue
        text = normalise_text(lines[pairs[place]].text or "")
        if text in (normalise_text(line.text or ""), one.read_text):
            same += 1
            continue
        kind = CorrectionKind.TEXT if text else CorrectionKind.ILLEGIBLE
        changes.append((replace(as_before, kind=kind, text=text), one.seen))
    taken, names = set(pairs.values()), {one.line.line_id for one in known}
    for place, line in enumerate(lines):
        if place in taken or not (line.baseline or line.polygon):
            continue
        name = _new_name(line.line_id, names)
        names.add(name)
        drawn = replace(
            said,
            line_id=name,
            text=normalise_text(line.text or ""),
            baseline=line.baseline,
            polygon=line.polygon,
        )
        changes.append((drawn, ""))
    return PageCorrections(tuple(changes), same)


def _new_name(line_id: str, taken: Iterable[str]) -> str:
    name, number = line_id or "drawn", 1
    while name in taken:
        number += 1
        name = f"{line_id or 'drawn'}_{number}"
    return name


def _match(known: Sequence[Line], lines: Sequence[Line]) -> dict[int, int]:
    """Return for each known line that is still there which of the others it is."""
    by_id = {line.line_id: place for place, line in enumerate(lines)}
    nearness = []
    for place, line in enumerate(known):
        for other, candidate in enumerate(lines):
            near = _nearness(line, candidate)
            if near is not None:
                is_named = by_id.get(line.line_id) == other
                nearness.append((-near - 0.25 * is_named, place, other))
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, place, other in sorted(nearness):
        if place not in pairs and other not in taken:
            pairs[place] = other
            taken.add(other)
    # A line that says nowhere where it is: its name is all there is.
    for place, line in enumerate(known):
        other = by_id.get(line.line_id)
        if place in pairs or other is None or other in taken:
            continue
        if not (_points(line) and _points(lines[other])):
            pairs[place] = other
            taken.add(other)
    return pairs


def _nearness(line: Line, other: Line) -> float | None:
    """Return 1 for two lines at the same place, down to 0; None if they are not the same."""
    one, two = _points(line), _points(other)
    if not one or not two:
        return None
    (left, right), (other_left, other_right) = _range(one, 0), _range(two, 0)
    width = max(right - left, other_right - other_left)
    overlap = min(right, other_right) - max(left, other_left)
    if overlap <= 0 or overlap < _LEAST_OVERLAP * width:
        return None
    places = np.linspace(max(left, other_left), min(right, other_right), _SAMPLES)
    distance_px = float(np.abs(_heights(one, places) - _heights(two, places)).mean())
    height_px = _height_px(line, width)
    if distance_px > _MOST_DISTANCE * height_px:
        return None
    return 1 - distance_px / height_px / 2 - (1 - overlap / width) / 2


def _points(line: Line) -> Polyline:
    """Return the baseline, or the middle of the outline as a level line."""
    if len(line.baseline) > 1:
        return line.baseline
    if not line.polygon:
        return line.baseline
    (left, right), (top, bottom) = _range(line.polygon, 0), _range(line.polygon, 1)
    return ((left, bottom - (bottom - top) / 4), (right, bottom - (bottom - top) / 4))


def _range(points: Polyline, axis: int) -> tuple[float, float]:
    values = [point[axis] for point in points]
    return min(values), max(values)


def _heights(points: Polyline, places: np.ndarray) -> np.ndarray:
    xs, ys = np.array(sorted(points), float).T
    return np.interp(places, xs, ys)


def _height_px(line: Line, width_px: float) -> float:
    if line.polygon:
        top, bottom = _range(line.polygon, 1)
        return max(bottom - top, _LEAST_HEIGHT_PX)
    return max(_HEIGHT_OF_WIDTH * width_px, _LEAST_HEIGHT_PX)


def pages_by_name(uris: Iterable[str]) -> dict[str, list[str]]:
    """Return the pages by each of the names that a file may call them by, in lower case.

    Args:
        uris: The pages of the tables.
    """
    named: dict[str, list[str]] = {}
    for uri in uris:
        for name in dict.fromkeys(_names(uri)):
            named.setdefault(name, []).append(uri)
    return named


def page_named(named: Mapping[str, Sequence[str]], image_name: str, described_by: str) -> str:
    """Return the page that a file describes.

    Args:
        named: Result of `pages_by_name`.
        image_name: The image as the file names it; may be empty.
        described_by: The file.

    Raises:
        ValueError: If it is none of them, or may be several.

    Example:
        >>> named = pages_by_name(["a/x.jpg", "b/x.jpg", "two.pdf#page=1", "two.pdf#page=2"])
        >>> page_named(named, "x.jpg", "out/page/b/x.jpg.xml")
        'b/x.jpg'
        >>> page_named(named, "two.pdf", "two.pdf_0002.xml")
        'two.pdf#page=2'
    """
    stem = posixpath.basename(described_by).rsplit(".", 1)[0]
    image = posixpath.basename(image_name.replace("\\", "/"))
    for wanted in filter(None, (image, stem, split_extension(image)[0])):
        found = named.get(wanted.lower(), ())
        if not found:
            continue
        best = max(_shared_folders(uri, described_by) for uri in found)
        nearest = [uri for uri in found if _shared_folders(uri, described_by) == best]
        if len(nearest) == 1:
            return nearest[0]
        raise ValueError(
            f"may be {nearest[0]} or {nearest[1]}; keep the file in a folder called like that of "
            "the image"
        )
    raise ValueError(f"no page of the tables is called {image or stem}; give its --transcripts")


def _names(uri: str) -> tuple[str, ...]:
    file, number = split_page_uri(uri)
    base = posixpath.basename(file).lower()
    bare = split_extension(base)[0]
    if number is None:
        return base, bare
    return f"{base}_{number:04}", f"{bare}_{number:04}", f"{base}#page={number}"


def _shared_folders(uri: str, described_by: str) -> int:
    """Return how many folders above both are called alike, from the file upwards."""
    ours = posixpath.dirname(split_page_uri(uri)[0]).split("/")[::-1]
    theirs = posixpath.dirname(described_by).split("/")[::-1]
    best = 0
    # A folder for the XML may lie between.
    for start in range(min(2, len(theirs))):
        count = 0
        for one, other in zip(ours, theirs[start:]):
            if one != other:
                break
            count += 1
        best = max(best, count)
    return best
