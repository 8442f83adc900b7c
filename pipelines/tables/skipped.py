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

NO_PAGES = "file{0} that {1} no page{0}"
# By what their reasons contain; all others are no pages.
_CAUSES = {
    "is described by another file": "file{0} whose page another file describes",
    "describes the same lines": "file{0} whose lines another file describes",
    "has the same image and text": "row{0} whose image and text another row has",
    "is paired already": "more file{0} of images and texts that are paired already",
    "another version of": "other version{0} of described images",
    "mask": "mask{0} beside XML",
    "transcribe could not read it": "page{0} that transcribe could not read",
    "linked folder": "linked folder{0} that {1} read already",
    "no regular file": "pipe{0}, socket{0} or device{0}",
    "no line of the requested kinds": "page{0} without a line of the requested kinds",
    "no columns of images and texts": "table{0} without columns of images and texts, which "
    "--image_column and --text_column name",
    "page has no lines": "page{0} that {2} no lines",
    "belongs to an IAM index": "file{0} of IAM that {1} no index of lines",
    "does not read": "file{0} that --format pair does not read",
}
# Where images are listed, the XML beside them is not a page of its own.
_DESCRIPTIONS = "XML file{0} beside images"
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
        count = self.counts[cause]
        what = cause.format(*(("", "is", "has") if count == 1 else ("s", "are", "have")))
        return f"skipped: {count:,} {what} ({self.named(cause)})"

    def named(self, cause: str) -> str:
        """Return the first names of a cause."""
        names = self.names.get(cause, [])
        return ", ".join([*names, *(["..."] if self.counts[cause] > len(names) else [])])

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
        names = ", ".join(map(skipped.named, sorted(skipped.counts)))
        raise UsageError(
            f"nothing could be read: no file of --input is a page ({names or 'it has none'}); "
            "give images, PDFs or folders of them"
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
