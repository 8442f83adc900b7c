"""The charset audit in a report: what is odd first, then every character as a tile."""

from __future__ import annotations

from collections.abc import Sequence

from model.dataset.audit import CharacterRow
from model.report.html import escape, grouped, isolated, table

# First letters of the general categories, and what they are called.
_GROUPS = (
    ("L", "Letters"),
    ("M", "Marks"),
    ("N", "Digits and numbers"),
    ("PS", "Punctuation and signs"),
    ("ZC", "Spaces, controls and what has no ink"),
)


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
