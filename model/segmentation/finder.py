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
from model.geometry.polylines import band_outline
from model.images.digest import exact_key
from model.networks.manifest import check_files
from model.networks.session import check_shape, input_shapes, open_session, output_shapes
from model.segmentation.across import (
    AcrossConfig,
    erase_lines,
    keep_sure_lines,
    may_have_writing,
)
from model.segmentation.baselines import FoundLine, VectorConfig, find_baselines
from model.segmentation.ends import measure_ink_variation, trim_ends
from model.segmentation.levels import (
    LevelLine,
    choose_lines,
    coarsest_level,
    leave_out_doubtful,
)
from model.segmentation.maps import CHANNELS, STRIDE_PX, LineMaps, maps_of_logits
from model.segmentation.reading_order import arrange_lines
from model.segmentation.rules import find_rules
from model.segmentation.scale import FINEST_PIXELS, Level, page_levels
from schemas.records import Line, Polyline

# The network that finds lines; only the bundled default model has one.
LINES_FILE = "lines.onnx"

# Increase it with every change that affects which lines are found: pages are read again then.
FINDER_VERSION = 3
# Smaller pages are taken to be blank.
_LEAST_SIDE_PX = 8

# From float32 [1, 1, height, width] of ink to float32 [1, 5, height / 2, width / 2] of logits.
Network = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class LineFinderConfig:
    """How a page is searched for lines.

    Attributes:
        multiple_px: The sides of the network's input are multiples of this.
        finest_pixels: Largest input of the network, which determines the memory for a page.
        heights_px: Least and greatest height of writing that a level can tell, in pixels of the
            network's input.
        upright_probability: Mean probability of the lines from which on a page counts as upright
            without a search of its rotations.
        turned_gain: Factor by which a rotated page must show more evidence than the upright one.
        turned_evidence: Least evidence of a rotated page, see `_Finds`.
        turned_probability: Least mean probability of its lines.
        turned_ink_variation: Least mean variation of their ink: beside a blank page the fore-edge
            of the book looks like lines that run up it.
        least_ink_variation: Least variation of the ink of any line.
        vectors: How the maps become lines.
        across: Which lines up or down the page, across the others, are kept.
    """

    multiple_px: int = 16
    finest_pixels: int = FINEST_PIXELS
    heights_px: tuple[float, float] = (7.0, 80.0)
    upright_probability: float = 0.75
    turned_gain: float = 1.25
    turned_evidence: float = 8.0
    turned_probability: float = 0.65
    turned_ink_variation: float = 0.42
    least_ink_variation: float = 0.2
    vectors: VectorConfig = field(default_factory=VectorConfig)
    across: AcrossConfig = field(default_factory=AcrossConfig)


@dataclass(frozen=True, eq=False)
class _Finds:
    """Lines found on a page, in pixels of the rotated page.

    Attributes:
        lines: The lines, in no order.
        quarter_turns: How often the page was rotated by 90 degrees, counter-clockwise.
        levels: The sizes of the rotated page at which it was searched.
    """

    lines: list[FoundLine]
    quarter_turns: int
    levels: list[Level]

    @property
    def evidence(self) -> float:
        """Length of the lines in heights, weighted by probability: to compare rotations."""
        return sum(line.length_heights * line.probability for line in self.lines)

    @property
    def mean_probability(self) -> float:
        """Mean probability of the lines, weighted by length in heights."""
        return self._mean([line.probability for line in self.lines])

    @property
    def mean_ink_variation(self) -> float:
        """Mean variation of the ink along the lines, weighted likewise."""
        return self._mean([line.ink_variation for line in self.lines])

    def _mean(self, values: list[float]) -> float:
        lengths = np.array([line.length_heights for line in self.lines])
        return float(lengths @ values / lengths.sum()) if lengths.sum() > 0 else 0.0

    @property
    def height_px(self) -> float:
        """Median height of the writing; 0 without lines."""
        return float(np.median([line.height_px for line in self.lines])) if self.lines else 0.0


def load_line_network(path: Path) -> Network:
    """Load the network.

    Args:
        path: The ONNX file.

    Returns:
        The network, which runs on one thread.

    Raises:
        ValueError: If the file is not such a network.
    """
    # An arena would keep the memory of the largest page.
    session = open_session(path, has_arena=False)
    check_shape(path, "image", input_shapes(session), (None, 1, None, None))
    check_shape(path, "maps", output_shapes(session), (None, len(CHANNELS), None, None))
    return lambda image: session.run(["maps"], {"image": image})[0]


