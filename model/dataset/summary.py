"""What a dataset holds, summed up line by line; sums merge in any order."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from model.dataset.audit import CharacterAudit
from model.report.contact_sheet import Sample, SampleReservoir
from model.report.histogram import Histogram
from schemas.features import encode_line
from schemas.records import LineExample

_DIGEST_MODULUS = 1 << 256
_SAMPLES = 40


@dataclass
class DatasetSummary:
    """Counts of a dataset, its digest and a few of its lines.

    Attributes:
        lines: Lines by (source, split).
        page_digests: For (source, split), the pages, each by 8 bytes of a hash.
        widths_px: Lines by width.
        heights_px: Lines by height.
        text_lengths: Lines by characters of text.
        train_characters: How often each character stands in the training texts.
        audit: The characters of all texts.
        samples: A few lines.
        digest: Sum of the records' SHA-256, modulo 2^256: the same whatever the order.
    """

    lines: Counter[tuple[str, str]] = field(default_factory=Counter)
    page_digests: dict[tuple[str, str], set[bytes]] = field(default_factory=dict)
    widths_px: Histogram = field(default_factory=lambda: Histogram(20))
    heights_px: Histogram = field(default_factory=lambda: Histogram(1))
    text_lengths: Histogram = field(default_factory=lambda: Histogram(2))
    train_characters: Counter[str] = field(default_factory=Counter)
    audit: CharacterAudit = field(default_factory=CharacterAudit)
    samples: SampleReservoir = field(default_factory=lambda: SampleReservoir(_SAMPLES))
    digest: int = 0

    def add(self, line: LineExample) -> None:
        """Add a line."""
        place = line.source, line.split
        self.lines[place] += 1
        page = hashlib.sha256(line.page_uri.encode()).digest()[:8]
        self.page_digests.setdefault(place, set()).add(page)
        self.widths_px.add(line.width_px)
        self.heights_px.add(line.height_px)
        self.text_lengths.add(len(line.text))
        if line.split == "train":
            self.train_characters.update(line.text)
        self.audit.add(line.text, line.page_uri)
        key = f"{line.page_uri} {line.line_id}"
        if self.samples.would_keep(key):
            self.samples.add(key, Sample(line.page_uri, line.text, line.split, line.image))
        record = hashlib.sha256(encode_line(line)).digest()
        self.digest = (self.digest + int.from_bytes(record, "big")) % _DIGEST_MODULUS

    def merge(self, other: DatasetSummary) -> None:
        """Add what another summary holds."""
        self.lines.update(other.lines)
        for place, pages in other.page_digests.items():
            self.page_digests.setdefault(place, set()).update(pages)
        for name in ("widths_px", "heights_px", "text_lengths", "audit", "samples"):
            getattr(self, name).merge(getattr(other, name))
        self.train_characters.update(other.train_characters)
        self.digest = (self.digest + other.digest) % _DIGEST_MODULUS

    @classmethod
    def of_lines(cls, lines: Iterable[LineExample]) -> DatasetSummary:
        """Sum lines up."""
        summary = cls()
        for line in lines:
            summary.add(line)
        return summary

    @property
    def line_count(self) -> int:
        """All lines."""
        return sum(self.lines.values())

    def lines_of_split(self, split: str) -> int:
        """Lines of one split."""
        return sum(count for (_, s), count in self.lines.items() if s == split)

    def hex_digest(self) -> str:
        """The digest in hex."""
        return f"{self.digest:064x}"


def sum_digests(digests: Iterable[str]) -> str:
    """Sum SHA-256 digests, modulo 2^256: the same whatever their order.

    Args:
        digests: In hex.

    Returns:
        The sum in hex.
    """
    return f"{sum(int(digest, 16) for digest in digests) % _DIGEST_MODULUS:064x}"
