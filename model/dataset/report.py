"""The report of a dataset: counts, line sizes, characters, leaks, rejects and sample lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from model.dataset.audit import CharacterRow
from model.dataset.report_data import LeakPair, OutcomeCounts, ReportData, SourceCount
from model.report.contact_sheet import contact_sheet, show
from model.report.histogram import Histogram, draw_histogram
from model.report.html import Figure, escape, grouped, isolated, page, table

# First letters of Unicode general categories, and the heading of their characters.
_GROUPS = (
    ("L", "Letters"),
    ("M", "Marks"),
    ("N", "Digits and numbers"),
    ("PS", "Punctuation and signs"),
    ("ZC", "Spaces, control and invisible characters"),
)

_SPLITS = ("train", "eval", "test")


def build_report(data: ReportData) -> str:
    """Return the report of a dataset.

    Args:
        data: Content of the report.

    Returns:
        An HTML document without scripts and with embedded images, which can be read offline.

    Example:
        >>> "<h1>Letters of 1858</h1>" in build_report(ReportData("Letters of 1858"))
        True
    """
    parts = (
        ("account", "Totals", *_account(data)),
        ("sources", "Sources and splits", *_sources(data)),
        ("lines", "Line sizes", *_measures(data)),
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
        "Every page and line of the input is accepted, rejected with a reason, or skipped on "
        "purpose."
    )
    return lead, "".join(map(_meter, data.account)) or _nothing("no input")


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
    lead = "All lines of a page are in the same split."
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
        ("Text length", data.text_lengths, "characters"),
    )
    figures = "".join(_chart(*chart) for chart in charts)
    return "Accepted lines only. Hover over a bar to see its count.", (
        f'<div class="charts">{figures}</div>'
    )


def _chart(name: str, histogram: Histogram, unit: str) -> str:
    caption = f"{name}, median {grouped(histogram.median())} {unit}" if histogram.total else name
    svg = draw_histogram(histogram, unit)
    return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"


def _leaks(data: ReportData) -> tuple[str, str]:
    lead = (
        "Lines that occur in two splits, on the same page image or as near-duplicate images. "
        "Those in train were removed from it."
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
    lead = "What is not in the dataset, by the step that rejected it and the reason."
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
    lead = "A random sample of accepted lines, as the recogniser sees them, with their texts."
    return lead, contact_sheet(data.accepted) if data.accepted else _nothing("no lines")


def _nothing(what: str) -> str:
    return f'<p class="nothing">{escape(what)}</p>'


def character_section(rows: Sequence[CharacterRow], dominant_script: str) -> tuple[str, str]:
    """Return the section on the characters of a dataset.

    Args:
        rows: The charset audit.
        dominant_script: Script of most letters; may be empty.

    Returns:
        Lead, text, and content, HTML.
    """
    odd = [row for row in rows if row.flags]
    script = f", most letters {dominant_script}" if dominant_script else ""
    lead = (
        f"{grouped(len(rows))} different characters{script}; "
        f"{grouped(len(odd)) if odd else 'none'} to check."
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
    headings = ("", "code point", "count", "name", "remark", "example page")
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
