"""Line images for the comparison of recognisers."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.line_images import box_of, cut_line_images, pick_evenly

_PAGE = """<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">
<Page imageFilename="{name}.png" imageWidth="60" imageHeight="40"><TextRegion id="r">
<Coords points="0,0 59,0 59,39 0,39"/>{lines}</TextRegion></Page></PcGts>"""
_LINE = """<TextLine id="l{y}"><Coords points="5,{y} 44,{y} 44,{bottom} 5,{bottom}"/>
<Baseline points="5,{bottom} 44,{bottom}"/></TextLine>"""


@given(st.lists(st.integers(), unique=True), st.integers(0, 50))
def test_picked_items_are_in_order_and_as_many_as_asked_for(items, count):
    picked = pick_evenly(items, count)
    assert len(picked) == min(count, len(items))
    assert picked == [item for item in items if item in set(picked)]


def test_picked_items_are_evenly_spread():
    assert pick_evenly(range(100), 4) == [0, 25, 50, 75]


def test_box_contains_every_point_and_is_clipped_to_the_page():
    left, top, right, bottom = box_of(((-3.0, 2.7), (30.2, 5.0), (12.0, 99.0)), 20, 25)
    assert (left, top, right, bottom) == (0, 2, 25, 20)


@pytest.fixture
def pages(tmp_path):
    for name, level in (("a", 100), ("b", 200)):
        lines = "".join(_LINE.format(y=y, bottom=y + 8) for y in (4, 20))
        (tmp_path / f"{name}.xml").write_text(_PAGE.format(name=name, lines=lines))
        image = np.full((40, 60), level, np.uint8)
        image[20:] += 1
        cv2.imwrite(str(tmp_path / f"{name}.png"), image)
    return sorted(map(str, tmp_path.glob("*.xml")))


def test_lines_are_the_pixels_of_the_page(pages, tmp_path):
    folder = tmp_path / "lines"
    assert cut_line_images(pages, 200, folder) == 4
    images = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in sorted(folder.iterdir())]
    assert [image.shape for image in images] == [(10, 41)] * 4
    assert [image[5, 5] for image in images] == [100, 101, 200, 201]


def test_fewer_lines_come_from_all_pages(pages, tmp_path):
    folder = tmp_path / "lines"
    assert cut_line_images(pages, 2, folder) == 2
    means = [cv2.imread(str(path), 0)[5, 5] for path in sorted(folder.iterdir())]
    assert means == [100, 200]
