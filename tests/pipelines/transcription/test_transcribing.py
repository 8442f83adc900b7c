"""The transforms of transcribe: their results, including failures."""

from __future__ import annotations

import hashlib
import time
from datetime import datetime

import apache_beam as beam
import numpy as np
import pyarrow.parquet as pq
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that, equal_to

from model.networks.session import AUTO, CPU
from model.quality.page import PageQuality
from pipelines.archive.page_keys import page_key
from pipelines.archive.portions import (
    WriteInputs,
    WritePortions,
    portion_file,
    portion_names,
    rows_of,
    write_portion,
)
from pipelines.cli.options import LOCAL_RUNNER
from pipelines.files.http_get import FetchError
from pipelines.files.key_set import sorted_keys
from pipelines.formats.page_text import Origin
from pipelines.formats.page_xml.write import write_description
from pipelines.pages.listing import file_source, pages_of_file
from pipelines.pages.records import PageLines, PageResult
from pipelines.tables.rows import page_row
from pipelines.transcription.read_pages import PageReading, ReadPages, read_page
from pipelines.transcription.recognise import (
    RecognisePages,
    RecogniserHandler,
    Recognition,
    recognise_pages,
)
from schemas.records import (
    Failure,
    Line,
    LineImage,
    Page,
    PageDone,
    PageSource,
    Skipped,
    SkipReason,
)
from tests.drawn import png, text_strip
from tests.drawn_files import image_file
from tests.fakes import NameReader, write_fake_bundle
from tests.pipelines.drawn_archive import write_bad_files, write_page

GIVEN = PageReading("given", 64)


@pytest.fixture
def pipeline():
    with beam.Pipeline(options=PipelineOptions([], runner=LOCAL_RUNNER)) as pipeline:
        yield pipeline


def expect(collection, wanted, key):
    assert_that(collection | "Key" >> beam.Map(key), equal_to(wanted))


def name_of(uri):
    return uri.rsplit("/")[-1]


def test_pages_are_read_or_have_a_failure(pipeline, tmp_path):
    write_page(tmp_path, "good")
    write_bad_files(tmp_path)
    names = ["good.jpg", "truncated.jpg", "good.xml", "lonely_image.png", "gone.jpg"]

    def seen(page):
        if isinstance(page, PageLines):
            return name_of(page.uri), [image.line.line_id for image in page.images]
        outcome = page.outcome
        return name_of(page.uri), getattr(outcome, "stage", getattr(outcome, "reason", ""))

    expect(
        pipeline | beam.Create([file_source(f"{tmp_path}/{n}") for n in names]) | ReadPages(GIVEN),
        [
            ("good.jpg", ["l0", "l1", "l2"]),
            ("truncated.jpg", "read"),
            ("good.xml", "no image"),
            ("lonely_image.png", "read"),
            ("gone.jpg", "read"),
        ],
        seen,
    )


@pytest.mark.parametrize("is_described", [False, True])
@pytest.mark.parametrize("line_source", ["find", "auto", "given"])
def test_a_blank_page_is_ok_without_lines(tmp_path, line_source, is_described):
    if line_source == "given" and not is_described:
        return
    path = tmp_path / "blank.png"
    path.write_bytes(png(np.full((300, 200), 240, np.uint8)))
    if is_described:
        markup = write_description(Page("blank.png"), Origin("Quire", datetime(2026, 1, 1)))
        path.with_suffix(".xml").write_bytes(markup)
    read = read_page(file_source(str(path)), PageReading(line_source, 64))
    assert isinstance(read, PageLines) and read.images == ()
    (result,) = recognise_pages([read], Recognition(str(write_fake_bundle(tmp_path / "m"))).open())
    row = page_row(result, "r")
    assert (row["status"], row["lines_ok"], row["lines_failed"]) == ("ok", 0, 0)
    assert row["cer_estimate"] is None and row["confidence"] is None


def page_with(lines):
    done = PageDone("p.jpg", "ab", 9, 9, "page", len(lines))
    return PageLines(done, tuple(lines), (), PageQuality(0.5, None, 0.2), 300.0, 1.0)


