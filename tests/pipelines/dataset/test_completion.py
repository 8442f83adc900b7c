"""What lies in a dataset has to be what was cut and counted."""

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
    """Check a dataset whose files are read back as they are now."""
    paths = [tmp_path / "train" / name for name in ("a.gz", "b.gz")]
    write_tfrecords(paths[0], LINES[:2])
    write_tfrecords(paths[1], LINES[2:])

    def run(lines=LINES, account=ACCOUNT):
        files = [read_back(DatasetFile(str(path))) for path in paths]
        check_files(str(tmp_path), files, summary_of(lines), account)

    return run


def test_a_dataset_that_is_as_it_was_cut_passes(check):
    check()


def test_a_line_that_was_lost_is_noticed(check, tmp_path):
    write_tfrecords(tmp_path / "train" / "a.gz", LINES[:1])
    with pytest.raises(AccountError, match="train holds 2 lines but 3 were cut"):
        check()


def test_a_line_that_is_another_is_noticed(check, tmp_path):
    write_tfrecords(tmp_path / "train" / "a.gz", [LINES[0], replace(LINES[1], text="dix")])
    with pytest.raises(AccountError, match="lines are not those that were cut"):
        check()


def test_a_file_that_nobody_wrote_is_noticed(check, tmp_path):
    write_tfrecords(tmp_path / "test" / "c.gz", LINES[:1])
    with pytest.raises(AccountError, match="not those that were written: test/c.gz"):
        check()


def test_a_count_that_differs_is_noticed(check):
    with pytest.raises(AccountError, match="holds 3 lines but 4 were counted"):
        check(account=replace(ACCOUNT, lines_ok=4))
