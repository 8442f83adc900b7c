"""The estimate of a transcription, and the probing of pages."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.pages.listing import file_source
from pipelines.transcription.forecast import Terms
from pipelines.transcription.plan import CheckedPage, Plan, SampledPage
from pipelines.transcription.probe import ProbedPage, probe_page
from schemas.records import PageSource
from tests.drawn_files import image_file

SAMPLES = st.lists(
    st.builds(SampledPage, st.floats(0, 100), st.integers(0, 99), st.integers(0, 10**6)),
    min_size=1,
    max_size=9,
)


@given(SAMPLES, st.integers(0, 10**7), st.integers(1, 1000))
def test_the_estimate_is_the_mean_of_the_sample_times_the_pages(sample, pages, workers):
    terms = Terms(worker_count=workers, price_per_core_hour=2.0)
    plan = Plan(pages, 0, 0, tuple(sample), terms=terms)
    seconds = sum(page.seconds for page in sample) / len(sample)
    assert plan.core_seconds == pytest.approx(pages * seconds)
    assert plan.price == pytest.approx(plan.core_seconds / 1800)
    assert f"{workers} worker" in str(plan)
    assert math.isnan(plan.error_share) or plan.error_share >= 0


def test_without_a_sample_there_is_no_estimate():
    assert str(Plan(0, 1, 2, (), ("a.jpg: broken",))).splitlines() == [
        "pages: 0 to read, 1 unreadable, 2 skipped",
        "  a.jpg: broken",
        "no pages to time",
    ]


def checked(changed, unchanged, seconds=0.5):
    return (CheckedPage(9.0, False),) * changed + (CheckedPage(seconds, True),) * unchanged


def test_unchanged_pages_cost_only_the_check():
    plan = Plan(10, 0, 1, (SampledPage(2.0, 3, 100),) * 2, known_count=8, checked=checked(2, 6))
    assert (plan.page_count, plan.changed_count, plan.unchanged_count) == (12, 2, 6)
    assert plan.core_seconds == 12 * 2.0 + 6 * 0.5 and plan.output_bytes == 1200
    assert plan.error_share == 0
    expected = "pages: 12 to read (10 new, 2 changed), 6 unchanged, 0 unreadable, 1 skipped"
    assert str(plan).splitlines()[0] == expected and "estimated:" not in str(plan)


def test_unchecked_pages_are_estimated_with_a_margin():
    sample = (SampledPage(2.0, 3, 100),) * 2
    plan = Plan(0, 0, 0, sample, known_count=1000, checked=checked(10, 90, 0.0))
    assert (plan.changed_count, plan.unchanged_count) == (100, 900)
    assert "of 1,000 pages that were read before 100 were checked, 10 of them changed" in str(plan)
    assert 0.5 < plan.error_share < 0.7
    none = Plan(99, 0, 0, sample, known_count=1000, checked=checked(0, 100, 0.0))
    assert none.changed_count == 0 < none.error_share < plan.error_share


def test_if_nothing_changed_the_time_is_that_of_the_checks():
    plan = Plan(0, 0, 0, (), known_count=7200, checked=checked(0, 100))
    lines = str(plan).splitlines()
    assert lines[0].startswith("pages: 0 to read (0 new, 0 changed), 7,200 unchanged")
    assert lines[-1].startswith("estimate: 1.00 core-hours, ") and "sample" not in str(plan)


def test_the_forecast_is_for_a_thousand_pages_and_for_as_many_as_are_asked():
    sample = tuple(SampledPage(s, 30, 20_000, True, 40_000, 600_000) for s in (1.0, 2.0, 3.0))
    terms = Terms((1000, 2_000_000), 4, 0.05, 5.5, 620_000_000)
    plan = Plan(67, 0, 0, sample, terms=terms, reading="beam in int8")
    *_, first, estimate, thousand, many, apart = str(plan).splitlines()
    assert first.endswith("2.00 s and 30.0 lines a page on one core, beam in int8")
    assert estimate.startswith("estimate: 0.04 core-hours, 34 s with 4 workers, 1.3 MB, 0.00 at")
    assert thousand == (
        "for 1,000 pages: 0.556 core-hours (give or take 58%), 0.139 hours with 4 workers, "
        "0.03 at the price given; tables 0.020 GB, ALTO 0.040 GB, PDF 0.600 GB"
    )
    assert many == (
        "for 2,000,000 pages: 1,111 core-hours (give or take 58%), 278 hours with 4 workers, "
        "55.56 at the price given; tables 40.0 GB, ALTO 80.0 GB, PDF 1,200 GB"
    )
    assert apart == (
        "start-up, apart: 5.5 s for each worker of a run; memory: 0.6 GB for each worker"
    )


def test_of_one_page_the_spread_is_not_known():
    lines = str(Plan(1, 0, 0, (SampledPage(1.0, 3, 100),))).splitlines()
    assert "give or take" not in "".join(lines) and lines[-1].startswith("for 1,000 pages: 0.278")


def test_a_source_with_a_fault_and_a_missing_file_are_failures():
    (failure,) = probe_page(PageSource("x", (), fault="manifest is gone"))
    assert failure.error == "manifest is gone"
    (failure,) = probe_page(file_source("nowhere.jpg"))
    assert failure.uri == "nowhere.jpg"


@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
def test_a_page_of_a_multi_page_file_can_be_opened(tmp_path, kind):
    path = tmp_path / f"scan.{kind.lower()[:3]}"
    path.write_bytes(image_file([np.full((40, 30), 255, np.uint8)] * 2, kind))
    source = file_source(f"{path}#page=2")
    assert probe_page(source) == [ProbedPage(source)]
