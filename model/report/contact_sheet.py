"""Contact sheets of lines, sampled independently of their order."""

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
    """A line or page shown in a report.

    Attributes:
        uri: Its page, and line if any.
        text: Its transcription; empty if it has none.
        note: A remark, such as its split or why it was rejected.
        image: PNG or JPEG; empty if there is none.
    """

    uri: str
    text: str = ""
    note: str = ""
    image: bytes = b""


@dataclass
class SampleReservoir:
    """Keeps a reproducible random sample.

    The samples with the smallest SHA-256 of their keys are kept. The result depends neither on
    their order nor on how they are distributed over reservoirs that are merged later.

    Attributes:
        size: Number of samples to keep.
        kept: (digest of the key, sample) of those kept so far.

    Raises:
        ValueError: If the size is below 1.

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
                f"a reservoir of {self.size} samples keeps none; give a size of 1 or more"
            )

    def would_keep(self, key: str) -> bool:
        """Return whether a sample would be kept, before its picture is made."""
        return len(self.kept) < self.size or _digest(key) <= max(self.kept)[0]

    def add(self, key: str, sample: ReportSample) -> None:
        """Add a sample, which is kept if its digest is among the smallest.

        Args:
            key: Unique name of the sample; an equal sample with the same key counts once.
            sample: The sample.
        """
        self.kept.add((_digest(key), sample))
        self._trim()

    def merge(self, other: SampleReservoir) -> None:
        """Add the samples of another reservoir.

        Raises:
            ValueError: If the other has another size.
        """
        if other.size != self.size:
            raise ValueError(
                f"reservoirs of {self.size} and {other.size} samples do not merge; use one size"
            )
        self.kept |= other.kept
        self._trim()

    def _trim(self) -> None:
        if len(self.kept) > self.size:
            self.kept = set(sorted(self.kept)[: self.size])

    def samples(self) -> tuple[ReportSample, ...]:
        """Return the samples in the order of their URIs."""
        return tuple(sorted(sample for _, sample in self.kept))


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def thumbnail(grey: np.ndarray) -> bytes:
    """Return an image for a report, scaled down if it is larger than a line.

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
    """Return a contact sheet: a card for each sample with its image, text, note and URI.

    Args:
        samples: The samples.
        small: Whether cards are smaller, so that a row has more of them.

    Returns:
        HTML.
    """
    cards = "".join(f'<div class="card">{show(sample)}</div>' for sample in samples)
    return f'<div class="sheet{" small" * small}">{cards}</div>'


def show(sample: ReportSample) -> str:
    """Return the content of a sample's card.

    Args:
        sample: The sample.

    Returns:
        HTML.
    """
    parts = []
    source = _data_uri(sample.image)
    if source:
        alt = escape(sample.text or sample.uri)
        parts.append(f'<div class="picture"><img src="{source}" alt="{alt}" loading="lazy"></div>')
    parts.append('<div class="caption">')
    if sample.text:
        parts.append(f'<p class="text" dir="auto">{escape(sample.text)}</p>')
    if sample.note:
        parts.append(f'<p class="note" dir="auto">{escape(sample.note)}</p>')
    parts.append(f'<p class="uri"><bdi>{escape(sample.uri)}</bdi></p></div>')
    return "".join(parts)


def _data_uri(image: bytes) -> str:
    """Return an image as a data URL; empty if it is neither PNG nor JPEG."""
    for signature, media_type in _SIGNATURES:
        if image.startswith(signature):
            return f"data:{media_type};base64,{base64.b64encode(image).decode('ascii')}"
    return ""
