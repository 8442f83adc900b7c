"""Each PTransform: what it puts into which output, including failures."""

from __future__ import annotations

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that, equal_to

from model.dataset.splits import SplitConfig
from pipelines.cli.options import LOCAL_RUNNER
from pipelines.dataset.cut import CutConfig, CutExamples
from pipelines.dataset.read import (
    ChooseSplits,
    PairFilesUp,
    PlanSplits,
    ReadDescriptions,
    SecondDescriptions,
    SurveySources,
    UndescribedFailures,
)
from pipelines.descriptions.pairing import LoneImage, MarkupFile, PairFiles
from pipelines.descriptions.reading import ReadConfig
from pipelines.descriptions.survey import Surveyed, survey_page
from pipelines.files.filesystem import input_patterns
from pipelines.files.match import Listing, MatchFiles
from pipelines.tables.account import Account, WriteAccount
from pipelines.transforms.routing import RouteByType
from schemas.records import Failure, Line, Page, PageDone, Skipped, Transcript
from tests.pipelines.drawn_archive import write_bad_files, write_page, write_pair, write_thin_line


@pytest.fixture
def pipeline():
    with beam.Pipeline(options=PipelineOptions([], runner=LOCAL_RUNNER)) as pipeline:
        yield pipeline


def expect(collection, wanted, label, key=lambda record: record):
    """Assert that the keys of the elements of a collection are the given ones."""
    assert_that(collection | f"Key {label}" >> beam.Map(key), equal_to(wanted), label=label)


def test_records_are_routed_by_their_type(pipeline):
    def halve(number):
        yield number // 2 if number % 2 == 0 else Failure(str(number), "halve", "odd")

    out = pipeline | beam.Create([2, 3, 8]) | RouteByType(halve, (int, Failure))
    expect(out.int, [1, 4], "ok")
    expect(out.Failure, ["3"], "failures", lambda failure: failure.uri)


def test_a_record_of_a_type_that_was_not_declared_is_never_dropped():
    with (
        pytest.raises(Exception, match="returned a str; declare it"),
        beam.Pipeline(options=PipelineOptions([], runner=LOCAL_RUNNER)) as pipeline,
    ):
        pipeline | beam.Create([1]) | RouteByType(lambda number: [str(number)], (int,))


def test_files_are_matched_once(pipeline, tmp_path):
    write_pair(tmp_path / "d" / "deep", "a", "x")
    patterns = input_patterns([str(tmp_path / "d"), str(tmp_path / "d" / "deep" / "*.png")])
    found = (pipeline | MatchFiles(patterns)).paths
    expect(found, ["a.png", "a.txt"], "names", lambda path: path.rsplit("/")[-1])


def test_files_are_paired_up(pipeline):
    uris = ["d/a.png", "d/a.txt", "d/b.txt", "d/page/c.xml", "d/c.jpg", "d/e.md"]
    unlisted = Skipped("d/pipe.png", "no regular file")
    listing = Listing(
        pipeline | "Paths" >> beam.Create(uris), pipeline | "Unlisted" >> beam.Create([unlisted])
    )
    out = listing | PairFilesUp(ReadConfig())
    expect(
        out,
        [
            "PairFiles d/a.png",
            "LoneText d/b.txt",
            "MarkupFile d/page/c.xml",
            "Skipped d/e.md",
            "Skipped d/pipe.png",
        ],
        "sources",
        lambda s: f"{type(s).__name__} {getattr(s, 'uri', '') or s.image_uri}",
    )


def test_pages_are_read_and_what_cannot_be_read_is_a_failure(pipeline, tmp_path):
    write_pair(tmp_path / "pairs", "good", "acte")
    write_page(tmp_path / "val", "page")
    write_bad_files(tmp_path)
    (tmp_path / "mets.xml").write_text('<mets xmlns="http://www.loc.gov/METS/"/>')
    sources = [
        PairFiles(f"{tmp_path}/pairs/good.png", f"{tmp_path}/pairs/good.txt"),
        PairFiles(f"{tmp_path}/empty_text.png", f"{tmp_path}/empty_text.txt"),
        MarkupFile(f"{tmp_path}/val/page.xml"),
        MarkupFile(f"{tmp_path}/image_missing.xml"),
        MarkupFile(f"{tmp_path}/gone.xml"),
        MarkupFile(f"{tmp_path}/mets.xml"),
        Failure("lone.txt", "pair", "no image"),
    ]
    seconds = pipeline | "None" >> beam.Create([set()])
    repeated = pipeline | "No rows" >> beam.Create([{}])
    out = pipeline | beam.Create(sources) | ReadDescriptions(ReadConfig(), seconds, repeated)
    expect(
        out.Page,
        [("pairs", "", 1, "pair"), (tmp_path.name, "eval", 3, "page")],
        "pages",
        lambda page: (page.document, page.split, len(page.lines), page.source),
    )
    expect(
        out.Failure,
        ["empty_text.txt read", "image_missing.xml pair", "gone.xml read", "lone.txt pair"],
        "failures",
        lambda failure: f"{failure.uri.rsplit('/')[-1]} {failure.stage}",
    )
    expect(out.Skipped, ["<mets> describes no page"], "skipped", lambda skipped: skipped.reason)


