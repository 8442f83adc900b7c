"""Pages are counted while a real pipeline runs, in one process and in several."""

from __future__ import annotations

import os

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that, equal_to

from pipelines.cli.options import LOCAL_RUNNER
from pipelines.cli.progress import PageCounters, increment, show_progress, track_progress
from pipelines.transforms.routing import RouteByType
from schemas.records import Failure, Page, PageDone, Skipped
from tests.pipelines.cli.fake_terminal import FakeTerminal

TWO_PROCESSES = ["--direct_running_mode", "multi_processing", "--direct_num_workers", "2"]


def local(flags=()):
    return PipelineOptions(list(flags), runner=LOCAL_RUNNER)


def finish_page(page, everything=None):
    """Finish pages with every outcome, each along with the failure of a line."""
    number = int(page.uri)
    yield Failure(page.uri, "crop", "thin", "line 7")
    if number % 3 == 0:
        yield Failure(page.uri, "read", "broken")
    elif number % 3 == 1:
        yield Skipped(page.uri, "second description")
    else:
        yield PageDone(page.uri, "", 1, 1, "pair", 2)


def build(pipeline, counters, pages, finish=finish_page):
    found = (
        pipeline
        | beam.Create([str(number) for number in range(pages)])
        | beam.Reshuffle()
        | "Survey" >> beam.Map(Page)
    )
    everything = beam.pvalue.AsSingleton(found | beam.combiners.Count.Globally())
    out = found | "Finish" >> RouteByType(finish, (PageDone, Failure, Skipped), everything)
    track_progress(counters, [found], [out.PageDone, out.Failure, out.Skipped])
    return out


@pytest.mark.parametrize("flags", [[], TWO_PROCESSES], ids=["one process", "two processes"])
def test_every_page_is_counted_once(flags):
    terminal = FakeTerminal()
    with show_progress("ingest", local(flags), terminal) as counters:
        with beam.Pipeline(options=local(flags)) as pipeline:
            build(pipeline, counters, 200)
        assert counters.counts() == (200, 200)
    assert "\ringest  200 of 200 pages  100 %  " in terminal.getvalue()


def test_pages_are_counted_one_by_one_and_not_at_the_end(tmp_path):
    counters = PageCounters.in_folder(str(tmp_path))

    def note_counts(page, everything):
        yield PageDone(page.uri, "", *counters.counts(), "pair", everything)

    with beam.Pipeline(options=local()) as pipeline:
        done = build(pipeline, counters, 20, note_counts).PageDone
        seen = done | beam.Map(lambda page: (page.width_px, page.height_px))
        assert_that(seen, equal_to([(20, finished) for finished in range(20)]))


def test_without_counters_the_pipeline_is_unchanged():
    labels = []
    for counters in (None, PageCounters("found", "finished")):
        pipeline = beam.Pipeline(options=local())
        build(pipeline, counters, 1)
        labels.append({part.full_label for part in pipeline.transforms_stack[0].parts})
    assert {label.split("/")[0] for label in labels[1] - labels[0]} == {
        "Count found 0",
        "Count finished 0",
        "Count finished 1",
        "Count finished 2",
    }
    assert labels[0] < labels[1]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_does_not_end_the_run():
    with beam.Pipeline(options=local()) as pipeline:
        build(pipeline, PageCounters("/dev/full", "/no/such/folder"), 3)


def test_each_increment_is_one_byte(tmp_path):
    counters = PageCounters.in_folder(str(tmp_path))
    increment(counters.found)
    increment(counters.found)
    assert counters.counts() == (2, 0)
