"""Training batches of the line network: crops of page images with their target maps."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from model.augmentation.page import PageAugmentConfig, change_ink, draw_height_px, draw_homography
from model.geometry.polylines import arc_lengths, resample
from model.line_images.crop import fit_to_image
from model.segmentation.scale import Level, page_levels
from model.training.lines.targets import (
    TargetLine,
    draw_targets,
    meeting_lines,
    target_lines,
    transform,
)
from schemas.records import Page

# How often pages with lines missing are sampled, relative to pages with all lines known.
_PARTIAL_SHARE = 0.5
# Most by which a crop is larger or smaller than the level that it is cut from.
_MOST_RESCALED = 1.6
# Share of the crops that are centred near a line.
_AT_A_LINE = 0.85
# Insertions, numbers and marginal notes are rare and easily missed: lines shorter than this many
# of their heights, and lines that meet, are sampled more often. So are lines that are much larger
# or smaller than most of their page, by a factor of this or more.
_SHORT_HEIGHTS = 3.0
_OTHER_SIZE = 1.6
_RARE_WEIGHT = 5.0
# Where two crops are laid side by side, this many pixels along the seam do not count.
_SEAM_PX = 8
# Distance of the points of a line in a crop.
_STEP_PX = 6.0


@dataclass(frozen=True, eq=False)
class TrainingPage:
    """A page prepared for cutting crops from it.

    Attributes:
        uri: Location of its image.
        document: Document that it belongs to.
        levels: The page at the sizes at which it is searched, the finest first.
        lines: Its lines, in pixels of the page.
        complete: Whether all its lines are known.
    """

    uri: str
    document: str
    levels: tuple[Level, ...]
    lines: tuple[TargetLine, ...]
    complete: bool

    @cached_property
    def heights_px(self) -> np.ndarray:
        """Heights of the lines, float [lines]."""
        return np.array([line.height_px for line in self.lines])

    @cached_property
    def rare(self) -> np.ndarray:
        """Mask of the lines that are short, or larger or smaller than most, bool [lines]."""
        lengths_px = np.array([arc_lengths(line.path)[-1] for line in self.lines])
        others = np.abs(np.log(self.heights_px / np.median(self.heights_px)))
        return (lengths_px < _SHORT_HEIGHTS * self.heights_px) | (others > math.log(_OTHER_SIZE))

    @cached_property
    def meeting(self) -> np.ndarray:
        """Mask of the lines that end where another begins, or vice versa, bool [lines]."""
        return np.isin(np.arange(len(self.lines)), np.ravel(meeting_lines(self.lines)))

    def nearest_level(self, scale: float) -> Level:
        """Return the level that is nearest in size to a scale, relative to the page."""
        return min(self.levels, key=lambda level: abs(math.log(scale * level.scale[1])))


def prepare_page(page: Page, grey: np.ndarray, complete: bool) -> TrainingPage | None:
    """Prepare a page for cutting crops.

    Args:
        page: The page with its lines.
        grey: uint8 [height, width], its image.
        complete: Whether all its lines are known.

    Returns:
        The page; None if it has no lines.

    Raises:
        ValueError: If image and lines do not belong together.
    """
    page = fit_to_image(page, grey)
    lines = [line for line in target_lines(page.lines, grey) if line.height_px > 0]
    if not lines:
        return None
    levels = tuple(page_levels(grey))
    return TrainingPage(page.uri, page.document, levels, tuple(lines), complete)


def load_pages(
    pages: Iterable[Page], complete: bool, load: Callable[[str], np.ndarray]
) -> list[TrainingPage]:
    """Load the images of pages and prepare the pages.

    Args:
        pages: Pages with their lines.
        complete: Whether all lines of the pages are known.
        load: Loads the grey image of a URI, uint8 [height, width].

    Returns:
        The pages that can be trained on.
    """
    ready = (prepare_page(page, load(page.uri), complete) for page in pages)
    return [page for page in ready if page is not None]


class CropMaker:
    """Cuts crops from pages; the same batch number always gives the same crops.

    Args:
        pages: Pages to cut crops from.
        side_px: Height and width of a crop.
        config: Augmentation of the crops.
        seed: Seed of crops and augmentation.
        meeting_weight: As in `draw_targets`; if above 1, lines that meet are also sampled more
            often.

    Raises:
        ValueError: If there is no page.
    """

    def __init__(
        self,
        pages: Sequence[TrainingPage],
        side_px: int,
        config: PageAugmentConfig,
        seed: int,
        meeting_weight: float = 1.0,
    ):
        if not pages:
            raise ValueError("no page has lines to train on; give more pages")
        self._pages, self._side_px, self._config, self._seed = pages, side_px, config, seed
        self._meeting_weight = meeting_weight
        # Pages of a document with few pages are sampled more often.
        counts = Counter(page.document for page in pages)
        weights = np.array(
            [
                (1.0 if page.complete else _PARTIAL_SHARE) / math.sqrt(counts[page.document])
                for page in pages
            ]
        )
        self._probabilities = weights / weights.sum()

    def batch(self, number: int, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Make one batch.

        Args:
            number: Number of the batch.
            size: Crops in the batch.

        Returns:
            Images, float32 [size, side, side, 1], ink 1, paper 0; and targets, float32 [size,
            side / 2, side / 2, 6], from `draw_targets`.
        """
        rng = np.random.default_rng((self._seed, number))
        crops = [self._crop(rng) for _ in range(size)]
        crops = [
            _lay_beside(crop, other, rng) if rng.random() < self._config.composed else crop
            for crop, other in zip(crops, [*crops[1:], crops[0]])
        ]
        inks = [ink for ink, _ in crops]
        backs = [*inks[1:], inks[0]]
        changed = [change_ink(ink, back, self._config, rng) for ink, back in zip(inks, backs)]
        return np.stack(changed)[..., None], np.stack([maps for _, maps in crops])

    def _crop(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        page = self._pages[rng.choice(len(self._pages), p=self._probabilities)]
        line, height_px = self._choose_line(page, rng), draw_height_px(self._config, rng)
        scale = height_px / line.height_px
        level = page.nearest_level(scale)
        most = math.log(_MOST_RESCALED)
        rescaled = math.exp(np.clip(math.log(scale * level.scale[1]), -most, most))
        scale = rescaled / level.scale[1]
        turns = int(rng.integers(1, 4)) if rng.random() < self._config.turned else 0
        centre = self._centre(page, line, scale, rng)
        matrix = draw_homography(centre, scale, self._side_px, turns, self._config, rng)
        ink = cut_crop(level, matrix, self._side_px)
        shape = (self._side_px, self._side_px)
        if turns:
            return ink, draw_targets((), shape, complete=True)
        lines = [
            transform(one, matrix, _STEP_PX / scale)
            for one in _lines_near(page, matrix, self._side_px)
        ]
        return ink, draw_targets(lines, shape, page.complete, self._meeting_weight)

    def _choose_line(self, page: TrainingPage, rng: np.random.Generator) -> TargetLine:
        """Choose the line that determines the size of a crop, rare ones more often."""
        rare = page.rare | page.meeting if self._meeting_weight > 1 else page.rare
        weights = np.where(rare, _RARE_WEIGHT, 1.0)
        return page.lines[rng.choice(len(page.lines), p=weights / weights.sum())]

    def _centre(
        self, page: TrainingPage, line: TargetLine, scale: float, rng: np.random.Generator
    ) -> np.ndarray:
        """Choose the centre of a crop, mostly near its line."""
        if rng.random() >= _AT_A_LINE:
            finest = page.levels[0]
            return rng.uniform(0, 1, 2) * finest.ink.shape[::-1] * finest.scale
        place = resample(line.path, rng.uniform(0, 1, 1) * arc_lengths(line.path)[-1])[0]
        return place + rng.uniform(-0.4, 0.4, 2) * self._side_px / scale


def _lines_near(page: TrainingPage, matrix: np.ndarray, side_px: int) -> list[TargetLine]:
    """Return the lines that reach into a crop, judged by their bounding boxes."""
    corners = np.array([[[0, 0], [side_px, 0], [side_px, side_px], [0, side_px]]], float)
    seen = cv2.perspectiveTransform(corners, np.linalg.inv(matrix))[0]
    low, high = seen.min(axis=0), seen.max(axis=0)
    return [
        line
        for line in page.lines
        if (line.path.max(axis=0) >= low - line.height_px).all()
        and (line.path.min(axis=0) <= high + line.height_px).all()
    ]


def _lay_beside(
    crop: tuple[np.ndarray, np.ndarray],
    other: tuple[np.ndarray, np.ndarray],
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Replace one side of a crop by that of another: writing of other sizes, columns, spreads."""
    (ink, maps), (other_ink, other_maps) = crop, other
    axis, upper = int(rng.integers(2)), bool(rng.integers(2))
    # Even, since maps have half the size of crops.
    place = 2 * int(rng.uniform(0.25, 0.75) * ink.shape[axis] / 2)
    half, seam = place // 2, _SEAM_PX // 2
    inside = [slice(None)] * 2
    inside[axis] = slice(0, place) if upper else slice(place, None)
    ink, maps = ink.copy(), maps.copy()
    ink[tuple(inside)] = other_ink[tuple(inside)]
    inside[axis] = slice(0, half) if upper else slice(half, None)
    maps[tuple(inside)] = other_maps[tuple(inside)]
    inside[axis] = slice(max(0, half - seam), half + seam)
    maps[(*inside, -1)] = 0.0
    return ink, maps


def cut_crop(level: Level, matrix: np.ndarray, side_px: int) -> np.ndarray:
    """Resample a crop of a page.

    Args:
        level: The page at about the size of the crop.
        matrix: float [3, 3], homography from pixels of the page to pixels of the crop.
        side_px: Height and width of the crop.

    Returns:
        float32 [side_px, side_px], ink 1, paper 0, also outside the page.
    """
    crop = cv2.warpPerspective(
        level.ink, matrix @ level.to_page(), (side_px, side_px), flags=cv2.INTER_LINEAR
    )
    return crop.astype(np.float32) / 255
