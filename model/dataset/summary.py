"""Summary of a dataset, accumulated line by line; summaries can be merged in any order."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from model.dataset.audit import CharacterAudit
from model.report.contact_sheet import ReportSample, SampleReservoir
from model.report.histogram import Histogram
from model.text.bidi import ink_order
from schemas.features import encode_line
from schemas.records import LineExample

_HISTOGRAMS = ("widths_px", "heights_px", "text_lengths")

_DIGEST_MODULUS = 1 << 256
_SAMPLES = 40


@dataclass
class DatasetSummary:
    """Counts, digest and sample lines of a dataset.

    Attributes:
        lines: Number of lines by (source, split).
        page_digests: Pages by (source, split), each as 8 bytes of a hash.
        widths_px: Lines by width.
        heights_px: Lines by height.
        text_lengths: Lines by number of characters.
        train_characters: Character counts of the training texts, as their ink shows them.
        audit: Charset audit of all texts.
        samples: A random sample of lines.
        digest: Sum of the SHA-256 of the records, modulo 2^256, which does not depend on their
            order.
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
            self.train_characters.update(ink_order(line.text, line.direction))
        self.audit.add(line.text, line.page_uri)
        key = f"{line.page_uri} {line.line_id}"
        if self.samples.would_keep(key):
            self.samples.add(key, ReportSample(line.page_uri, line.text, line.split, line.image))
        record = hashlib.sha256(encode_line(line)).digest()
        self.digest = (self.digest + int.from_bytes(record, "big")) % _DIGEST_MODULUS

    def merge(self, other: DatasetSummary) -> None:
        """Add another summary."""
        self.lines.update(other.lines)
        for place, pages in other.page_digests.items():
            self.page_digests.setdefault(place, set()).update(pages)
        for name in ("widths_px", "heights_px", "text_lengths", "audit", "samples"):
            getattr(self, name).merge(getattr(other, name))
        self.train_characters.update(other.train_characters)
        self.digest = (self.digest + other.digest) % _DIGEST_MODULUS

    @property
    def line_count(self) -> int:
        """Number of lines."""
        return sum(self.lines.values())

    def lines_of_split(self, split: str) -> int:
        """Return the number of lines of a split."""
        return sum(count for (_, s), count in self.lines.items() if s == split)

    def hex_digest(self) -> str:
        """Return the digest in hex."""
        return f"{self.digest:064x}"


def sum_digests(digests: Iterable[str]) -> str:
    """Return the sum of SHA-256 digests, modulo 2^256, which does not depend on their order.

    Args:
        digests: Digests in hex.

    Returns:
        The sum in hex.
    """
    return f"{sum(int(digest, 16) for digest in digests) % _DIGEST_MODULUS:064x}"


def summary_to_json(summary: DatasetSummary) -> str:
    """Return a summary as JSON in ASCII.

    Example:
        >>> summary_from_json(summary_to_json(DatasetSummary())) == DatasetSummary()
        True
    """
    data = {
        "lines": [[*place, count] for place, count in summary.lines.items()],
        "page_digests": [
            [*place, *(page.hex() for page in sorted(pages))]
            for place, pages in summary.page_digests.items()
        ],
        **{name: list(getattr(summary, name).counts.items()) for name in _HISTOGRAMS},
        "train_characters": summary.train_characters,
        "characters": summary.audit.counts,
        "example_uris": summary.audit.example_uris,
        "samples": [[digest, sample_to_row(s)] for digest, s in sorted(summary.samples.kept)],
        "digest": summary.hex_digest(),
    }
    return json.dumps(data)


def summary_from_json(text: str) -> DatasetSummary:
    """Return the summary in JSON from `summary_to_json`."""
    data = json.loads(text)
    summary = DatasetSummary(
        lines=Counter({(source, split): n for source, split, n in data["lines"]}),
        page_digests={
            (source, split): set(map(bytes.fromhex, pages))
            for source, split, *pages in data["page_digests"]
        },
        train_characters=Counter(data["train_characters"]),
        digest=int(data["digest"], 16),
    )
    for name in _HISTOGRAMS:
        getattr(summary, name).counts.update(dict(data[name]))
    summary.audit.counts.update(data["characters"])
    summary.audit.example_uris.update(data["example_uris"])
    summary.samples.kept |= {(digest, sample_from_row(row)) for digest, row in data["samples"]}
    return summary


def sample_to_row(sample: ReportSample) -> dict[str, str]:
    """Return a sample as values for JSON, with its image in base64."""
    return {**asdict(sample), "image": base64.b64encode(sample.image).decode("ascii")}


def sample_from_row(row: dict[str, str]) -> ReportSample:
    """Return the sample of a row from `sample_to_row`."""
    return ReportSample(**{**row, "image": base64.b64decode(row["image"])})
