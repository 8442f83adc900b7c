"""Training batches of the line network: crops of page images with their target maps."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from model.augmentation.page import PageAugmentConfig, change_ink, draw_homography, draw_pitch_px
from model.geometry.extent import line_pitch_px
from model.geometry.polylines import arc_lengths, resample
from model.images.resize import resize
from model.line_images.crop import fit_to_image
from model.segmentation.scale import EVEN_PITCH_PX, to_ink
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
_MOST_ENLARGED = 2.0
# Share of the crops that are centred near a line.
_AT_A_LINE = 0.85
# Insertions, numbers and marginal notes are rare and easily missed: lines shorter than this many
# line pitches, and lines that meet, are sampled more often.
_SHORT_PITCHES = 3.0
_RARE_WEIGHT = 5.0


@dataclass(frozen=True, eq=False)
class TrainingPage:
    """A page prepared for cutting crops from it.

    Attributes:
        uri: Location of its image.
        document: Document that it belongs to.
        ink: uint8 [height_px, width_px], paper 0, scaled to a line pitch of at most
            `EVEN_PITCH_PX`.
        lines: Its lines, in pixels of `ink`.
        pitch_px: Line pitch in `ink`.
        complete: Whether all its lines are known.
    """

    uri: str
    document: str
    ink: np.ndarray
    lines: tuple[TargetLine, ...]
    pitch_px: float
    complete: bool

    @cached_property
    def short(self) -> np.ndarray:
        """Mask of the short lines, bool [lines]."""
        lengths_px = np.array([arc_lengths(line.path)[-1] for line in self.lines])
        return lengths_px < _SHORT_PITCHES * self.pitch_px

    @cached_property
    def meeting(self) -> np.ndarray:
        """Mask of the lines that end where another begins, or vice versa, bool [lines]."""
        pairs = meeting_lines(self.lines, self.pitch_px)
        return np.isin(np.arange(len(self.lines)), np.ravel(pairs))

    @cached_property
    def levels(self) -> tuple[np.ndarray, np.ndarray]:
        """The page and the page at half size, from which it can be shrunk without moiré."""
        return self.ink, resize(self.ink, 0.5)


def prepare_page(page: Page, grey: np.ndarray, complete: bool) -> TrainingPage | None:
    """Prepare a page for cutting crops.

    Args:
        page: The page with its lines.
        grey: uint8 [height, width], its image.
        complete: Whether all its lines are known.

    Returns:
        The page; None if the line pitch cannot be determined.

    Raises:
        ValueError: If image and lines do not belong together.
    """
    page = fit_to_image(page, grey)
    lines = target_lines(page.lines)
    pitch_px = line_pitch_px([line.path for line in lines], page.lines)
    if not lines or pitch_px <= 0:
        return None
    factor = min(_MOST_ENLARGED, EVEN_PITCH_PX / pitch_px)
    ink = to_ink(resize(grey, factor))
    matrix = np.diag([ink.shape[1] / grey.shape[1], ink.shape[0] / grey.shape[0], 1.0])
    # Coordinates refer to pixel centres.
    matrix[:2, 2] = (np.diag(matrix)[:2] - 1) / 2
    moved = tuple(transform(line, matrix) for line in lines)
    return TrainingPage(page.uri, page.document, ink, moved, pitch_px * matrix[1, 1], complete)


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
        inks = [ink for ink, _ in crops]
        backs = [*inks[1:], inks[0]]
        changed = [change_ink(ink, back, self._config, rng) for ink, back in zip(inks, backs)]
        return np.stack(changed)[..., None], np.stack([maps for _, maps in crops])

    def _crop(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        page = self._pages[rng.choice(len(self._pages), p=self._probabilities)]
        pitch_px = draw_pitch_px(self._config, rng)
        scale = min(pitch_px / page.pitch_px, _MOST_ENLARGED)
        turns = int(rng.integers(1, 4)) if rng.random() < self._config.turned else 0
        centre = self._centre(page, scale, rng)
        matrix = draw_homography(centre, scale, self._side_px, turns, self._config, rng)
        ink = cut_crop(page, matrix, scale, self._side_px)
        shape = (self._side_px, self._side_px)
        if turns:
            return ink, draw_targets((), shape, pitch_px, complete=True)
        lines = [transform(line, matrix) for line in page.lines]
        pitch_px = scale * page.pitch_px
        return ink, draw_targets(lines, shape, pitch_px, page.complete, self._meeting_weight)

    def _centre(self, page: TrainingPage, scale: float, rng: np.random.Generator) -> np.ndarray:
        """Choose the centre of a crop, mostly near a line."""
        if rng.random() >= _AT_A_LINE:
            return rng.uniform(0, 1, 2) * page.ink.shape[::-1]
        rare = page.short | page.meeting if self._meeting_weight > 1 else page.short
        weights = np.where(rare, _RARE_WEIGHT, 1.0)
        path = page.lines[rng.choice(len(page.lines), p=weights / weights.sum())].path
        place = resample(path, rng.uniform(0, 1, 1) * arc_lengths(path)[-1])[0]
        return place + rng.uniform(-0.4, 0.4, 2) * self._side_px / scale


def cut_crop(page: TrainingPage, matrix: np.ndarray, scale: float, side_px: int) -> np.ndarray:
    """Resample a crop of a page.

    Args:
        page: The page.
        matrix: float [3, 3], homography from pixels of the page to pixels of the crop.
        scale: Approximate scale of the crop relative to the page.
        side_px: Height and width of the crop.

    Returns:
        float32 [side_px, side_px], ink 1, paper 0, also outside the page.
    """
    level = page.levels[1 if scale < 0.6 else 0]
    # From pixels of the level to pixels of the page; coordinates refer to pixel centres.
    across, down = (page.ink.shape[axis] / level.shape[axis] for axis in (1, 0))
    to_page = np.array([[across, 0, (across - 1) / 2], [0, down, (down - 1) / 2], [0, 0, 1]])
    crop = cv2.warpPerspective(level, matrix @ to_page, (side_px, side_px), flags=cv2.INTER_LINEAR)
    return crop.astype(np.float32) / 255