def test_lines_are_recognised_and_bad_ones_are_failures(pipeline, tmp_path):
    model = write_fake_bundle(tmp_path / "m")
    good = LineImage("p.jpg", Line("good", 0), text_strip("acte"))
    bad = LineImage("p.jpg", Line("bad", 1), np.zeros((48, 99), np.uint8))
    skipped = PageResult(Skipped("x.md", "no image"))
    given = pipeline | beam.Create([page_with([good, bad]), skipped])
    expect(
        given | RecognisePages(Recognition(str(model))),
        [
            (["good"], [("recognise", "bad", "strip is 48 px high; want 64")]),
            ([], []),
        ],
        lambda result: (
            [line.transcript.line.line_id for line in result.lines],
            [(f.stage, f.line_id, f.error) for f in result.failures],
        ),
    )


def test_batches_have_some_dozens_of_lines_and_more_for_a_gpu(monkeypatch):
    providers = ["CPUExecutionProvider"]
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: providers)
    chosen = RecogniserHandler(Recognition("m", device=AUTO)).batch_elements_kwargs()
    on_cpu = RecogniserHandler(Recognition("m", device=CPU)).batch_elements_kwargs()
    assert chosen["max_batch_size"] == on_cpu["max_batch_size"] == 64
    providers.insert(0, "CUDAExecutionProvider")
    on_gpu = RecogniserHandler(Recognition("m", device=AUTO)).batch_elements_kwargs()
    assert on_gpu["max_batch_size"] > 64
    # Beam would emit an empty batch before one that is larger than the largest.
    size = on_cpu["element_size_fn"]
    line = LineImage("p.jpg", Line("l", 0), text_strip("acte"))
    pages = page_with([line] * 3), page_with([line] * 500), PageResult(Skipped("x.md", "no image"))
    assert [size(page) for page in pages] == [3, 64, 1]


def test_the_cer_is_estimated_only_if_something_was_read():
    def cer_estimate(*texts):
        lines = [LineImage("p.jpg", Line(t, i), text_strip(t)) for i, t in enumerate(texts)]
        (result,) = recognise_pages([page_with(lines)], NameReader())
        assert len(result.lines) == len(texts)
        return result.cer_estimate

    assert cer_estimate() is None and cer_estimate("", "") is None
    assert cer_estimate("acte", "") == 0.25


def test_every_page_has_one_row():
    done = PageDone("ok.jpg", "ab", 9, 8, "alto", 3, "cd")
    source = PageSource("ok.jpg", ("https://x/1", "https://x/2"), "m.json", 7, "4r")
    read = PageResult(done, dpi=300.0, seconds=2.0, source=source)
    failed = PageResult(Failure("bad.jpg", "read", "e"))
    skipped = PageResult(Skipped("x.md", "no image"))
    rows = [page_row(result, "r1") for result in (read, failed, skipped)]
    assert [(row["page_uri"], row["status"], row["reason"]) for row in rows] == [
        ("ok.jpg", "ok", ""),
        ("bad.jpg", "failed", ""),
        ("x.md", "skipped", "no image"),
    ]
    assert [rows[0][name] for name in ("address", "document", "place", "label")] == [
        "https://x/1",
        "m.json",
        7,
        "4r",
    ]
    assert rows[0]["dpi"] == 300 and rows[0]["lines_sha256"] == "cd" and rows[1]["dpi"] is None
    assert {row["run_id"] for row in rows} == {"r1"}


def test_results_are_written_as_they_come(tmp_path):
    results = [PageResult(Skipped(f"{i}.md", "no image")) for i in range(5)]
    results += [PageResult(Failure("bad.jpg", "read", "e"))]
    with beam.Pipeline(options=PipelineOptions([], runner=LOCAL_RUNNER)) as pipeline:
        pipeline | beam.Create(results) | WritePortions(str(tmp_path), "r1")
    (name,) = portion_names(str(tmp_path))
    rows = {
        table: pq.read_table(portion_file(str(tmp_path), table, name)).to_pylist()
        for table in ("lines", "pages", "failures")
    }
    assert sorted(row["page_uri"] for row in rows["pages"]) == sorted(r.uri for r in results)
    assert [row["uri"] for row in rows["failures"]] == ["bad.jpg"] and rows["lines"] == []


