"""Contact sheets: which lines to show, the same whatever order they came in, and how."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import cv2
import numpy as np

from model.report.html import escape

_MOST_WIDTH_PX, _MOST_HEIGHT_PX = 1200, 240
_SIGNATURES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))


@dataclass(frozen=True, order=True)
class ReportSample:
    """Something to show.

    Attributes:
        uri: Where it comes from.
        text: Its transcription; empty where it has none.
        note: What to say about it: why it was rejected, which split it is in.
        image: PNG or JPEG; empty where there is none.
    """

    uri: str
    text: str = ""
    note: str = ""
    image: bytes = b""


@dataclass
class SampleReservoir:
    """Keeps a few of many, by chance but always the same ones.

    The samples whose keys have the smallest SHA-256 are kept. So it matters neither in
    which order they come nor how they are spread over reservoirs that are merged later.

    Attributes:
        size: How many to keep.
        kept: What is kept so far: (digest of the key, sample).

    Example:
        >>> reservoir = SampleReservoir(1)
        >>> for name in ("a", "b", "c"):
        ...     reservoir.add(name, ReportSample(name))
        >>> [sample.uri for sample in reservoir.samples()]
        ['c']
    """

    size: int
    kept: set[tuple[str, ReportSample]] = field(default_factory=set)

    def __post_init__(self):
        if self.size < 1:
            raise ValueError(
                f"a reservoir of {self.size} samples keeps none; give it a size from 1"
            )

    def would_keep(self, key: str) -> bool:
        """Tell whether a sample would be kept: its picture need not be made if not."""
        return len(self.kept) < self.size or _digest(key) <= max(self.kept)[0]

    def add(self, key: str, sample: ReportSample) -> None:
        """Keep a sample if its turn comes.

        Args:
            key: Its name among all; a copy with the same key and content counts once.
            sample: The sample.
        """
        self.kept.add((_digest(key), sample))
        self._cut()

    def merge(self, other: SampleReservoir) -> None:
        """Keep the best of both.

        Raises:
            ValueError: If the other is of another size.
        """
        if other.size != self.size:
            raise ValueError(
                f"reservoirs of {self.size} and {other.size} samples do not merge; use one size"
            )
        self.kept |= other.kept
        self._cut()

    def _cut(self) -> None:
        if len(self.kept) > self.size:
            self.kept = set(sorted(self.kept)[: self.size])

    def samples(self) -> tuple[ReportSample, ...]:
        """List the samples in the order of their URIs."""
        return tuple(sorted(sample for _, sample in self.kept))


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def thumbnail(grey: np.ndarray) -> bytes:
    """Make a picture for a report: a line as it is, a page scaled down.

    Args:
        grey: uint8 [height_px, width_px].

    Returns:
        PNG of at most 1200 x 240 px.
    """
    height, width = grey.shape
    scale = min(1.0, _MOST_WIDTH_PX / width, _MOST_HEIGHT_PX / height)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".png", grey, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes()


def contact_sheet(samples: Iterable[ReportSample], small: bool = False) -> str:
    """Lay samples out: each a picture, its text below, its place and the note.

    Args:
        samples: What to show.
        small: Whether more of them share a row.

    Returns:
        HTML.
    """
    cards = "".join(f'<div class="card">{show(sample)}</div>' for sample in samples)
    return f'<div class="sheet{" small" * small}">{cards}</div>'


def show(sample: ReportSample) -> str:
    """Show one sample: what a card holds.

    Args:
        sample: What to show.

    Returns:
        HTML.
    """
    parts = []
    source = _data_uri(sample.image)
    if source:
        alt = escape(sample.text or sample.uri)
        parts.append(f'<div class="leaf"><img src="{source}" alt="{alt}" loading="lazy"></div>')
    parts.append('<div class="says">')
    if sample.text:
        parts.append(f'<p class="text" dir="auto">{escape(sample.text)}</p>')
    if sample.note:
        parts.append(f'<p class="note" dir="auto">{escape(sample.note)}</p>')
    parts.append(f'<p class="uri"><bdi>{escape(sample.uri)}</bdi></p></div>')
    return "".join(parts)


def _data_uri(image: bytes) -> str:
    """Put an image into a URL; empty where it is neither PNG nor JPEG."""
    for signature, media_type in _SIGNATURES:
        if image.startswith(signature):
            return f"data:{media_type};base64,{base64.b64encode(image).decode('ascii')}"
    return ""
