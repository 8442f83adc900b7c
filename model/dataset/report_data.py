"""What a dataset report says, as plain values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from model.dataset.audit import CharacterRow
from model.report.contact_sheet import ReportSample
from model.report.histogram import Histogram


@dataclass(frozen=True)
class OutcomeCounts:
    """What became of everything of one sort; came_in = ok + failed + skipped.

    Attributes:
        what: 'pages', 'lines'.
        came_in: How many there were.
        ok: How many are in the dataset.
        failed: How many were rejected with a reason.
        skipped: How many were left out on purpose.
    """

    what: str
    came_in: int
    ok: int
    failed: int
    skipped: int = 0


@dataclass(frozen=True)
class SourceCount:
    """How much of the dataset comes from one source into one split.

    Attributes:
        source: Name of the format or of the collection.
        split: 'train', 'eval' or 'test'.
        pages: Pages.
        lines: Lines.
    """

    source: str
    split: str
    pages: int
    lines: int


@dataclass(frozen=True)
class RejectKind:
    """Everything that was rejected for one kind of reason.

    Attributes:
        stage: The step that rejected it.
        reason: What the errors have in common, from `kind_of_error`.
        count: How often.
        samples: A few of them, each with its whole error as the note.
    """

    stage: str
    reason: str
    count: int
    samples: tuple[ReportSample, ...] = ()


@dataclass(frozen=True)
class LeakPair:
    """Two lines in two splits that are one.

    Attributes:
        kind: 'same image' or 'near duplicate'.
        kept: The line that stayed.
        dropped: The line that was taken out, if it was in train; else it stayed too.
    """

    kind: str
    kept: ReportSample
    dropped: ReportSample


@dataclass(frozen=True)
class ReportData:
    """All that a report says.

    Attributes:
        title: Name of the dataset.
        facts: (name, value) of what else belongs at the head: version, digest, flags.
        account: The account of pages and of lines.
        counts: Size by source and split.
        widths_px: Widths of the strips.
        heights_px: Heights of the lines.
        text_lengths: Characters in each line.
        characters: Rows of the charset audit.
        dominant_script: Script of most letters.
        leak_count: How many leaks were found.
        leaks: Some or all of them.
        rejects: Every kind of reject.
        accepted: The contact sheet.
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
    """Reduce an error to what it shares with others of its kind.

    Args:
        error: What, which one; and the cure after a semicolon.

    Returns:
        The first part, with an ellipsis for each number, quoted word and file name.

    Example:
        >>> kind_of_error("a_07.xml: line is 12 px long and 3 px high, too short; mend it")
        'line is … px long and … px high, too short'
    """
    what = error.split(";")[0].strip()
    what = re.sub(r"^(?:\w+:/)?[^:]*\.\w{2,5}: ", "", what)
    what = re.sub(r"'[^']*'|\"[^\"]*\"", "…", what)
    return re.sub(r"-?\d+(?:[.,]\d+)*", "…", what)