def test_a_portion_without_its_pages_does_not_count(tmp_path, monkeypatch):
    rows = [rows_of(PageResult(Skipped("x.md", "no image")), "r1")]
    renamed = []

    def rename(old, new):
        if "pages-" in new:
            raise OSError("No space left on device")
        renamed.append(new)

    monkeypatch.setattr("pipelines.files.durable.rename_durably", rename)
    with pytest.raises(OSError, match="No space"):
        write_portion(str(tmp_path), rows)
    assert len(renamed) == 2 and portion_names(str(tmp_path)) == []


def test_the_tally_of_the_input_does_not_depend_on_its_order(tmp_path):
    for name, uris in (("a", "abc"), ("b", "cab"), ("c", "abd"), ("none", "")):
        with beam.Pipeline(options=PipelineOptions([], runner=LOCAL_RUNNER)) as pipeline:
            pipeline | beam.Create(list(map(file_source, uris))) | WriteInputs(f"{tmp_path}/{name}")
    read = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert read["a"] == read["b"] != read["c"] and read["none"] == b"[0, 0]"


def known(tmp_path, uri, *key):
    path = tmp_path / f"known-{len(list(tmp_path.iterdir()))}"
    path.write_bytes(sorted_keys([page_key(uri, *key)]))
    return PageReading("auto", 64, digest="d", known=str(path))


def test_a_page_is_known_by_image_lines_model_and_preprocessing(tmp_path):
    write_page(tmp_path, "p")
    uri = f"{tmp_path}/p.jpg"
    source = file_source(uri)
    done = read_page(source, PageReading("auto", 64)).done
    key = (done.sha256, done.lines_sha256)
    unchanged = read_page(source, known(tmp_path, uri, *key, "d")).outcome
    assert unchanged == Skipped(uri, SkipReason.UNCHANGED)
    others = [
        known(tmp_path, uri, "0" * 64, done.lines_sha256, "d"),
        known(tmp_path, uri, done.sha256, "", "d"),
        known(tmp_path, uri, *key, "other model"),
        known(tmp_path, "q.jpg", *key, "d"),
    ]
    for index, reading in enumerate(others):
        assert isinstance(read_page(source, reading), PageLines), index


def test_a_page_whose_decoding_hangs_is_a_failure(tmp_path, monkeypatch):
    write_page(tmp_path, "p")
    monkeypatch.setattr("pipelines.pages.image.open_image", lambda *_: time.sleep(60))
    result = read_page(
        file_source(f"{tmp_path}/p.jpg"), PageReading("given", 64, time_limit_s=0.05)
    )
    assert result.outcome.stage == "read" and "took longer than 0.05 s" in result.outcome.error


def test_failures_are_transient_or_permanent(tmp_path, monkeypatch):
    def refuse(*_):
        raise FetchError("503", is_transient=True, attempts=3)

    write_page(tmp_path, "p")
    monkeypatch.setattr("pipelines.pages.image.open_image", refuse)
    outcome = read_page(file_source(f"{tmp_path}/p.jpg"), GIVEN).outcome
    assert (outcome.kind, outcome.attempts) == ("transient", 3)
    monkeypatch.undo()
    assert read_page(file_source(f"{tmp_path}/gone.jpg"), GIVEN).outcome.kind == "permanent"


@pytest.mark.parametrize("kind", ["PDF", "TIFF"])
def test_a_page_of_a_multi_page_file_is_known_without_decoding(tmp_path, monkeypatch, kind):
    path = tmp_path / f"scan.{kind.lower()}"
    path.write_bytes(image_file([np.full((60, 90), 255, np.uint8)] * 2, kind))
    first, second = pages_of_file(file_source(str(path)))
    done = read_page(second, PageReading("find", 64)).done
    assert done.file_sha256 == hashlib.sha256(path.read_bytes()).hexdigest() != done.sha256
    by_file = known(tmp_path, second.uri, done.file_sha256, "", "d")
    by_pixels = known(tmp_path, second.uri, done.sha256, "", "d")
    unchanged = Skipped(second.uri, SkipReason.UNCHANGED)
    # The digest of the pixels identifies a page if the file gained a page, or in old tables.
    assert read_page(second, by_pixels).outcome == unchanged
    assert isinstance(read_page(first, by_file), PageLines)
    monkeypatch.setattr("pipelines.pages.image.decode", None)
    assert read_page(second, by_file).outcome == unchanged
