"""Lines across the others: which are kept."""

from __future__ import annotations

import numpy as np
import pytest

from model.segmentation.across import (
    AcrossConfig,
    erase_lines,
    keep_sure_lines,
    may_have_writing,
)
from model.segmentation.baselines import FoundLine


def line(y, length_px, probability=0.95):
    return FoundLine(np.array([[10.0, y], [10.0 + length_px, y]]), 12.0, 5.0, probability)


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        (line(100, 200), 1),
        (line(100, 60), 0),
        (line(100, 200, probability=0.7), 0),
        (line(3, 200), 0),
        (line(297, 200), 0),
    ],
)
def test_only_probable_lines_away_from_the_edge_are_kept(found, kept):
    assert len(keep_sure_lines([found], 300, AcrossConfig())) == kept


def test_lines_are_erased_at_the_scale_of_the_ink():
    ink = np.full((60, 120), 200, np.uint8)
    rest = erase_lines(ink, [line(100, 200)], np.array([2.0, 2.0]))
    assert (rest[45:53, 6:104] == 0).all()
    assert (rest[:40] == 200).all() and (rest[56:] == 200).all()
    assert (ink == 200).all()


@pytest.mark.parametrize(("inked_px", "may"), [(0, False), (30, False), (120, True)])
def test_pages_with_hardly_any_ink_left_are_not_searched(inked_px, may):
    rest = np.zeros((200, 300), np.uint8)
    rest[100, :inked_px] = 255
    assert may_have_writing(rest, 20.0, AcrossConfig()) == may
