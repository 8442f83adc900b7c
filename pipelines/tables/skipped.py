"""Which files a run left out, counted and named in one line a cause."""

from __future__ import annotations

import json
import posixpath
from collections import Counter
from collections.abc import Iterable

import apache_beam as beam

from pipelines.cli.options import UsageError
from pipelines.files.filesystem import read_bytes, write_bytes
from pipelines.formats.names import MARKUP_EXTENSION
from pipelines.tables.account import Account
from pipelines.transforms.summing import Summing
from schemas.records import Skipped, SkipReason

NO_PAGES = "that are no pages"
# By what their reasons contain; all others are no pages.
_CAUSES = {
    "is described by another file": "whose pages other files describe",
    "describes the same lines": "whose lines other files describe",
    "is paired already": "of images that are paired already",
    "another version of": "that are other versions of described images",
    "mask": "that are masks",
    "no line of the requested kinds": "without a line of the requested kinds",
    "belongs to an IAM index": "that belong to an IAM index",
    "does not read": "that --format pair does not read",
}
# Where images are listed, the XML beside them is not a page of its own.
_DESCRIPTIONS = "of XML, which are no images"
_COMPANIONS = ("metadata.xml", "mets.xml")
_MOST_NAMES = 5


def is_description(uri: str) -> bool:
    """Return whether a file is XML, and not one that accompanies pages by its name.

    Example:
        >>> is_description("d/p.xml"), is_description("d/metadata.xml")
        (True, False)
    """
    name = posixpath.basename(uri).lower()
    return name.endswith(MARKUP_EXTENSION) and name not in _COMPANIONS


class SkippedFiles:
    """Counts of files that were left out, by cause, and the first names of each.

    Args:
        counts: Cause to number of files.
        names: Cause to the first names in order.

    Example:
        >>> files = SkippedFiles()
        >>> for name in ("d/._a.png", "d/.DS_Store"): files.add(Skipped(name, "no image"))
        >>> print(files)
        skipped: 2 files that are no pages (.DS_Store, ._a.png)
    """

    def __init__(
        self, counts: dict[str, int] | None = None, names: dict[str, list[str]] | None = None
    ):
        self.counts, self.names = Counter(counts or {}), dict(names or {})

    def add(self, skipped: Skipped) -> None:
        """Count a file."""
        reason = str(getattr(skipped.reason, "value", skipped.reason))
        cause = next((cause for part, cause in _CAUSES.items() if part in reason), NO_PAGES)
        if reason == SkipReason.NO_IMAGE.value and is_description(skipped.uri):
            cause = _DESCRIPTIONS
        self._take(cause, 1, [posixpath.basename(skipped.uri) or skipped.uri])

    def merge(self, other: SkippedFiles) -> None:
        """Add all files that another one counted."""
        for cause, count in other.counts.items():
            self._take(cause, count, other.names[cause])

    def _take(self, cause: str, count: int, names: Iterable[str]) -> None:
        self.counts[cause] += count
        self.names[cause] = sorted({*self.names.get(cause, ()), *names})[:_MOST_NAMES]

    @property
    def total(self) -> int:
        """Files of all causes."""
        return sum(self.counts.values())

    def __str__(self):
        return "\n".join(self._line(cause) for cause in sorted(self.counts))

    def _line(self, cause: str) -> str:
        count, names = self.counts[cause], self.names[cause]
        text = cause.replace("that are no pages", "that is no page") if count == 1 else cause
        more = ", ..." if count > len(names) else ""
        return f"skipped: {count:,} file{'s' * (count != 1)} {text} ({', '.join(names)}{more})"

    def to_json(self) -> str:
        """Return what `from_json` reads."""
        return json.dumps([self.counts, self.names])

    @classmethod
    def read(cls, path: str) -> SkippedFiles:
        """Read what `WriteSkipped` wrote."""
        return cls(*json.loads(read_bytes(path)))


def check_some_page(account: Account, skipped: SkippedFiles) -> None:
    """Check that the input holds at least one page.

    Args:
        account: Of the run.
        skipped: Files that are no pages.

    Raises:
        UsageError: If all files of the input are none.
    """
    if account.pages_in <= skipped.total:
        named = f"; {skipped}" if skipped.total else ""
        raise UsageError(
            f"nothing could be read: no file of --input is a page{named}; give images, PDFs or "
            "folders of them"
        )


class WriteSkipped(beam.PTransform):
    """Write which files were left out, as `SkippedFiles.read` reads it.

    Args:
        path: The file.
    """

    def __init__(self, path: str):
        super().__init__()
        self._path = path

    def expand(self, skipped):
        return (
            skipped
            | "Sum up" >> beam.CombineGlobally(Summing(SkippedFiles))
            | "Write" >> beam.Map(_write, self._path)
        )


def _write(files: SkippedFiles, path: str) -> None:
    write_bytes(path, files.to_json().encode())
