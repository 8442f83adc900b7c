"""Filling what lies outside of a line's outline."""

import cv2
import numpy as np
import pytest

from model.line_images.masked import paper_outside
from tests.drawn import text_strip


def cut_out(line: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut a line out along a wavy outline, black outside of it."""
    height, width = line.shape
    xs = np.arange(0, width, 8)
    tops = 6 + 4 * np.sin(xs / 20)
    edge = [*zip(xs, tops), *zip(xs[::-1], height - tops[::-1])]
    inside = np.zeros_like(line)
    cv2.fillPoly(inside, [np.array(edge).round().astype(np.int32)], 1)
    return np.where(inside > 0, line, 0).astype(np.uint8), inside > 0


def test_the_outside_becomes_paper_and_the_writing_stays():
    line = np.clip(text_strip("acte de mariage"), 20, 210)
    cut, inside = cut_out(line)
    filled = paper_outside(cut)
    well_inside = cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert np.array_equal(filled[well_inside], line[well_inside])
    assert (filled[~inside] == 210).all()


def test_ink_as_black_as_the_outside_stays_where_it_does_not_meet_it():
    line = np.full((60, 300), 200, np.uint8)
    line[:8] = line[28:32, 40:200] = 0
    line[50, 50] = 90
    filled = paper_outside(line)
    assert (filled[28:32, 40:200] == 0).all() and (filled[:8] == 200).all()


@pytest.mark.parametrize("level", [0, 255])
def test_an_image_of_black_and_white_stays_as_it_is(level):
    line = np.full((40, 90), level, np.uint8)
    line[:5] = 0
    assert np.array_equal(paper_outside(line), line)


def test_an_image_without_an_outside_loses_no_more_than_its_frame():
    line = np.clip(text_strip("acte"), 20, 210)
    assert np.array_equal(paper_outside(line)[1:-1, 1:-1], line[1:-1, 1:-1])


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (2, 2), (3, 400)])
def test_tiny_images_are_no_trouble(shape):
    line = np.resize(np.array([0, 90, 200], np.uint8), shape)
    assert paper_outside(line).shape == shape
