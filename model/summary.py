"""What a dataset holds, summed up line by line; sums merge in any order."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas.features import encode_line
from schemas.records import LineExample

_DIGEST_MODULUS = 1 << 256
_COUNTERS = ("lines", "widths_px", "lengths", "characters")


@dataclass
class DatasetSummary:
    """Counts of a dataset and its digest.

    Attributes:
        lines: Lines by (source, split).
        widths_px: Lines by width.
        lengths: Lines by characters of text.
        characters: Characters of the training texts, by how often each stands.
        digest: Sum of the records' SHA-256, modulo 2^256: the same whatever the order.
    """

    lines: Counter[tuple[str, str]] = field(default_factory=Counter)
    widths_px: Counter[int] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)
    characters: Counter[str] = field(default_factory=Counter)
    digest: int = 0

    def add(self, line: LineExample) -> None:
        """Add a line."""
        self.lines[line.source, line.split] += 1
        self.widths_px[line.width_px] += 1
        self.lengths[len(line.text)] += 1
        if line.split == "train":
            self.characters.update(line.text)
        record = hashlib.sha256(encode_line(line)).digest()
        self.digest = (self.digest + int.from_bytes(record, "big")) % _DIGEST_MODULUS

    def merge(self, other: DatasetSummary) -> None:
        """Add what another summary holds."""
        self.lines += other.lines
        self.widths_px += other.widths_px
        self.lengths += other.lengths
        self.characters += other.characters
        self.digest = (self.digest + other.digest) % _DIGEST_MODULUS

    def to_json(self) -> str:
        """Write the summary as a JSON object."""
        counts = {name: sorted(getattr(self, name).items()) for name in _COUNTERS}
        return json.dumps({**counts, "digest": self.hex_digest()}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> DatasetSummary:
        """Read what `to_json` wrote."""
        data = json.loads(text)
        counts = {
            name: Counter({tuple(k) if isinstance(k, list) else k: n for k, n in data[name]})
            for name in _COUNTERS
        }
        return cls(**counts, digest=int(data["digest"], 16))

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
