"""The bundled line finder, on drawn pages and on images without writing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from model.segmentation.finder import default_line_network, find_lines
from model.synthetic.pages import HandwritingConfig, draw_page
from schemas.records import Line
from tests.line_drawings import drawn_page

PITCH_PX = HandwritingConfig().line_pitch_px


def find(grey):
    return find_lines(grey, default_line_network())


def points_px(lines) -> np.ndarray:
    """Return points on all baselines, four pixels apart: [points, 2]."""
    found = [np.zeros((0, 2))]
    for line in lines:
        x, y = np.array(line.baseline).T
        every = np.arange(x[0], x[-1], 4)
        found.append(np.stack([every, np.interp(every, x, y)], axis=1))
    return np.concatenate(found)


def share_near(points: np.ndarray, others: np.ndarray, tolerance_px: float) -> float:
    """Return the share of the points that lie near one of the others."""
    distances = np.linalg.norm(points[:, None] - others[None], axis=2)
    return float((distances.min(axis=1) < tolerance_px).mean())


def assert_same_baselines(found, drawn, least=0.93, tolerance_px=PITCH_PX / 4):
    """Compare points within a quarter of the line pitch, as cBAD does."""
    truth, guess = points_px(drawn), points_px(found)
    assert share_near(truth, guess, tolerance_px) > least
    assert share_near(guess, truth, tolerance_px) > least


def assert_valid(lines, shape):
    assert [line.index for line in lines] == list(range(len(lines)))
    assert [line.line_id for line in lines] == [f"l{i + 1}" for i in range(len(lines))]
    for line in lines:
        assert line.text is None
        points = np.array(line.baseline + line.polygon)
        assert (points >= 0).all()
        assert (points <= [shape[1] - 1, shape[0] - 1]).all()


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10_000), st.integers(1, 14))
def test_found_lines_are_valid(seed, count):
    image, _ = drawn_page(seed, count)
    assert_valid(find(image), image.shape)


def test_drawn_lines_are_found():
    """The mean counts: a page may end in a year, which raises the end of its line."""
    shares = []
    for seed in range(24):
        image, page = drawn_page(seed, 1 + seed % 12)
        truth, guess = points_px(page.lines), points_px(find(image))
        shares += [share_near(truth, guess, PITCH_PX / 4), share_near(guess, truth, PITCH_PX / 4)]
    assert np.mean(shares) > 0.97


@pytest.mark.parametrize("count", [1, 2, 7, 20])
def test_lines_are_found_complete(count):
    image, page = drawn_page(2, count)
    found = find(image)
    assert len(found) == count
    for one, other in zip(found, page.lines):
        assert_same_baselines([one], [other])


def test_polygons_contain_the_letters():
    image, _ = drawn_page(3)
    outlined = np.zeros_like(image)
    for line in find(image):
        cv2.fillPoly(outlined, [np.array(line.polygon).astype(np.int32)], 1)
    ink = image < 0.65 * np.median(image)
    assert (ink & (outlined > 0)).sum() > 0.95 * ink.sum()


def test_an_enlarged_page_gives_the_same_lines():
    image, page = drawn_page(4)
    large = cv2.resize(image, None, fx=2.5, fy=2.5, interpolation=cv2.INTER_CUBIC)
    smaller = [
        Line(line.line_id, line.index, baseline=tuple((x / 2.5, y / 2.5) for x, y in line.baseline))
        for line in find(large)
    ]
    assert_same_baselines(smaller, page.lines)


def test_dark_and_shaded_paper_gives_the_same_lines():
    image, page = drawn_page(5)
    light = np.linspace(0.35, 1.0, image.shape[1])
    assert_same_baselines(find((image * light).astype(np.uint8)), page.lines)


def test_ruled_paper_and_black_borders_give_no_lines():
    image, page = drawn_page(6)
    image[20::28] = (image[20::28] * 0.7).astype(np.uint8)
    image[:, 60::60] = (image[:, 60::60] * 0.8).astype(np.uint8)
    image[:, :30] = 5
    image[-25:] = 5
    assert_same_baselines(find(image), page.lines)


@pytest.mark.parametrize("shade", [0, 1, 128, 255])
@pytest.mark.parametrize("shape", [(1, 1), (64, 64), (900, 700), (1, 5000), (5000, 1)])
def test_a_blank_page_has_no_lines(shade, shape):
    assert find(np.full(shape, shade, np.uint8)) == ()


def test_paper_without_writing_has_no_lines():
    image, _ = draw_page([], np.random.default_rng(1))
    assert find(cv2.resize(image, (900, 1200))) == ()


@pytest.mark.parametrize("shape", [(700, 500), (64, 64), (40, 30_000), (30_000, 40)])
def test_noise_gives_valid_lines(shape):
    noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert_valid(find(noise), shape)


@settings(deadline=None, max_examples=60)
@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=90)))
def test_small_images_give_valid_lines(grey):
    assert_valid(find(grey), grey.shape)


def test_a_strided_view_gives_the_same_lines_as_a_copy():
    image, _ = drawn_page(9, 4)
    wide = np.repeat(image, 2, axis=1)
    assert find(wide[:, ::2]) == find(image)


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_rotated_page_gives_the_same_lines(quarter_turns):
    image, page = drawn_page(11, 10)
    found = find(np.rot90(image, quarter_turns).copy())
    assert len(found) == len(page.lines)


@pytest.mark.parametrize("quarter_turns", [1, 3])
def test_a_note_up_or_down_the_margin_is_found_along_its_writing(quarter_turns):
    """The lines of the text do not change; the note comes last, in its own direction."""
    image, page = drawn_page(1, 12)
    note, _ = drawn_page(91, 2)
    paper = np.full((max(len(image), note.shape[1]), note.shape[0]), np.median(image), np.uint8)
    paper[: note.shape[1]] = np.rot90(note, quarter_turns)
    text = np.full((len(paper), image.shape[1]), np.median(image), np.uint8)
    text[: len(image)] = image
    *found, first, second = find(np.concatenate([paper, text], axis=1))
    shifted = [
        Line(
            one.line_id, one.index, baseline=tuple((x - note.shape[0], y) for x, y in one.baseline)
        )
        for one in found
    ]
    assert len(found) == 12
    assert_same_baselines(shifted, page.lines)
    for one in (first, second):
        assert one.region_id not in {other.region_id for other in found}
        (across, down) = np.subtract(one.baseline[-1], one.baseline[0])
        assert abs(across) < 0.1 * abs(down)
        # Rotated counter-clockwise, writing runs up the page.
        assert (down < 0) == (quarter_turns == 1)


@pytest.mark.parametrize("strength", [0.1, 0.15])
def test_bleed_through_gives_no_lines(strength):
    image, _ = drawn_page(2, 12)
    assert len(find(_bled_through(image, strength))) == 12


def test_strong_bleed_through_gives_few_false_lines():
    image, _ = drawn_page(1, 12)
    assert 12 <= len(find(_bled_through(image, 0.25))) <= 18


def _bled_through(image, strength):
    """Add the bleed-through of a mirrored page, with its lines between the others."""
    other, _ = drawn_page(52, 12)
    height, width = (min(sides) for sides in zip(image.shape, other.shape))
    verso = np.roll(255.0 - other[:height, :width][:, ::-1], 20, axis=0)
    ink = np.maximum(0, verso - np.median(verso))
    return np.clip(image[:height, :width] - strength * ink, 0, 255).astype(np.uint8)


def test_a_page_number_in_the_corner_is_a_separate_line():
    image, page = drawn_page(3, 10)
    paper = int(np.median(image))
    wide = np.pad(image, ((0, 0), (0, 160)), constant_values=paper)
    row = int(np.mean([y for _, y in page.lines[0].baseline]))
    cv2.putText(wide, "12", (wide.shape[1] - 110, row), cv2.FONT_HERSHEY_COMPLEX, 1.1, 40, 2)
    found = find(wide)
    assert len(found) == 11
    assert sum(line.baseline[0][0] > image.shape[1] - 20 for line in found) == 1


def test_a_map_of_too_many_pixels_is_scaled_down():
    """Borders at the scale of those on a map of 200 megapixels, at a tenth of its sides."""
    rng = np.random.default_rng(0)
    sheet = np.full((1700, 1200), 235, np.uint8)
    for _ in range(40):
        course = np.cumsum(rng.normal(0, 30, (40, 2)), axis=0) + rng.integers(0, 1200, 2)
        cv2.polylines(sheet, [course.astype(np.int32)], False, 120, 1)
    sizes = []
    network = default_line_network()

    def watched(ink):
        sizes.append(ink.size)
        return network(ink)

    large = cv2.resize(sheet, None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST)
    assert len(find_lines(large, watched)) <= 20
    assert max(sizes) <= 2_300_000 and sum(sizes) <= 12_000_000


def test_a_thumb_and_black_borders_give_no_lines():
    image, page = drawn_page(6)
    border = np.pad(image, 60, constant_values=5)
    cv2.ellipse(border, (40, 300), (90, 45), 20, 0, 360, 120, -1)
    assert len(find(border)) == len(page.lines)


def test_a_colour_chart_and_a_photograph_have_no_lines():
    rng = np.random.default_rng(0)
    chart = np.kron(rng.integers(20, 250, (6, 4)), np.ones((250, 250))).astype(np.uint8)
    small = rng.integers(0, 255, (40, 30), dtype=np.uint8)
    photograph = cv2.resize(small, (1500, 2000), interpolation=cv2.INTER_CUBIC)
    assert find(chart) == () and find(photograph) == ()


def test_an_empty_form_has_no_lines():
    form = np.full((2000, 1500), 245, np.uint8)
    form[100:1900:50, 100:1400] = 60
    form[100:1900, 100:1400:250] = 60
    assert find(form) == ()


def test_a_printed_page_gives_a_bounded_number_of_lines():
    page = np.full((2000, 1500), 250, np.uint8)
    for y in range(150, 1850, 44):
        text = "Printed text of a page and words in rows 12"
        cv2.putText(page, text, (120, y), cv2.FONT_HERSHEY_COMPLEX, 1.3, 30, 2)
    assert 39 <= len(find(page)) <= 130


def test_a_page_of_one_line_gives_one_line():
    image, _ = drawn_page(2, 1)
    assert len(find(image)) == 1


def test_a_thumbnail_gives_few_lines():
    image, _ = drawn_page(5)
    thumbnail = cv2.resize(image, (48, 64), interpolation=cv2.INTER_AREA)
    assert len(find(thumbnail)) <= 20


def test_the_fore_edge_of_a_book_beside_a_blank_page_gives_no_lines():
    rng = np.random.default_rng(4)
    page = np.full((2400, 1800), 225, np.uint8)
    page[:, :60] = 30
    # Edges of leaves: dark stripes up the page.
    for x in np.cumsum(rng.integers(5, 12, 24)) + 60:
        page[40:-40, x : x + 2] = rng.integers(90, 190)
    page = cv2.GaussianBlur(page, (0, 0), 1.2)
    assert find(np.clip(page + rng.normal(0, 3, page.shape), 0, 255).astype(np.uint8)) == ()