@cache
def default_line_network() -> Network:
    """Return the bundled network, loaded once per process.

    Raises:
        ValueError: If it is damaged.
    """
    check_files(DEFAULT_FOLDER, [LINES_FILE], [LINES_FILE])
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
        if not finds.lines:
            continue
        paths = [line.path for line in finds.lines]
        regions = len({line.region_id for line in lines})
        level = coarsest_level(finds.levels, finds.height_px)
        rules = find_rules(level.ink, finds.height_px / level.scale[1]).scaled(level.scale)
        pitch_px = line_pitch_px(paths, ()) or finds.height_px
        for place in arrange_lines(paths, pitch_px, rules):
            region_id = f"r{regions + place.region + 1}"
            found = finds.lines[place.line]
            line = _describe(found, len(lines), region_id, finds.quarter_turns, grey.shape)
            lines.append(replace(line, row=place.row, column=place.column))
    return tuple(lines)


def _choose_turn(grey: np.ndarray, network: Network, config: LineFinderConfig) -> _Finds:
    """Search the page upright and, if that shows little, in its other rotations, too."""
    levels = page_levels(grey, config.finest_pixels)
    upright = _search(levels, 0, network, config)
    if upright.mean_probability >= config.upright_probability:
        return upright
    least = upright.evidence * config.turned_gain
    # The finest level takes most of the time: it is left out unless the others show nothing.
    for searched in (levels[1:], levels):
        turns = [_search_turned(searched, turns, network, config) for turns in (1, 2, 3)]
        best = max(turns, key=lambda finds: finds.evidence)
        if best.evidence > 0:
            break
    is_writing = (
        best.evidence >= config.turned_evidence
        and best.mean_probability >= config.turned_probability
        and best.mean_ink_variation >= config.turned_ink_variation
    )
    if best.evidence <= least or not is_writing:
        return upright
    if searched is levels:
        return best
    return _search_turned(levels, best.quarter_turns, network, config)


def _search_turned(
    levels: list[Level], quarter_turns: int, network: Network, config: LineFinderConfig
) -> _Finds:
    turned = [_turn(level, quarter_turns) for level in levels]
    return _search(turned, quarter_turns, network, config)


def _turn(level: Level, quarter_turns: int) -> Level:
    scale = level.scale[::-1] if quarter_turns % 2 else level.scale
    return Level(np.rot90(level.ink, quarter_turns), scale)


def _search(
    levels: list[Level], quarter_turns: int, network: Network, config: LineFinderConfig
) -> _Finds:
    """Search every level of a page; each line comes from the level that suits it."""
    candidates = [
        LevelLine(line, number, line.height_px / level.scale[1])
        for number, level in enumerate(levels)
        for line in _lines_of(level, network, config)
    ]
    return _Finds(leave_out_doubtful(choose_lines(candidates)), quarter_turns, levels)


def _search_across(upright: _Finds, network: Network, config: LineFinderConfig) -> _Finds:
    """Search a page without the lines that were found for writing that runs up or down it."""
    best = _Finds([], upright.quarter_turns, upright.levels)
    if not upright.lines:
        return best
    # Notes across are about as large as the rest.
    level = coarsest_level(upright.levels, upright.height_px)
    rest = Level(erase_lines(level.ink, upright.lines, level.scale), level.scale)
    height_px = upright.height_px / level.scale[1]
    if not may_have_writing(rest.ink, height_px, config.across):
        return best
    for turns in (1, 3):
        turned = _turn(rest, turns)
        found = _lines_of(turned, network, config)
        page_height_px = round(turned.ink.shape[0] * turned.scale[1])
        sure = keep_sure_lines(found, page_height_px, config.across)
        finds = _Finds(sure, (upright.quarter_turns + turns) % 4, [turned])
        best = max(best, finds, key=lambda one: one.evidence)
    return best


def _lines_of(level: Level, network: Network, config: LineFinderConfig) -> list[FoundLine]:
    """Find the lines of one level that are of a size it can tell; in pixels of the page."""
    maps = _run(level.ink, network, config.multiple_px)
    least_px, most_px = config.heights_px
    lines = [
        line.scaled(np.full(2, float(STRIDE_PX))) for line in find_baselines(maps, config.vectors)
    ]
    trimmed = [
        trim_ends(line, level.ink) for line in lines if least_px <= line.height_px <= most_px
    ]
    measured = [
        replace(line, ink_variation=measure_ink_variation(line, level.ink)) for line in trimmed
    ]
    return [
        line.scaled(level.scale)
        for line in measured
        if line.ink_variation >= config.least_ink_variation
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
    band = band_outline(found.path, found.above_px, found.below_px)
    return Line(
        line_id=f"l{index + 1}",
        index=index,
        baseline=_turn_back(found.path, quarter_turns, shape),
        polygon=_turn_back(band, quarter_turns, shape),
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
