"""Draw pages that look like handwriting on old paper, for demonstrations and tests.

The letters are those of A. V. Hershey's script fonts ("Calligraphy for Computers", 1967), which
OpenCV includes. Each letter is placed separately and a smooth random field distorts the line, so
that no two letters are identical.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from schemas.records import Line, Page, Polyline

# Drawn this many times larger, so that positions and stroke widths are finer than a pixel.
_OVERSAMPLING = 3
# Capitals of Hershey's fonts are 21 units high.
_HERSHEY_CAPITAL = 21
# Paper at both ends of a strip, room for slanted letters.
_PAD_PX = 20
_FONTS = (cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX)


@dataclass(frozen=True)
class HandwritingConfig:
    """Dimensions of the drawn pages.

    Attributes:
        strip_height_px: Height of a line image.
        baseline_px: Row of the baseline in a line image.
        capital_height_px: Height of capital letters.
        line_pitch_px: Distance between baselines on a page.
        margin_px: Paper around the writing of a page.
        widest_indent_px: Greatest distance of a line's start from the margin.
        most_slant_degrees: Greatest slope of a page's lines, up or down.
        most_bow_px: Greatest bend of a page's lines, up or down.
    """

    strip_height_px: int = 64
    baseline_px: int = 44
    capital_height_px: float = 25.0
    line_pitch_px: float = 56.0
    margin_px: int = 72
    widest_indent_px: float = 36.0
    most_slant_degrees: float = 1.2
    most_bow_px: float = 9.0


@dataclass(frozen=True)
class Hand:
    """The handwriting of one person.

    Attributes:
        font: OpenCV's number of the font.
        size: Height of the letters, relative to the configured height.
        lean: Forward slant of the letters, as dx/dy.
        spacing: Distance between letters, relative to the font's own.
        weight_px: Stroke width.
        darkness: Opacity of the ink, 0..1.
        unrest: Factor on all irregularities, about 1.
    """

    font: int
    size: float
    lean: float
    spacing: float
    weight_px: float
    darkness: float
    unrest: float


def choose_hand(rng: np.random.Generator) -> Hand:
    """Draw the handwriting of one person at random.

    Args:
        rng: Random number generator.

    Returns:
        The hand.
    """
    return Hand(
        font=_FONTS[rng.integers(len(_FONTS))],
        size=rng.uniform(0.9, 1.1),
        lean=rng.uniform(-0.05, 0.35),
        spacing=rng.uniform(0.92, 1.08),
        weight_px=rng.uniform(1.2, 2.0),
        darkness=rng.uniform(0.55, 0.85),
        unrest=rng.uniform(0.7, 1.3),
    )


def draw_line(
    text: str,
    rng: np.random.Generator,
    hand: Hand | None = None,
    config: HandwritingConfig = HandwritingConfig(),
) -> np.ndarray:
    """Draw one line of writing on a strip of paper.

    Args:
        text: ASCII text.
        rng: Random number generator.
        hand: The handwriting; drawn at random if None.
        config: Dimensions.

    Returns:
        uint8 array [strip_height_px, width_px], paper light.

    Raises:
        ValueError: If the text is not printable ASCII.

    Example:
        >>> draw_line("Anna Keller", np.random.default_rng(1)).shape[0]
        64
    """
    hand = hand or choose_hand(rng)
    ink = _draw_ink(text, rng, hand, config)
    return _on_paper(ink * hand.darkness, rng)


def draw_page(
    texts: list[str] | tuple[str, ...],
    rng: np.random.Generator,
    hand: Hand | None = None,
    config: HandwritingConfig = HandwritingConfig(),
    uri: str = "",
) -> tuple[np.ndarray, Page]:
    """Draw a page of writing by one hand.

    Args:
        texts: ASCII texts of its lines, from top to bottom.
        rng: Random number generator.
        hand: The handwriting; drawn at random if None.
        config: Dimensions.
        uri: Where the page will be stored.

    Returns:
        The page, uint8 [height_px, width_px], as large as its writing and margins require, and
        its description with text, baseline and polygon of each line.

    Raises:
        ValueError: If a text is not printable ASCII.
    """
    hand = hand or choose_hand(rng)
    strips = [_draw_ink(text, rng, hand, config) for text in texts]
    starts_px = config.margin_px + rng.uniform(0, config.widest_indent_px, len(texts))
    ends_px = [a + s.shape[1] for a, s in zip(starts_px, strips)]
    width_px = int(max(ends_px, default=config.margin_px) + config.margin_px)
    height_px = int(len(texts) * config.line_pitch_px + 2 * config.margin_px)
    curves = _baseline_curves(len(texts), width_px, rng, config)
    ink = np.zeros((height_px, width_px), np.float32)
    lines = []
    for i, (text, strip) in enumerate(zip(texts, strips)):
        _warp_onto(ink, strip, starts_px[i], curves[i], config.baseline_px)
        ends = starts_px[i] + _PAD_PX, ends_px[i] - _PAD_PX
        lines.append(_line_record(i, text, ends, curves[i], height_px, config))
    page = Page(uri, tuple(lines), width_px, height_px)
    bleed_through = cv2.GaussianBlur(cv2.flip(ink, 1), (0, 0), 2) * 0.12
    return _on_paper(np.maximum(ink, bleed_through) * hand.darkness, rng), page


def _draw_ink(
    text: str, rng: np.random.Generator, hand: Hand, config: HandwritingConfig
) -> np.ndarray:
    """Draw the ink of a text: float32 [strip_height_px, width_px], 0 none, 1 full."""
    unknown = sorted({c for c in text if not " " <= c <= "~"})
    if unknown:
        raise ValueError(f"{text!r}: the font has no {unknown}; use printable ASCII")
    sizes = _letter_sizes(text, hand, config)
    pen = max(1, round(_OVERSAMPLING * hand.weight_px))
    widths = [cv2.getTextSize(c, hand.font, s, pen)[0][0] - pen for c, s in zip(text, sizes)]
    advances = hand.spacing * np.array(widths) * rng.uniform(0.94, 1.1, len(text))
    lefts = _PAD_PX * _OVERSAMPLING + np.cumsum(np.r_[0, advances])
    shape = np.array([config.strip_height_px, int(lefts[-1] / _OVERSAMPLING) + 1 + _PAD_PX])
    canvas = np.zeros(shape * _OVERSAMPLING, np.uint8)
    baseline_px = config.baseline_px * _OVERSAMPLING
    for char, left, size in zip(text, lefts, sizes):
        rise = rng.normal(0, 0.35 * _OVERSAMPLING * hand.unrest)
        uneven = size * rng.normal(1, 0.05 * hand.unrest)
        weight = max(1, pen + int(rng.integers(-1, 2)))
        origin = round(left), round(baseline_px + rise)
        cv2.putText(canvas, char, origin, hand.font, uneven, 255, weight, cv2.LINE_AA)
    bent = _bend(canvas, rng, hand, baseline_px)
    small = cv2.resize(bent, shape[::-1].tolist(), interpolation=cv2.INTER_AREA)
    pressure = 0.82 + 0.18 * _smooth_noise(small.shape, 14, rng)
    return small.astype(np.float32) / 255 * np.clip(pressure, 0.45, 1)


def _letter_sizes(text: str, hand: Hand, config: HandwritingConfig) -> list[float]:
    """Return OpenCV's font scale for each character of a text."""
    letters = _OVERSAMPLING * hand.size * config.capital_height_px / _HERSHEY_CAPITAL
    # The fonts have digits as tall as capitals, which is rare in handwriting.
    return [(0.82 if char.isdigit() else 1.0) * letters for char in text]