def test_the_official_splits_of_all_pages_decide(pipeline):
    pages = [Page(f"d/{i}.jpg", document="d", split="train") for i in range(30)]
    official = [*pages, Page("d/x.jpg", document="d", split="eval")]
    for label, given, wanted in (
        ("carved", pages, {"train", "eval"}),
        ("kept", official, {"train"}),
    ):
        surveyed = [survey_page(page, "a.xml") for page in given]
        seen = (
            pipeline
            | label >> beam.Create(pages)
            | f"Split {label}"
            >> ChooseSplits(
                pipeline
                | f"Survey {label}" >> beam.Create(surveyed)
                | f"Plan {label}" >> PlanSplits(SplitConfig(0.3))
            )
            | f"Seen {label}" >> beam.Map(lambda page: page.split)
            | f"Once {label}" >> beam.Distinct()
        )
        assert_that(seen, equal_to(sorted(wanted)), label=f"Check {label}")


def test_sources_are_surveyed_without_their_pixels(pipeline, tmp_path):
    write_page(tmp_path, "p")
    (tmp_path / "p.jpg").write_bytes(b"no image")
    write_bad_files(tmp_path / "bad")
    sources = [MarkupFile(f"{tmp_path}/p.xml"), MarkupFile(f"{tmp_path}/bad/not_well_formed.xml")]
    out = pipeline | beam.Create(sources) | SurveySources(ReadConfig())
    expect(out.Surveyed, [("page", 3)], "pages", lambda page: (page.source, page.line_count))
    expect(out.Failure, ["read"], "failures", lambda failure: failure.stage)


def surveyed_by(*names: str) -> list[Surveyed]:
    return [Surveyed("a.png", name, "alto", "", 3) for name in names]


def test_second_descriptions_of_an_image_are_found(pipeline):
    seconds = pipeline | beam.Create(surveyed_by("b.xml", "a.xml")) | SecondDescriptions()
    assert_that(seconds, equal_to([{("a.png", "b.xml")}]))


def test_only_images_that_no_file_describes_are_failures(pipeline):
    sources = pipeline | "Sources" >> beam.Create([LoneImage("a.png"), LoneImage("b.png")])
    surveyed = pipeline | "Surveyed" >> beam.Create(surveyed_by("labels.csv"))
    undescribed = (sources, surveyed) | UndescribedFailures()
    expect(undescribed.Failure, [("b.png", "pair")], "failures", lambda f: (f.uri, f.stage))


def test_lines_are_cut_and_bad_ones_are_failures(pipeline, tmp_path):
    write_thin_line(tmp_path)
    write_bad_files(tmp_path)
    lines = (Line("l0", 0, "acte"), Line("l1", 1, ""))
    pages = [
        Page(f"{tmp_path}/thin.jpg", lines, source="page", split="train"),
        Page(f"{tmp_path}/truncated.jpg", lines),
        Page(f"{tmp_path}/gone.jpg", lines),
        Page(f"{tmp_path}/thin.jpg", lines, 10, 999, document="other scan"),
    ]
    out = pipeline | beam.Create(pages) | CutExamples(CutConfig())
    expect(out.LineExample, ["acte"], "examples", lambda example: example.text)
    expect(out.PageDone, [2], "done", lambda done: done.line_count)
    expect(
        out.Failure,
        [
            "thin.jpg l1 text",
            "truncated.jpg  read",
            "gone.jpg  read",
            "thin.jpg  crop",
        ],
        "failures",
        lambda f: f"{f.uri.rsplit('/')[-1]} {f.line_id} {f.stage}",
    )


def outcomes(pipeline):
    """Return the outcomes of three inputs and of the three lines of one of them."""
    given = {
        "inputs": ["ok.jpg", "bad.jpg", "x.md"],
        "done": [PageDone("ok.jpg", "ab", 9, 9, "alto", 3)],
        "failures": [Failure("bad.jpg", "read", "e"), Failure("ok.jpg", "crop", "e", "l2")],
        "skipped": [Skipped("x.md", "no image")],
        "lines": [Transcript("ok.jpg", Line(f"l{i}", i), "a", 0.9) for i in range(2)],
        "dropped": [],
    }
    return {name: pipeline | name >> beam.Create(records) for name, records in given.items()}


def test_all_outcomes_are_counted(tmp_path):
    path = str(tmp_path / "counts.json")
    with beam.Pipeline(options=PipelineOptions([], runner=LOCAL_RUNNER)) as pipeline:
        outcomes(pipeline) | WriteAccount(path)
    assert Account.read(path) == Account(
        pages_in=3,
        pages_ok=1,
        pages_failed=1,
        pages_skipped=1,
        lines_in=3,
        lines_ok=2,
        lines_failed=1,
    )
