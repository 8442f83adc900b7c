"""report.html: what a dataset holds, what was left out of it and why, on one page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from model.dataset.audit import CharacterRow
from model.dataset.report_data import LeakPair, OutcomeCounts, ReportData, SourceCount
from model.report.contact_sheet import contact_sheet, show
from model.report.histogram import Histogram, draw_histogram
from model.report.html import Figure, escape, grouped, isolated, page, table

# First letters of the general categories, and what they are called.
_GROUPS = (
    ("L", "Letters"),
    ("M", "Marks"),
    ("N", "Digits and numbers"),
    ("PS", "Punctuation and signs"),
    ("ZC", "Spaces, controls and what has no ink"),
)

_SPLITS = ("train", "eval", "test")


def build_report(data: ReportData) -> str:
    """Write a report.

    Args:
        data: What it says.

    Returns:
        An HTML document without scripts, its images inside it, that opens offline.

    Example:
        >>> "<h1>Letters of 1858</h1>" in build_report(ReportData("Letters of 1858"))
        True
    """
    parts = (
        ("account", "Account", *_account(data)),
        ("sources", "Sources and splits", *_sources(data)),
        ("lines", "Measures of the lines", *_measures(data)),
        ("characters", "Characters", *character_section(data.characters, data.dominant_script)),
        ("leaks", "Leaks", *_leaks(data)),
        ("rejects", "Rejects", *_rejects(data)),
        ("sheet", "Contact sheet", *_sheet(data)),
    )
    return page("Dataset report", data.title, _figures(data), data.facts, parts)


def _figures(data: ReportData) -> list[Figure]:
    accepted = [
        Figure(grouped(counts.ok), f"{counts.what} accepted") for counts in reversed(data.account)
    ]
    rejects = sum(kind.count for kind in data.rejects)
    return [
        *accepted,
        Figure(grouped(len(data.characters)), "characters"),
        Figure(grouped(rejects), "rejects", is_bad=rejects > 0),
        Figure(grouped(data.leak_count), "leaks", is_bad=data.leak_count > 0),
    ]


def _account(data: ReportData) -> tuple[str, str]:
    lead = (
        "Everything that came in is somewhere: accepted, rejected with a reason, or left out "
        "on purpose."
    )
    return lead, "".join(map(_meter, data.account)) or _nothing("nothing came in")


def _meter(counts: OutcomeCounts) -> str:
    shares = ("ok", counts.ok), ("failed", counts.failed), ("skipped", counts.skipped)
    bars = "".join(
        f'<i class="{name}" style="width:{100 * n / max(1, counts.came_in):.2f}%"></i>'
        for name, n in shares
        if n
    )
    return (
        f"<h3>{escape(counts.what.capitalize())}</h3><div>{grouped(counts.came_in)} in = "
        f"{grouped(counts.ok)} accepted + {grouped(counts.failed)} rejected + "
        f'{grouped(counts.skipped)} skipped</div><div class="meter">{bars}</div>'
    )


def _sources(data: ReportData) -> tuple[str, str]:
    lead = "Pages never share their lines between splits."
    if not data.counts:
        return lead, _nothing("no lines were written")
    cells: dict[str, dict[str, SourceCount]] = defaultdict(dict)
    for count in data.counts:
        cells[count.source][count.split] = count
    found = {count.split for count in data.counts}
    splits = [s for s in _SPLITS if s in found] + sorted(found.difference(_SPLITS))
    rows = [
        _source_row(isolated(name), list(cells[name].values()), splits) for name in sorted(cells)
    ]
    if len(rows) > 1:
        rows.append(_source_row("<b>all</b>", list(data.counts), splits))
    headings = ["source", "pages", *(f"{s} lines" for s in splits), "lines"]
    return lead, table(headings, rows)


def _source_row(name: str, counts: Sequence[SourceCount], splits: Sequence[str]) -> list[str | int]:
    by_split = [sum(c.lines for c in counts if c.split == split) for split in splits]
    return [name, sum(c.pages for c in counts), *by_split, sum(by_split)]


def _measures(data: ReportData) -> tuple[str, str]:
    charts = (
        ("Width", data.widths_px, "px"),
        ("Height", data.heights_px, "px"),
        ("Length of the text", data.text_lengths, "characters"),
    )
    figures = "".join(_chart(*chart) for chart in charts)
    return "Accepted lines only. Point at a bar to read its count.", (
        f'<div class="charts">{figures}</div>'
    )


def _chart(name: str, histogram: Histogram, unit: str) -> str:
    caption = f"{name}, median {grouped(histogram.median())} {unit}" if histogram.total else name
    svg = draw_histogram(histogram, unit)
    return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"


def _leaks(data: ReportData) -> tuple[str, str]:
    lead = (
        "Lines that are in two splits at once, in one image or in two pictures of one line. "
        "A line that is in train was taken out of it."
    )
    if not data.leak_count:
        return lead, _nothing("none found")
    shown = f"<p>{grouped(data.leak_count)} found, {grouped(len(data.leaks))} shown.</p>"
    cards = "".join(map(_leak, data.leaks))
    return lead, f'{shown}<div class="sheet">{cards}</div>'


def _leak(leak: LeakPair) -> str:
    return (
        f'<div class="card pair"><h4>{escape(leak.kind)}</h4>'
        f"{show(leak.kept)}{show(leak.dropped)}</div>"
    )


def _rejects(data: ReportData) -> tuple[str, str]:
    lead = "What is not in the dataset, by the step that rejected it and the reason it gave."
    if not data.rejects:
        return lead, _nothing("nothing was rejected")
    kinds = sorted(data.rejects, key=lambda kind: (kind.stage, -kind.count, kind.reason))
    rows = [(escape(kind.stage), isolated(kind.reason), kind.count) for kind in kinds]
    parts = [table(("step", "reason", "count"), rows)]
    for kind in kinds:
        if kind.samples:
            heading = f"{escape(kind.stage)}: {isolated(kind.reason)}"
            parts.append(f"<h3>{heading}</h3>{contact_sheet(kind.samples, small=True)}")
    return lead, "".join(parts)


def _sheet(data: ReportData) -> tuple[str, str]:
    lead = "Accepted lines, chosen by chance, as the recogniser sees them, with their texts."
    return lead, contact_sheet(data.accepted) if data.accepted else _nothing("no lines")


def _nothing(what: str) -> str:
    return f'<p class="nothing">{escape(what)}</p>'


def character_section(rows: Sequence[CharacterRow], dominant_script: str) -> tuple[str, str]:
    """Show the characters of a dataset.

    Args:
        rows: The charset audit.
        dominant_script: Script of most letters; may be empty.

    Returns:
        A sentence about them, and HTML.
    """
    odd = [row for row in rows if row.flags]
    script = f", most letters {dominant_script}" if dominant_script else ""
    lead = (
        f"{grouped(len(rows))} different ones{script}; "
        f"{grouped(len(odd)) if odd else 'none'} to look at."
    )
    parts = [_character_table(odd)] if odd else []
    for initials, name in _GROUPS:
        group = [row for row in rows if row.category[0] in initials]
        group.sort(key=lambda row: (-row.count, row.character))
        if group:
            tiles = "".join(map(_tile, group))
            parts.append(f'<h3>{name}</h3><div class="tiles">{tiles}</div>')
    if rows:
        parts.append(
            "<details><summary>All characters with name and example</summary>"
            f"{_character_table(rows)}</details>"
        )
    return lead, "".join(parts)


def _tile(row: CharacterRow) -> str:
    glyph = f"<b>{isolated(row.printable)}</b>"
    if not row.printable:
        glyph = f'<b class="code">{row.code_point[2:]}</b>'
    about = ", ".join([f"{row.code_point} {row.name}", *row.flags])
    return (
        f'<div class="tile{" odd" * bool(row.flags)}" title="{escape(about)}">'
        f"{glyph}<small>{grouped(row.count)}</small></div>"
    )


def _character_table(rows: Sequence[CharacterRow]) -> str:
    headings = ("", "code point", "count", "name", "remark", "for example on")
    cells = (
        (
            f'<span class="glyph">{isolated(row.printable)}</span>',
            row.code_point,
            row.count,
            escape(row.name),
            isolated(", ".join(row.flags)),
            f'<span class="uri">{isolated(row.example_uri)}</span>',
        )
        for row in rows
    )
    return table(headings, cells)
