"""A dataset has to hold the lines that were cut and counted."""

from dataclasses import replace

import pytest

from pipelines.dataset.completion import check_files
from pipelines.dataset.drop import DatasetFile, read_back
from pipelines.tables.account import Account, AccountError
from tests.drawn import line_example, write_tfrecords
from tests.model.dataset.summaries import summary_of

LINES = [line_example(text, number) for number, text in enumerate(("un", "deux", "trois"))]
ACCOUNT = Account(1, 1, 0, 0, lines_in=3, lines_ok=3, lines_failed=0)


@pytest.fixture
def check(tmp_path):
    """Check the dataset, reading its files back as they are at the call."""
    paths = [tmp_path / "train" / name for name in ("a.gz", "b.gz")]
    write_tfrecords(paths[0], LINES[:2])
    write_tfrecords(paths[1], LINES[2:])

    def run(lines=LINES, account=ACCOUNT):
        files = [read_back(DatasetFile(str(path))) for path in paths]
        check_files(str(tmp_path), files, summary_of(lines), account)

    return run


def test_an_intact_dataset_passes(check):
    check()


def test_a_lost_line_is_an_error(check, tmp_path):
    write_tfrecords(tmp_path / "train" / "a.gz", LINES[:1])
    with pytest.raises(AccountError, match="train holds 2 lines but 3 were cut"):
        check()


def test_a_changed_line_is_an_error(check, tmp_path):
    write_tfrecords(tmp_path / "train" / "a.gz", [LINES[0], replace(LINES[1], text="dix")])
    with pytest.raises(AccountError, match="lines are not those that were cut"):
        check()


def test_a_file_of_another_run_is_an_error(check, tmp_path):
    write_tfrecords(tmp_path / "test" / "c.gz", LINES[:1])
    with pytest.raises(AccountError, match="not those that were written: test/c.gz"):
        check()


def test_a_count_that_differs_is_an_error(check):
    with pytest.raises(AccountError, match="holds 3 lines but 4 were counted"):
        check(account=replace(ACCOUNT, lines_ok=4))
