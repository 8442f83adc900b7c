"""What the pipeline of ingest writes, the steps after it read back."""

from dataclasses import asdict

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from model.dataset.summary import sample_to_row
from model.report.contact_sheet import ReportSample
from pipelines.cli.options import LOCAL_RUNNER
from pipelines.dataset.drop import FileContent
from pipelines.dataset.intermediate import IntermediateFiles
from pipelines.dataset.leaks import FACT_FOLDERS
from pipelines.dataset.write import WriteSummary
from pipelines.tables.account import AccountError
from pipelines.transforms.write import WriteJsonLines
from tests.drawn import line_example
from tests.model.dataset.summaries import summary_of

LINES = [line_example(text, number) for number, text in enumerate(("un", "deux", "trois"))]
CONTENT = FileContent("train", "lines-00000-of-00001.tfrecord.gz", 3, "ab")
SAMPLE = ReportSample("a.jpg l1", "deux", "train", LINES[1].image)


@pytest.fixture
def intermediate(tmp_path):
    files = IntermediateFiles(str(tmp_path / "dataset"))
    files.make()
    return files


def write(outputs):
    """Run a pipeline; each output is some rows and the transform that writes them."""
    with beam.Pipeline(options=PipelineOptions([], runner=LOCAL_RUNNER)) as pipeline:
        for number, (rows, transform) in enumerate(outputs):
            pipeline | f"Rows {number}" >> beam.Create(rows) | f"Write {number}" >> transform


def test_rows_are_read_back_as_they_were_written(intermediate):
    write(
        [
            ([asdict(CONTENT)], WriteJsonLines(intermediate.contents)),
            (["c0ffee"], WriteJsonLines(intermediate.inputs)),
            ([sample_to_row(SAMPLE)], WriteJsonLines(intermediate.shown)),
        ]
    )
    assert intermediate.read_contents() == [CONTENT]
    assert intermediate.read_inputs_digest() == "c0ffee"
    assert intermediate.read_shown() == {("a.jpg l1", "train"): SAMPLE}


def test_the_summary_is_that_of_the_lines_that_stay(intermediate):
    write(
        [
            (LINES, WriteSummary(intermediate.summary)),
            (LINES[:2], WriteSummary(intermediate.kept_summary)),
        ]
    )
    assert intermediate.read_summary(has_leaks=False) == summary_of(LINES)
    assert intermediate.read_summary(has_leaks=True) == summary_of(LINES[:2])


def test_an_account_whose_sums_do_not_match_is_an_error(intermediate, tmp_path):
    counts = '{"pages_in": 2, "pages_ok": 1, "pages_failed": 0, "pages_skipped": 0, '
    lines = '"lines_in": 3, "lines_ok": 3, "lines_failed": 0}'
    path = tmp_path / "dataset" / ".unfinished" / "counts.json"
    path.write_text(counts + lines)
    assert intermediate.account == str(path)
    with pytest.raises(AccountError, match="2 pages came in"):
        intermediate.read_account()


def test_all_files_are_in_one_folder_that_is_deleted(intermediate, tmp_path):
    folder = tmp_path / "dataset" / ".unfinished"
    assert {path.name for path in folder.iterdir()} == set(FACT_FOLDERS)
    write([(["c0ffee"], WriteJsonLines(intermediate.inputs))])
    intermediate.discard()
    assert list((tmp_path / "dataset").iterdir()) == []
