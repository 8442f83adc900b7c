"""Draw text on pictures with the font that comes with Pillow, accents included.

That font has the characters of ASCII and few others. A letter with a diacritical mark is drawn as
the base letter with strokes above or below it.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from PIL import ImageDraw, ImageFont

# Combining marks as strokes, in shares of the font's size: x from the middle of the letter, y
# upwards from its top, or for those with a negative y from its bottom.
_MARKS = {
    "\u0300": [((-0.12, 0.24), (0.06, 0.1))],
    "\u0301": [((0.12, 0.24), (-0.06, 0.1))],
    "\u0302": [((-0.14, 0.1), (0, 0.23), (0.14, 0.1))],
    "\u0303": [((-0.16, 0.12), (-0.06, 0.2), (0.06, 0.12), (0.16, 0.2))],
    "\u0304": [((-0.14, 0.15), (0.14, 0.15))],
    "\u0306": [((-0.14, 0.23), (0, 0.11), (0.14, 0.23))],
    "\u0307": [((-0.03, 0.15), (0.03, 0.15))],
    "\u0308": [((-0.14, 0.15), (-0.08, 0.15)), ((0.08, 0.15), (0.14, 0.15))],
    "\u030a": [((-0.07, 0.16), (0, 0.09), (0.07, 0.16), (0, 0.23), (-0.07, 0.16))],
    "\u030b": [((-0.02, 0.24), (-0.12, 0.1)), ((0.14, 0.24), (0.04, 0.1))],
    "\u030c": [((-0.14, 0.23), (0, 0.1), (0.14, 0.23))],
    "\u0327": [((0, -0.01), (0.06, -0.1), (-0.06, -0.16))],
    "\u0328": [((0.04, -0.01), (-0.02, -0.1), (0.08, -0.16))],
}
_REPLACEMENTS = {"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss", "—": "-", "–": "-"}
# No font has this character: it is drawn as the box for missing characters.
_NO_CHARACTER = "\uffff"
_STROKE = 0.07

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def text_width_px(text: str, size_px: int) -> float:
    """Return the width of a text as `draw_text` draws it.

    Example:
        >>> text_width_px("été", 20) == text_width_px("ete", 20)
        True
    """
    return sum(_font(size_px).getlength(base) for base, _ in _pieces(text, size_px))


def text_height_px(size_px: int) -> int:
    """Return the height of a line of text, from the highest letters to the lowest."""
    return sum(_font(size_px).getmetrics())


def draw_text(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    size_px: int,
    fill: tuple[int, int, int],
) -> None:
    """Draw one line of text on a picture.

    Args:
        draw: Drawing context of the picture.
        place: x and y of the upper left corner.
        text: The text, NFC.
        size_px: Size of the font.
        fill: The colour, RGB.
    """
    font = _font(size_px)
    width_px = max(1, round(_STROKE * size_px))
    x, y = place
    for base, marks in _pieces(text, size_px):
        draw.text((x, y), base, fill=fill, font=font)
        left, top, right, bottom = font.getbbox(base)
        middle = x + (left + right) / 2
        for points in (points for mark in marks for points in _MARKS[mark]):
            edge = y + (bottom if points[0][1] < 0 else top)
            stroke = [(middle + across * size_px, edge - up * size_px) for across, up in points]
            draw.line(stroke, fill=fill, width=width_px)
        x += font.getlength(base)


def _pieces(text: str, size_px: int) -> list[tuple[str, str]]:
    """Split a text into pieces that the font has, each with the marks to draw on it."""
    pieces: list[tuple[str, str]] = []
    run = ""
    for char in text:
        if _has(char, size_px):
            run += char
            continue
        decomposed = unicodedata.normalize("NFD", char)
        marks = "".join(mark for mark in decomposed[1:] if mark in _MARKS)
        base = _REPLACEMENTS.get(decomposed[0], decomposed[0])
        pieces += [(run, ""), (base, marks)] if run else [(base, marks)]
        run = ""
    return [*pieces, (run, "")] if run else pieces


@lru_cache(maxsize=16)
def _font(size_px: int) -> Font:
    return ImageFont.load_default(size_px)


@lru_cache(maxsize=4096)
def _has(char: str, size_px: int) -> bool:
    font = _font(size_px)
    return char.isspace() or bytes(font.getmask(char)) != bytes(font.getmask(_NO_CHARACTER))
