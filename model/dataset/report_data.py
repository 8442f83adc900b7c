"""The content of a dataset report, as plain values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from model.dataset.audit import CharacterRow
from model.report.contact_sheet import ReportSample
from model.report.histogram import Histogram


@dataclass(frozen=True)
class OutcomeCounts:
    """Counts of pages or lines by outcome; came_in = ok + failed + skipped.

    Attributes:
        what: What is counted, 'pages' or 'lines'.
        came_in: Number in the input.
        ok: Number in the dataset.
        failed: Number rejected with a reason.
        skipped: Number left out on purpose.
    """

    what: str
    came_in: int
    ok: int
    failed: int
    skipped: int = 0


@dataclass(frozen=True)
class SourceCount:
    """The size of one split from one source.

    Attributes:
        source: Name of the format or of the collection.
        split: 'train', 'eval' or 'test'.
        pages: Number of pages.
        lines: Number of lines.
    """

    source: str
    split: str
    pages: int
    lines: int


@dataclass(frozen=True)
class RejectKind:
    """The rejects of one step for one kind of reason.

    Attributes:
        stage: The step that rejected them.
        reason: The common part of their errors, from `kind_of_error`.
        count: Number of rejects.
        samples: A few of them, each with its full error as the note.
    """

    stage: str
    reason: str
    count: int
    samples: tuple[ReportSample, ...] = ()


@dataclass(frozen=True)
class LeakPair:
    """A leak: the same line in two splits.

    Attributes:
        kind: 'same image' or 'near duplicate'.
        kept: The line that stayed.
        dropped: The other line, which was removed if it was in train.
    """

    kind: str
    kept: ReportSample
    dropped: ReportSample


@dataclass(frozen=True)
class ReportData:
    """The content of a report.

    Attributes:
        title: Name of the dataset.
        facts: (name, value) pairs for the head: version, digest, flags.
        account: Outcomes of pages and of lines.
        counts: Size by source and split.
        widths_px: Widths of the line images.
        heights_px: Heights of the line images.
        text_lengths: Characters in each line.
        characters: Rows of the charset audit.
        dominant_script: Script of most letters.
        leak_count: Number of leaks.
        leaks: Some or all leaks.
        rejects: All kinds of rejects.
        accepted: Lines of the contact sheet.
    """

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    account: tuple[OutcomeCounts, ...] = ()
    counts: tuple[SourceCount, ...] = ()
    widths_px: Histogram = field(default_factory=lambda: Histogram(20))
    heights_px: Histogram = field(default_factory=lambda: Histogram(2))
    text_lengths: Histogram = field(default_factory=lambda: Histogram(2))
    characters: tuple[CharacterRow, ...] = ()
    dominant_script: str = ""
    leak_count: int = 0
    leaks: tuple[LeakPair, ...] = ()
    rejects: tuple[RejectKind, ...] = ()
    accepted: tuple[ReportSample, ...] = ()


def kind_of_error(error: str) -> str:
    """Return the part of an error message that it shares with others of its kind.

    Args:
        error: Message: file name and colon, if any; what is wrong; and the cure after a semicolon.

    Returns:
        What is wrong, with an ellipsis for each number, quoted value and name of a file.

    Example:
        >>> kind_of_error("a_07.xml: line is 12 px long and 3 px high, too short; correct it")
        'line is … px long and … px high, too short'
        >>> kind_of_error("image f7c_default.jpg is not beside it; put it there")
        'image … is not beside it'
    """
    what = error.split(";")[0].strip()
    what = re.sub(r"^(?:\w+:/)?[^:]*\.\w{2,5}: ", "", what)
    what = re.sub(r"'[^']*'|\"[^\"]*\"", "…", what)
    what = re.sub(r"(?<!\S)\S*\.[A-Za-z]\w{1,4}(?=[\s,]|$)", "…", what)
    return re.sub(r"-?\d+(?:[.,]\d+)*", "…", what)