def _bend(canvas: np.ndarray, rng: np.random.Generator, hand: Hand, baseline_px: int) -> np.ndarray:
    """Slant the letters and distort their strokes, with the baseline kept in place."""
    over, unrest = _OVERSAMPLING, hand.unrest
    columns = np.arange(canvas.shape[1], dtype=np.float32)
    rows = np.arange(canvas.shape[0], dtype=np.float32)[:, None]
    lean = hand.lean + 0.09 * unrest * _smooth_noise((1, columns.size), 18 * over, rng)
    shift_x = 1.3 * over * unrest * _smooth_noise(canvas.shape, 9 * over, rng)
    shift_y = 0.9 * over * unrest * _smooth_noise(canvas.shape, 12 * over, rng)
    from_x = columns + lean * (rows - baseline_px) + shift_x
    return cv2.remap(canvas, from_x, rows + shift_y, cv2.INTER_LINEAR)


def _smooth_noise(shape: tuple[int, int], grain_px: float, rng: np.random.Generator) -> np.ndarray:
    """Return float32 noise of unit variance with a grain of `grain_px` pixels."""
    coarse = rng.normal(size=[int(n / grain_px) + 2 for n in shape]).astype(np.float32)
    return cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)


def _baseline_curves(
    count: int, width_px: int, rng: np.random.Generator, config: HandwritingConfig
) -> np.ndarray:
    """Return the row of each line's baseline in each column: [count, width_px]."""
    across = np.linspace(-1, 1, width_px)
    slope = np.tan(np.radians(rng.uniform(-1, 1) * config.most_slant_degrees))
    slopes = slope + rng.normal(0, 0.002, (count, 1))
    bows_px = rng.uniform(-1, 1) * config.most_bow_px + rng.normal(0, 1, (count, 1))
    rows = config.margin_px + (np.arange(count)[:, None] + 0.7) * config.line_pitch_px
    rows = rows + rng.normal(0, 0.03 * config.line_pitch_px, (count, 1))
    return rows + slopes * across * width_px / 2 + bows_px * (across**2 - 0.5)


