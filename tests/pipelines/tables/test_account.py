"""The account of a run, and what is held against it."""

import json
from dataclasses import replace

import pytest

from pipelines.tables.account import Account, AccountError

CLOSED = Account(
    pages_in=10,
    pages_ok=7,
    pages_failed=1,
    pages_skipped=2,
    lines_in=50,
    lines_ok=45,
    lines_failed=5,
)


def test_an_account_that_closes_is_printed_in_full():
    CLOSED.check()
    assert str(CLOSED).splitlines() == [
        "pages: 10 in = 7 ok + 1 failed + 2 skipped",
        "lines: 50 in = 45 ok + 5 failed",
    ]


@pytest.mark.parametrize("field", sorted({*vars(CLOSED)} - {"pages_unchanged"}))
def test_one_thing_too_many_or_too_few_is_noticed(field, tmp_path):
    for change in (-1, 1):
        open_account = replace(CLOSED, **{field: getattr(CLOSED, field) + change})
        path = tmp_path / "counts.json"
        path.write_text(json.dumps(vars(open_account)))
        with pytest.raises(AccountError, match="accounted for"):
            Account.read(str(path))


def test_the_failure_rate_is_the_worse_of_pages_and_lines():
    assert CLOSED.failure_rate == 1 / 8
    assert replace(CLOSED, lines_ok=0, lines_failed=50).failure_rate == 1
    assert Account(3, 0, 0, 3, 0, 0, 0).failure_rate == 0
    # What is known from earlier runs is read, too.
    unchanged = Account(10, 0, 1, 9, 0, 0, 0, pages_unchanged=9)
    assert unchanged.failure_rate == 1 / 10
