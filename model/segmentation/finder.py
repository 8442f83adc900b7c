"""Find the lines of a page with the trained network, on ONNX Runtime."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np

from model import DEFAULT_FOLDER
from model.geometry.extent import line_pitch_px
from model.geometry.polylines import up_normals
from model.images.digest import exact_key
from model.images.resize import resize, resize_to
from model.networks.session import open_session
from model.segmentation.across import AcrossConfig, erase_lines, keep_sure_lines
from model.segmentation.baselines import FoundLine, VectorConfig, find_baselines
from model.segmentation.maps import STRIDE_PX, LineMaps, maps_of_logits
from model.segmentation.reading_order import arrange_lines
from model.segmentation.rules import find_rules
from model.segmentation.scale import EVEN_PITCH_PX, WORK_PITCH_PX, estimate_pitch_px, to_ink
from schemas.records import Line, Polyline

# The network that finds lines; only the bundled default model has one.
LINES_FILE = "lines.onnx"

# Increase it with every change that affects which lines are found: pages are read again then.
FINDER_VERSION = 2
# Smaller pages are taken to be blank.
_LEAST_SIDE_PX = 8

# From float32 [1, 1, height, width] of ink to float32 [1, 5, height / 2, width / 2] of logits.
Network = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class LineFinderConfig:
    """How a page is searched for lines.

    Attributes:
        multiple_px: The sides of the network's input are multiples of this.
        most_pixels: Largest input of the network, which determines the memory for a page.
        most_enlarged: Largest factor by which a small page is enlarged.
        rescale_from: Ratio between the estimated line pitch and that of the lines found, from
            which on the page is searched again at the latter.
        upright_probability: Mean probability of the lines from which on a page counts as upright
            without a search of its rotations.
        turned_gain: Factor by which a rotated page must show more evidence than the upright one.
        vectors: How the maps become lines.
        across: Which lines up or down the page, across the others, are kept.
    """

    multiple_px: int = 16
    most_pixels: int = 2_500_000
    most_enlarged: float = 2.0
    rescale_from: float = 1.6
    upright_probability: float = 0.75
    turned_gain: float = 1.25
    vectors: VectorConfig = field(default_factory=VectorConfig)
    across: AcrossConfig = field(default_factory=AcrossConfig)


@dataclass(frozen=True, eq=False)
class _Finds:
    """Lines found on a page, in pixels of the rotated page.

    Attributes:
        lines: The lines, in no order.
        quarter_turns: How often the page was rotated by 90 degrees, counter-clockwise.
        pitch_px: Line pitch at which the page was searched.
        ink: uint8, input of the network for the rotated page.
        scale: Pixels of the page per pixel of `ink`, (x, y).
    """

    lines: list[FoundLine]
    quarter_turns: int
    pitch_px: float
    ink: np.ndarray
    scale: np.ndarray

    @property
    def evidence(self) -> float:
        """Length of the lines in pitches, weighted by probability: to choose between rotations."""
        return sum(_length_px(line) * line.probability for line in self.lines) / self.pitch_px

    @property
    def mean_probability(self) -> float:
        """Mean probability of the lines, weighted by length."""
        total = sum(map(_length_px, self.lines))
        return self.evidence * self.pitch_px / total if total > 0 else 0.0


def _length_px(line: FoundLine) -> float:
    return float(np.hypot(*(line.path[-1] - line.path[0])))


def load_line_network(path: Path) -> Network:
    """Load the network.

    Args:
        path: The ONNX file.

    Returns:
        The network, which runs on one thread.

    Raises:
        ValueError: If the file is not a network.
    """
    # An arena would keep the memory of the largest page.
    session = open_session(path, has_arena=False)
    return lambda image: session.run(["maps"], {"image": image})[0]


@cache
def default_line_network() -> Network:
    """Return the bundled network, loaded once per process."""
    return load_line_network(DEFAULT_FOLDER / LINES_FILE)


def finder_facts() -> dict[str, object]:
    """Return what determines the lines found: the digest of the network, and the version."""
    network = exact_key((DEFAULT_FOLDER / LINES_FILE).read_bytes())
    return {"finder": network, "finding": FINDER_VERSION}


def finder_digest() -> str:
    """Return the SHA-256 of `finder_facts`, hex; if it is equal, so are the lines of a page."""
    return exact_key(json.dumps(finder_facts(), sort_keys=True).encode())


def find_lines(
    grey: np.ndarray, network: Network, config: LineFinderConfig = LineFinderConfig()
) -> tuple[Line, ...]:
    """Find the text lines of a page in any of its four rotations.

    Args:
        grey: uint8 [height_px, width_px], dark ink on light paper.
        network: From `load_line_network`.
        config: How the page is searched.

    Returns:
        Lines in reading order with baseline, polygon and region in pixels of `grey`,
        without text; empty for a blank page.

    Raises:
        ValueError: If `grey` is not a two-dimensional uint8 array with pixels.
    """
    if grey.ndim != 2 or grey.dtype != np.uint8 or not grey.size:
        raise ValueError(f"page is {grey.dtype} {grey.shape}; give uint8 [height_px, width_px]")
    if min(grey.shape) < _LEAST_SIDE_PX:
        return ()
    upright = _choose_turn(grey, network, config)
    lines: list[Line] = []
    for finds in (upright, _search_across(upright, network, config)):
        paths = [line.path for line in finds.lines]
        regions = len({line.region_id for line in lines})
        rules = find_rules(finds.ink, finds.pitch_px / finds.scale[1]).scaled(finds.scale)
        pitch_px = line_pitch_px(paths, ()) or finds.pitch_px
        for place in arrange_lines(paths, pitch_px, rules):
            region_id = f"r{regions + place.region + 1}"
            found = finds.lines[place.line]
            line = _describe(found, len(lines), region_id, finds.quarter_turns, grey.shape)
            lines.append(replace(line, row=place.row, column=place.column))
    return tuple(lines)


def _choose_turn(grey: np.ndarray, network: Network, config: LineFinderConfig) -> _Finds:
    """Search the page upright and, if that shows little, in its other rotations, too."""
    upright = _search(grey, 0, network, config)
    if upright.mean_probability >= config.upright_probability:
        return upright
    best, least = upright, upright.evidence * config.turned_gain
    for quarter_turns in (1, 2, 3):
        finds = _search(grey, quarter_turns, network, config)
        if finds.evidence > least:
            best, least = finds, finds.evidence
    return best


def _search(
    grey: np.ndarray, quarter_turns: int, network: Network, config: LineFinderConfig
) -> _Finds:
    turned = np.rot90(grey, quarter_turns)
    pitch_px = estimate_pitch_px(turned)
    finds = _search_at(turned, quarter_turns, pitch_px, network, config)
    found_px = line_pitch_px([line.path for line in finds.lines], ())
    misses = max(found_px / finds.pitch_px, finds.pitch_px / found_px) if found_px > 0 else 1.0
    if misses < config.rescale_from:
        return finds
    again = _search_at(turned, quarter_turns, found_px, network, config)
    return max(finds, again, key=lambda one: sum(map(_length_px, one.lines)) * one.mean_probability)


def _search_at(
    turned: np.ndarray,
    quarter_turns: int,
    pitch_px: float,
    network: Network,
    config: LineFinderConfig,
) -> _Finds:
    """Search a page at one scale."""
    limit = np.sqrt(config.most_pixels / turned.size)
    factor = min(WORK_PITCH_PX / pitch_px, config.most_enlarged, limit)
    # The background is normalised at a larger scale, as for the pages of the training.
    even = to_ink(resize(turned, min(factor * EVEN_PITCH_PX / WORK_PITCH_PX, 2 * limit)))
    size = [max(1, round(length * factor)) for length in turned.shape]
    ink = resize_to(even, size[1], size[0])
    scale = np.array([turned.shape[1] / size[1], turned.shape[0] / size[0]])
    lines = _lines_of(ink, pitch_px * factor, scale, network, config)
    return _Finds(lines, quarter_turns, pitch_px, ink, scale)


def _search_across(upright: _Finds, network: Network, config: LineFinderConfig) -> _Finds:
    """Search a page without the lines that were found for writing that runs up or down it."""
    rest = erase_lines(upright.ink, upright.lines, upright.scale)
    pitch_px = upright.pitch_px / upright.scale[1]
    best = _Finds([], upright.quarter_turns, upright.pitch_px, rest, upright.scale)
    if not upright.lines:
        return best
    for turns in (1, 3):
        ink, scale = np.rot90(rest, turns), upright.scale[::-1]
        found = _lines_of(ink, pitch_px, scale, network, config)
        height_px = round(ink.shape[0] * scale[1])
        sure = keep_sure_lines(found, height_px, upright.pitch_px, config.across)
        finds = _Finds(sure, (upright.quarter_turns + turns) % 4, upright.pitch_px, ink, scale)
        best = max(best, finds, key=lambda one: one.evidence)
    return best


def _lines_of(
    ink: np.ndarray,
    pitch_px: float,
    scale: np.ndarray,
    network: Network,
    config: LineFinderConfig,
) -> list[FoundLine]:
    """Find lines in the input of the network; return them in pixels of the page."""
    maps = _run(ink, network, config.multiple_px)
    found = find_baselines(maps, pitch_px / STRIDE_PX, config.vectors)
    scale = scale * STRIDE_PX
    # Coordinates refer to the centres of pixels.
    return [
        FoundLine(
            (line.path + 0.5) * scale - 0.5,
            line.above_px * scale[1],
            line.below_px * scale[1],
            line.probability,
        )
        for line in found
    ]


def _run(ink: np.ndarray, network: Network, multiple_px: int) -> LineMaps:
    """Run the network on a page of any size."""
    height_px, width_px = ink.shape
    padded = np.zeros([-(-side // multiple_px) * multiple_px for side in ink.shape], np.float32)
    np.divide(ink, np.float32(255), out=padded[:height_px, :width_px], dtype=np.float32)
    logits = network(padded[None, None])[0]
    return maps_of_logits(logits[:, : -(-height_px // STRIDE_PX), : -(-width_px // STRIDE_PX)])


def _describe(
    found: FoundLine, index: int, region_id: str, quarter_turns: int, shape: tuple[int, ...]
) -> Line:
    """Convert a line to pixels of the original page."""
    up = up_normals(found.path)
    top = found.path + up * found.above_px
    bottom = found.path - up * found.below_px
    return Line(
        line_id=f"l{index + 1}",
        index=index,
        baseline=_turn_back(found.path, quarter_turns, shape),
        polygon=_turn_back(np.concatenate([top, bottom[::-1]]), quarter_turns, shape),
        region_id=region_id,
    )


def _turn_back(points: np.ndarray, quarter_turns: int, shape: tuple[int, ...]) -> Polyline:
    """Undo `numpy.rot90` for points, and clip them to the page."""
    height, width = shape
    x, y = points.T
    back = {
        0: (x, y),
        1: (width - 1 - y, x),
        2: (width - 1 - x, height - 1 - y),
        3: (y, height - 1 - x),
    }[quarter_turns]
    on_page = np.clip(np.stack(back, axis=1), 0, [width - 1, height - 1])
    return tuple((float(x), float(y)) for x, y in on_page)