def _warp_onto(
    ink: np.ndarray, strip: np.ndarray, start_px: float, curve: np.ndarray, baseline_px: int
) -> None:
    """Warp a straight strip of ink along a curve of the page, in place."""
    first, last = int(start_px), min(ink.shape[1], int(start_px) + strip.shape[1] + 1)
    rows_px = curve[first:last]
    top = max(0, int(rows_px.min()) - baseline_px)
    bottom = min(ink.shape[0], int(rows_px.max()) + strip.shape[0] - baseline_px + 1)
    rows = np.arange(top, bottom)[:, None]
    from_x = np.broadcast_to(np.arange(first, last) - start_px, (rows.size, last - first))
    from_y = rows - rows_px + baseline_px
    bent = cv2.remap(strip, from_x.astype(np.float32), from_y.astype(np.float32), cv2.INTER_LINEAR)
    window = ink[top:bottom, first:last]
    np.maximum(window, bent, out=window)


def _line_record(
    index: int,
    text: str,
    between_px: tuple[float, float],
    curve: np.ndarray,
    page_height_px: int,
    config: HandwritingConfig,
) -> Line:
    """Return the record of a line that was drawn along a curve."""
    first, last = between_px
    xs = np.linspace(first, last, max(3, int((last - first) / 40)))
    ys = np.interp(xs, np.arange(curve.size), curve)
    lowest = page_height_px - 1
    upper = np.clip(ys - 1.35 * config.capital_height_px, 0, lowest)
    lower = np.clip(ys + 0.65 * config.capital_height_px, 0, lowest)
    return Line(
        line_id=f"l{index + 1}",
        index=index,
        text=text,
        baseline=_polyline(xs, ys),
        polygon=_polyline(xs, upper) + _polyline(xs, lower)[::-1],
    )


def _polyline(xs: np.ndarray, ys: np.ndarray) -> Polyline:
    """Return coordinates as pairs of plain numbers."""
    return tuple(zip(xs.tolist(), ys.tolist()))


def _on_paper(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw ink on shaded, mottled and grainy paper: uint8 of the same shape."""
    shape = ink.shape
    paper = rng.uniform(205, 235)
    paper = paper + 9 * _smooth_noise(shape, 400, rng) + 3 * _smooth_noise(shape, 40, rng)
    paper = paper + 2.5 * _smooth_noise(shape, 2, rng) + rng.normal(0, 1.5, shape)
    soft = cv2.GaussianBlur(ink, (0, 0), 0.6)
    return np.clip(paper * (1 - soft), 0, 255).astype(np.uint8)
