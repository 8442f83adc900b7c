"""A page in a report: its picture beside its text, whose lines show each other.

Pointing at a line in the picture highlights its text, and the reverse; a click moves there. The
style sheet does this, so the report needs no script.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model.report.html import escape
from model.report.page_picture import jpeg_address
from schemas.records import Character, Polyline

# Letters are tinted below these probabilities, the more so the lower.
_LEVELS = (0.5, 0.75, 0.9)
_STYLE = """
main,header,nav{max-width:104rem}
h2{overflow-wrap:anywhere}
td a{color:var(--accent)}
.view{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,28rem),1fr));
gap:1.2rem 2rem;align-items:start}
.view svg{display:block;width:100%;max-height:calc(100vh - 2rem);background:var(--picture)}
@media(min-width:62rem){.view svg{position:sticky;top:1rem}}
.view polygon{fill:var(--fill,transparent);stroke:var(--tie,#8a2e1c66);pointer-events:all}
.view polyline{fill:none;stroke:var(--tie,#8a2e1c66);pointer-events:all}
.view polygon,.view polyline{stroke-width:1.5px;vector-effect:non-scaling-stroke}
.view .wide{stroke:var(--fill,transparent);stroke-width:18px}
.read{list-style:none;margin:0;padding:0}
.read li{display:grid;grid-template-columns:2.4rem 1fr;padding:.16rem .5rem .16rem 0;
background:var(--fill,transparent);box-shadow:inset 3px 0 var(--tie,transparent)}
.read li,.view a{scroll-margin:40vh 0}
.read .number{color:var(--soft);text-align:right;padding-right:.7rem;text-decoration:none;
font-size:.8rem;line-height:1.9rem}
.read p{margin:0}
.read .below{font-size:.95rem;color:var(--soft)}
.unsure{background:none;color:inherit;border-radius:0;border-bottom:2px solid}
.level3{background:#e8b93144;border-color:#e8b931}
.level2{background:#e8893166;border-color:#e07a1f}
.level1{background:#d9482f66;border-color:#d9482f}
"""


@dataclass(frozen=True)
class ViewedLine:
    """A line of a page in a report.

    Attributes:
        text: The text, HTML.
        baseline: In pixels of the page; may be empty.
        polygon: In pixels of the page; may be empty. A line with neither has no place in the
            picture.
        below: What stands below the text, HTML; may be empty.
    """

    text: str
    baseline: Polyline = ()
    polygon: Polyline = ()
    below: str = ""


@dataclass(frozen=True)
class PageView:
    """A page in a report.

    Attributes:
        anchor: Prefix of its ids, unique in the report.
        width_px: Width of the page that the coordinates refer to.
        height_px: Height of the page that the coordinates refer to.
        lines: Its lines in reading order.
        image: JPEG; empty if there is none.
        problem: Why there is no image, or what is wrong with it; may be empty.
    """

    anchor: str
    width_px: int
    height_px: int
    lines: Sequence[ViewedLine]
    image: bytes = b""
    problem: str = ""


def show_page(view: PageView) -> str:
    """Return a page: the picture with the outlines of the lines, and their texts.

    Args:
        view: The page.

    Returns:
        HTML, for a report with the style of `view_style`.
    """
    problem = f'<p class="note">{escape(view.problem)}</p>' if view.problem else ""
    items = "".join(_item(view, number, line) for number, line in enumerate(view.lines, 1))
    text = f'<ol class="read">{items}</ol>' if items else '<p class="nothing">no lines</p>'
    return f'{problem}<div class="view">{_picture(view)}{text}</div>'


def view_style(views: Sequence[PageView]) -> str:
    """Return the style sheet for pages in a report.

    Args:
        views: All pages of the report.

    Returns:
        CSS, in addition to that of all reports.
    """
    count = max((len(view.lines) for view in views), default=0)
    active = ":is(:hover,:focus,:focus-within,:target)"
    tied = ",".join(f".view:has(.line{n}{active}) .line{n}" for n in range(1, count + 1))
    return _STYLE + (f"{tied}{{--tie:var(--accent);--fill:#d9772b33}}\n" if tied else "")


def view_legend() -> str:
    """Return the explanation of pages in a report, HTML."""
    tints = ", ".join(
        f'<mark class="unsure level{level}">below {bound:.0%}</mark>'.replace("%", " %")
        for level, bound in reversed(list(enumerate(_LEVELS, 1)))
    )
    return (
        "<p>Point at a line in the picture or in the text to see where it is in the other; click "
        "to go there. Letters are tinted by the probability that the model gave them: "
        f"{tints}. Point at such a letter to see what else it may be.</p>"
    )


def tinted(text: str, characters: Sequence[Character]) -> str:
    """Return a text with its uncertain characters tinted.

    Args:
        text: The text that was read.
        characters: Its characters; if they do not make up the text, nothing is tinted.

    Returns:
        HTML.

    Example:
        >>> tinted("an", [Character("a", 0.99), Character("n", 0.6, (("u", 0.3), ("", 0.05)))])
        'a<mark class="unsure level2" title="n 60 %, u 30 %, nothing 5 %">n</mark>'
    """
    if "".join(character.text for character in characters) != text:
        return escape(text)
    return "".join(map(_tinted_character, characters))


def _tinted_character(character: Character) -> str:
    level = next((i for i, bound in enumerate(_LEVELS, 1) if character.confidence < bound), 0)
    if not level:
        return escape(character.text)
    readings = ((character.text, character.confidence), *character.alternatives)
    title = ", ".join(f"{_name(text)} {100 * share:.0f} %" for text, share in readings)
    return (
        f'<mark class="unsure level{level}" title="{escape(title)}">{escape(character.text)}</mark>'
    )


def _name(text: str) -> str:
    return {"": "nothing", " ": "space"}.get(text, text)


def _item(view: PageView, number: int, line: ViewedLine) -> str:
    below = f'<p class="below" dir="auto">{line.below}</p>' if line.below else ""
    text = line.text or '<span class="soft">nothing</span>'
    place = f' href="#{view.anchor}-place{number}"' if view.image and _shape(line) else ""
    return (
        f'<li class="line{number}" id="{view.anchor}-text{number}">'
        f'<a class="number"{place}>{number}</a>'
        f'<div><p class="text" dir="auto">{text}</p>{below}</div></li>'
    )


def _picture(view: PageView) -> str:
    if not view.image:
        return ""
    places = "".join(
        f'<a class="line{number}" id="{view.anchor}-place{number}" '
        f'href="#{view.anchor}-text{number}" aria-label="line {number}">{_shape(line)}</a>'
        for number, line in enumerate(view.lines, 1)
        if _shape(line)
    )
    return (
        f'<svg viewBox="0 0 {view.width_px} {view.height_px}">'
        f'<image href="{jpeg_address(view.image)}" width="{view.width_px}" '
        f'height="{view.height_px}" preserveAspectRatio="none"></image>{places}</svg>'
    )


def _shape(line: ViewedLine) -> str:
    """Return the outline of a line or else its baseline; empty if it has neither."""
    if len(line.polygon) >= 3:
        return f'<polygon points="{_points(line.polygon)}"></polygon>'
    if len(line.baseline) >= 2:
        points = f'points="{_points(line.baseline)}"'
        return f'<polyline class="wide" {points}></polyline><polyline {points}></polyline>'
    return ""


def _points(points: Polyline) -> str:
    return " ".join(f"{x:.0f},{y:.0f}" for x, y in points)
