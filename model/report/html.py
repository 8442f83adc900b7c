"""Parts of HTML reports: escaped text, tables, sections, and the page with its style sheet."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# The browser loads and runs nothing, whatever the data contain.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_CONTROL_PICTURES = {code: 0x2400 + code for code in range(32)} | {127: 0x2421}
_LATE_CONTROLS = dict.fromkeys(range(128, 160), 0xFFFD)
_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)
_REPLACEMENTS = _CONTROL_PICTURES | _LATE_CONTROLS | _SURROGATES

_STYLE = """
:root{color-scheme:light dark;--page:#f7f3ea;--card:#fffdf8;--ink:#2a2520;--soft:#75695c;
--rule:#ddd3c2;--accent:#8a2e1c;--good:#4b6f57;--bad:#b5482f;--neutral:#b9a98f;--tint:#f7dcd3;
--picture:#fbf6ea}
@media(prefers-color-scheme:dark){:root{--page:#1b1917;--card:#242120;--ink:#ece5d9;
--soft:#a89c8c;--rule:#3b3632;--accent:#e39a7c;--good:#86b394;--bad:#e0795e;--neutral:#6f6558;
--tint:#53281d;--picture:#d9cfbc}}
*{box-sizing:border-box}
html{scroll-behavior:smooth}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,
"Segoe UI","Noto Sans","Liberation Sans",sans-serif;font-variant-numeric:tabular-nums}
main,header,nav{max-width:76rem;margin:0 auto;padding:0 1.5rem}
h1,h2,.figure b,.text,.tile b{font-family:"Iowan Old Style","Palatino Linotype",Palatino,P052,
"Book Antiqua","Noto Serif",Georgia,serif}
header{padding-top:3.2rem}
h1{font-size:2.5rem;line-height:1.15;font-weight:600;margin:0;overflow-wrap:anywhere}
h2{font-size:1.55rem;font-weight:600;margin:0 0 .2rem}
h3{font-size:1rem;margin:1.8rem 0 .5rem}
.kicker{color:var(--accent);letter-spacing:.14em;text-transform:uppercase;font-size:.75rem}
nav{margin-top:1.6rem}
nav a{color:var(--soft);margin-right:1.3rem;text-decoration:none;font-size:.9rem}
nav a:hover{color:var(--accent)}
section{border-top:1px solid var(--rule);margin-top:2.8rem;padding-top:1.3rem}
.lead,.nothing,.soft,.uri,figcaption,small{color:var(--soft)}
.lead{margin:0 0 1.2rem;max-width:48rem}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(10.5rem,1fr));gap:1px;
background:var(--card);border:1px solid var(--rule);margin-top:2rem}
.figure{box-shadow:0 0 0 1px var(--rule);padding:1rem 1.2rem}
.figure b{display:block;font-size:2rem;line-height:1.2;font-weight:600;white-space:nowrap}
.figure.bad b{color:var(--bad)}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1.2rem;font-size:.86rem;
margin:1.4rem 0 0}
.facts dt{color:var(--soft)}
.facts dd{margin:0;overflow-wrap:anywhere}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th{font-weight:500;color:var(--soft);text-align:left;font-size:.82rem}
th,td{padding:.38rem .9rem .38rem 0;border-bottom:1px solid var(--rule);vertical-align:middle}
.n{text-align:right}
.glyph{font-size:1.25rem;line-height:1.2}
.meter{display:flex;height:.6rem;border-radius:.3rem;overflow:hidden;background:var(--rule);
margin:.35rem 0 1.1rem}
.meter i{min-width:2px}
.meter .ok{background:var(--good)}
.meter .failed{background:var(--bad)}
.meter .skipped{background:var(--neutral)}
.rate{display:flex;align-items:center;gap:.8rem}
.rate b{font-weight:500;min-width:4.4rem}
.rate small{min-width:8.4rem}
.track{position:relative;flex:1;min-width:6rem;height:.9rem}
.track i{position:absolute;top:.35rem;height:.2rem;background:var(--accent);opacity:.45}
.track u{position:absolute;top:.1rem;width:.2rem;height:.7rem;background:var(--accent)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(18rem,1fr));gap:2rem}
figure{margin:0}
figcaption{font-size:.86rem}
.histogram,.reliability{display:block;width:100%;height:auto}
.reliability{max-width:22rem}
.bar{fill:var(--accent)}
.histogram .bar{opacity:.82}
.histogram .bar:hover{opacity:1}
.axis,.diagonal{stroke:var(--soft);fill:none;stroke-width:.7}
.diagonal{stroke-dasharray:4 3}
svg text{font-size:10px;fill:var(--soft)}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(3.6rem,1fr));gap:.3rem}
.tile{background:var(--card);overflow:hidden;border:1px solid var(--rule);border-radius:.25rem;
padding:.15rem .4rem;text-align:center}
.tile b{display:block;font-size:1.35rem;line-height:1.4;font-weight:400}
.tile .code{font-size:.95rem;line-height:2}
.tile small{font-size:.68rem}
.tile.odd{border-color:var(--bad);color:var(--bad)}
.sheet{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,33rem),1fr));
gap:1.1rem 1.4rem}
.sheet.small{grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr))}
.card{background:var(--card);border:1px solid var(--rule);border-radius:.35rem;overflow:hidden}
.picture{display:flex;align-items:center;background:var(--picture);padding:.5rem .7rem;
min-height:5rem}
.picture img{max-width:100%;max-height:12rem;mix-blend-mode:multiply}
.small .picture{min-height:3.6rem}
.small .picture img{max-height:8rem}
.caption{padding:.45rem .8rem .6rem}
.caption dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .8rem;margin:0}
.caption dt{color:var(--soft);font-size:.8rem;line-height:1.9rem}
.caption dd{margin:0;font-size:1.12rem;line-height:1.9rem;overflow-wrap:anywhere}
.text{margin:0;font-size:1.12rem;line-height:1.4;overflow-wrap:anywhere}
.note{margin:.1rem 0 0;font-size:.85rem;color:var(--bad)}
.uri{font-size:.75rem;overflow-wrap:anywhere;margin:.15rem 0 0}
.pair h4{margin:0;padding:.45rem .8rem;color:var(--soft);font-size:.75rem;font-weight:500;
letter-spacing:.08em;text-transform:uppercase;border-bottom:1px solid var(--rule)}
.pair .note{color:var(--soft)}
.pair .caption~.caption .note{color:var(--bad)}
mark{background:var(--tint);color:var(--bad);border-radius:.15rem}
details{margin-top:1.4rem}
summary{cursor:pointer;color:var(--soft)}
footer{height:4rem}
@media print{nav{display:none}.card{break-inside:avoid}}
"""


def escape(text: str) -> str:
    r"""Return a text escaped for an element or a quoted attribute.

    Control characters are replaced by control pictures and lone surrogates by U+FFFD, because
    HTML allows neither.

    Args:
        text: Any text.

    Returns:
        Text that can be encoded as UTF-8.

    Example:
        >>> escape("<b>\t'")
        '&lt;b&gt;␉&#x27;'
    """
    return html.escape(text.translate(_REPLACEMENTS))


def grouped(number: int) -> str:
    """Return a number with thousands separators."""
    return f"{number:,}"


def isolated(text: str) -> str:
    """Return a text escaped, with its writing direction isolated."""
    return f"<bdi>{escape(text)}</bdi>"


def table(headings: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    """Return a table.

    Args:
        headings: Heading of each column, text.
        rows: Cells of each row; numbers are right-aligned, strings must be HTML.

    Returns:
        HTML.
    """
    body, numeric = [], set()
    for row in rows:
        numeric |= {i for i, cell in enumerate(row) if isinstance(cell, int)}
        body.append("<tr>" + "".join(map(_cell, row)) + "</tr>")
    head = "".join(
        f'<th class="n">{escape(h)}</th>' if i in numeric else f"<th>{escape(h)}</th>"
        for i, h in enumerate(headings)
    )
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _cell(cell: str | int) -> str:
    return f'<td class="n">{grouped(cell)}</td>' if isinstance(cell, int) else f"<td>{cell}</td>"


def section(anchor: str, heading: str, lead: str, body: str) -> str:
    """Return a section of a report: heading, explanation and content.

    Args:
        anchor: Its id on the page.
        heading: Heading, text.
        lead: Explanation below the heading, text.
        body: Content, HTML.

    Returns:
        HTML.
    """
    return (
        f'<section id="{escape(anchor)}"><h2>{escape(heading)}</h2>'
        f'<p class="lead">{escape(lead)}</p>{body}</section>'
    )


@dataclass(frozen=True)
class Figure:
    """A number at the head of a report.

    Attributes:
        value: The number, as text.
        caption: What it counts or measures.
        is_bad: Whether it is shown in the colour of errors.
    """

    value: str
    caption: str
    is_bad: bool = False


def page(
    kicker: str,
    title: str,
    figures: Iterable[Figure],
    facts: Iterable[tuple[str, str]],
    sections: Sequence[tuple[str, str, str, str]],
    style: str = "",
) -> str:
    """Return a report as an HTML document that needs no other file.

    Args:
        kicker: Kind of report, shown above the title.
        title: Title of the page.
        figures: Numbers shown below the title.
        facts: (name, value) pairs shown below the numbers.
        sections: Arguments of `section` for each part, in order; the navigation links to them.
        style: CSS in addition to that of all reports.

    Returns:
        The document.
    """
    links = "".join(f'<a href="#{escape(a)}">{escape(name)}</a>' for a, name, *_ in sections)
    body = "\n".join(section(*part) for part in sections)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}{style}</style></head><body>\n"
        f'<header><div class="kicker">{escape(kicker)}</div><h1>{escape(title)}</h1>'
        f"{_figures(figures)}{_facts(facts)}</header>\n"
        f"<nav>{links}</nav>\n<main>{body}</main><footer></footer></body></html>\n"
    )


def _figures(figures: Iterable[Figure]) -> str:
    tiles = "".join(
        f'<div class="figure{" bad" * figure.is_bad}"><b>{escape(figure.value)}</b>'
        f"{escape(figure.caption)}</div>"
        for figure in figures
    )
    return f'<div class="figures">{tiles}</div>'


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{isolated(value)}</dd>" for name, value in facts)
    return f'<dl class="facts">{rows}</dl>' if rows else ""
