"""The account of a run, and the check of its sums."""

import json
from dataclasses import replace

import pytest

from pipelines.tables.account import Account, AccountError

ACCOUNT = Account(
    pages_in=10,
    pages_ok=7,
    pages_failed=1,
    pages_skipped=2,
    lines_in=50,
    lines_ok=45,
    lines_failed=5,
)


def test_an_account_whose_sums_match_is_printed():
    ACCOUNT.check()
    assert str(ACCOUNT).splitlines() == [
        "pages: 10 in = 7 ok + 1 failed + 2 skipped",
        "lines: 50 in = 45 ok + 5 failed",
    ]


@pytest.mark.parametrize("field", sorted({*vars(ACCOUNT)} - {"pages_unchanged"}))
def test_a_count_that_is_off_by_one_is_an_error(field, tmp_path):
    for change in (-1, 1):
        wrong = replace(ACCOUNT, **{field: getattr(ACCOUNT, field) + change})
        path = tmp_path / "counts.json"
        path.write_text(json.dumps(vars(wrong)))
        with pytest.raises(AccountError, match="accounted for"):
            Account.read(str(path))


def test_the_failure_rate_is_the_larger_of_pages_and_lines():
    assert ACCOUNT.failure_rate == 1 / 8
    assert replace(ACCOUNT, lines_ok=0, lines_failed=50).failure_rate == 1
    assert Account(3, 0, 0, 3, 0, 0, 0).failure_rate == 0
    # Pages that earlier runs have read count as read.
    unchanged = Account(10, 0, 1, 9, 0, 0, 0, pages_unchanged=9)
    assert unchanged.failure_rate == 1 / 10
