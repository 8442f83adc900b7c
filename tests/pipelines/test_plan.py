"""What a transcription would take."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.plan import Plan, SampledPage
from pipelines.transforms.page_files import file_source
from pipelines.transforms.probe import ProbedPage, probe_page
from schemas.records import PageSource
from tests.drawn_files import image_file

SAMPLES = st.lists(
    st.builds(SampledPage, st.floats(0, 100), st.integers(0, 99), st.integers(0, 10**6)),
    min_size=1,
    max_size=9,
)


@given(SAMPLES, st.integers(0, 10**7), st.integers(1, 1000))
def test_the_estimate_is_the_mean_of_the_sample_times_the_pages(sample, pages, workers):
    plan = Plan(pages, 0, 0, tuple(sample), worker_count=workers, price_per_core_hour=2.0)
    seconds = sum(page.seconds for page in sample) / len(sample)
    assert plan.core_seconds == pytest.approx(pages * seconds)
    assert plan.price == pytest.approx(plan.core_seconds / 1800)
    assert f"{workers} worker" in str(plan)
    assert math.isnan(plan.error_share) or plan.error_share >= 0


def test_a_plan_without_pages_says_so():
    assert str(Plan(0, 1, 2, (), ("a.jpg: broken",))).splitlines() == [
        "pages: 0 to read, 1 unreadable, 2 skipped",
        "  a.jpg: broken",
        "nothing to time a sample of",
    ]


def test_a_source_with_a_fault_cannot_be_opened():
    (failure,) = probe_page(PageSource("x", (), fault="manifest is gone"))
    assert failure.error == "manifest is gone"
    (failure,) = probe_page(file_source("nowhere.jpg"))
    assert failure.uri == "nowhere.jpg"


@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
def test_a_page_of_a_file_of_several_is_opened_as_such(tmp_path, kind):
    path = tmp_path / f"scan.{kind.lower()[:3]}"
    path.write_bytes(image_file([np.full((40, 30), 255, np.uint8)] * 2, kind))
    source = file_source(f"{path}#page=2")
    assert probe_page(source) == [ProbedPage(source)]
