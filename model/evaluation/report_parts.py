"""The look of an evaluation report, and the small parts that only it has."""

from __future__ import annotations

import unicodedata

from model.evaluation.error_summary import RateEstimate
from model.report.html import Look, isolated

_DOTTED_CIRCLE = "\u25cc"
_OPEN_BOX = "\u2423"

_STYLE = """
:root{color-scheme:light dark;--page:#f6f4ef;--card:#fffefb;--ink:#26221e;--soft:#6f675d;
--rule:#dcd5c8;--accent:#1f5673;--bad:#a63a24;--tint:#f7dcd3;--leaf:#fbf8f0}
@media(prefers-color-scheme:dark){:root{--page:#191a1b;--card:#222425;--ink:#e9e5dd;
--soft:#a39c91;--rule:#393b3c;--accent:#7fb8d6;--bad:#f0957c;--tint:#53281d;--leaf:#d6d1c4}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,
"Segoe UI","Noto Sans","Liberation Sans",sans-serif;font-variant-numeric:tabular-nums}
main,header,nav{max-width:76rem;margin:0 auto;padding:0 1.5rem}
header{padding-top:2.8rem}h1{font-size:2.1rem;line-height:1.2;font-weight:600;margin:.1rem 0 0;
overflow-wrap:anywhere}
.kicker{color:var(--accent);font-weight:600;font-size:.9rem}
nav{margin-top:1.4rem}nav a{color:var(--soft);margin-right:1.3rem;text-decoration:none}
nav a:hover{color:var(--accent)}
section{border-top:1px solid var(--rule);margin-top:2.4rem;padding-top:1.2rem}
h2{font-size:1.4rem;font-weight:600;margin:0 0 .2rem}h3{font-size:1rem;margin:1.6rem 0 .4rem}
.lead,.soft,.uri{color:var(--soft)}.lead{margin:0 0 1rem;max-width:48rem}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:1px;
background:var(--rule);border:1px solid var(--rule);margin-top:1.6rem}
.figure{background:var(--card);padding:.9rem 1.1rem}
.figure b{display:block;font-size:2rem;line-height:1.2;font-weight:600}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.94rem}
th{font-weight:500;color:var(--soft);text-align:left;font-size:.84rem}
th,td{padding:.35rem 1rem .35rem 0;border-bottom:1px solid var(--rule);vertical-align:middle}
.n{text-align:right}.glyph{font-size:1.3rem;line-height:1.2}
.rate{display:flex;align-items:center;gap:.8rem}.rate b{font-weight:500;min-width:4.4rem}
.rate small{min-width:8.4rem}.track{position:relative;flex:1;min-width:6rem;height:.9rem}
.track i{position:absolute;top:.35rem;height:.2rem;background:var(--accent);opacity:.45}
.track u{position:absolute;top:.1rem;width:.2rem;height:.7rem;background:var(--accent)}
.sheet{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,34rem),1fr));
gap:1rem 1.2rem}
.card{background:var(--card);border:1px solid var(--rule);border-radius:.3rem;overflow:hidden}
.leaf{background:var(--leaf);padding:.4rem .6rem;min-height:4rem;display:flex;
align-items:center}.leaf img{max-width:100%;max-height:10rem;mix-blend-mode:multiply}
.says{padding:.5rem .8rem .6rem}.says p{margin:0;overflow-wrap:anywhere}
.says dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .8rem;margin:0}
.says dt{color:var(--soft);font-size:.8rem;line-height:1.9rem}
.says dd{margin:0;font-size:1.12rem;line-height:1.9rem;overflow-wrap:anywhere}
mark{background:var(--tint);color:var(--bad);border-radius:.15rem}
.uri{font-size:.76rem;margin-top:.2rem}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1.2rem;font-size:.88rem;
margin:1.2rem 0 0}.facts dt{color:var(--soft)}.facts dd{margin:0;overflow-wrap:anywhere}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(16rem,22rem));gap:1rem 2rem}
figure{margin:0}figcaption{color:var(--soft);font-size:.84rem}.reliability{width:100%;height:auto;
display:block}.reliability text{font-size:9px;fill:var(--soft)}.bar{fill:var(--accent)}
.axis,.diagonal{stroke:var(--soft);fill:none;stroke-width:.7}.diagonal{stroke-dasharray:4 3}
footer{height:4rem}@media print{nav{display:none}.card{break-inside:avoid}}
"""


LOOK = Look("Evaluation", _STYLE)


def percent(rate: float) -> str:
    """Write a rate as a percentage.

    Example:
        >>> percent(0.0462), percent(float("inf"))
        ('4.62 %', 'no text')
    """
    return f"{rate:.2%}".replace("%", " %") if rate < float("inf") else "no text"


def interval_text(rate: RateEstimate, pages: int) -> str:
    """Write the interval of a rate; one page has none to speak of.

    Example:
        >>> from model.evaluation.metrics import ErrorCount
        >>> interval_text(RateEstimate(ErrorCount(1, 20), (0.04, 0.06)), 2)
        '4.00 to 6.00 %'
        >>> interval_text(RateEstimate(ErrorCount(1, 20), (0.05, 0.05)), 1)
        'one page'
    """
    if pages == 1:
        return "one page"
    low, high = rate.interval
    # Where no draw has any text the ends are not numbers.
    return f"{100 * low:.2f} to {percent(high)}" if low <= high else "no text"


def rate_cell(rate: RateEstimate, pages: int, full: float) -> str:
    """Show a rate, its interval, and both as a mark on a scale.

    Args:
        rate: The rate.
        pages: Pages that it was measured on.
        full: RateEstimate at the right end of the scale.

    Returns:
        HTML.
    """
    low, high = rate.interval
    track = ""
    if low <= high and full > 0:
        left, right, at = (100 * min(x / full, 1) for x in (low, high, rate.errors.rate))
        track = (
            f'<i style="left:{left:.2f}%;width:{right - left:.2f}%"></i>'
            f'<u style="left:{at:.2f}%"></u>'
        )
    return (
        f'<div class="rate"><b>{percent(rate.errors.rate)}</b>'
        f'<small class="soft">{interval_text(rate, pages)}</small>'
        f'<span class="track">{track}</span></div>'
    )


def glyph(character: str) -> str:
    """Show one character so that it can be seen: a space as a box, a mark on a circle.

    Args:
        character: One character, or nothing.

    Returns:
        HTML.

    Example:
        >>> glyph(" "), glyph("")
        ('<span class="glyph"><bdi>␣</bdi></span>', '<span class="soft">nothing</span>')
    """
    if not character:
        return '<span class="soft">nothing</span>'
    return f'<span class="glyph">{isolated(visible(character))}</span>'


def visible(text: str) -> str:
    """Make spaces visible, and a mark that has nothing to stand on."""
    circle = _DOTTED_CIRCLE * unicodedata.category(text[0]).startswith("M") if text else ""
    return circle + text.replace(" ", _OPEN_BOX)
