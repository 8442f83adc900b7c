"""Publishing portions as tables: no page is lost or counted twice."""

import weakref
from dataclasses import replace
from datetime import datetime, timezone

import pyarrow.parquet as pq
import pytest

from pipelines.archive import table_files
from pipelines.archive.folder import Archive
from pipelines.archive.portions import portion_names, rows_of, write_portion
from pipelines.archive.publish import publish
from pipelines.archive.rewrite import sweep
from pipelines.archive.state import read_state
from pipelines.files.key_set import UriTally
from pipelines.pages.records import PageResult
from pipelines.tables.account import AccountError
from pipelines.tables.runs import RunStart
from schemas.records import Failure, PageDone, Skipped, SkipReason
from schemas.tables import TABLES

RUN = RunStart(
    "20260101T000000-000000-aa", "transcribe", {}, datetime(2026, 1, 1, tzinfo=timezone.utc), "all"
)
UNCHANGED_PAGES = {"a": SkipReason.UNCHANGED, "b": SkipReason.UNCHANGED, "c": SkipReason.RETURNED}


@pytest.fixture
def archive(tmp_path):
    archive = Archive(str(tmp_path / "out"))
    archive.make()
    return archive


def write(archive, *results):
    write_portion(archive.portions, [rows_of(result, RUN.run_id) for result in results])


def done(uri):
    return PageResult(PageDone(uri, "ab", 9, 9, "page", 0))


def tally(*uris):
    seen = UriTally()
    for uri in uris:
        seen.add(uri)
    return seen


def table(archive, name):
    paths = archive.files_of(name, RUN.run_id)
    return [row for path in paths for row in pq.ParquetFile(path).read().to_pylist()]


def test_pages_that_were_done_twice_are_in_the_tables_once(archive):
    failed = PageResult(Failure("b", "read", "e"))
    write(archive, done("a"), failed)
    write(archive, failed, done("c"))
    account = publish(archive, RUN, read_state(archive), tally("a", "b", "c")).account
    assert (account.pages_in, account.pages_ok, account.pages_failed) == (3, 2, 1)
    assert sorted(row["page_uri"] for row in table(archive, "pages")) == ["a", "b", "c"]
    assert [row["uri"] for row in table(archive, "failures")] == ["b"]
    assert portion_names(archive.portions) == []


def test_unchanged_pages_are_counted_and_have_no_row(archive):
    write(archive, done("a"), PageResult(Skipped("b", SkipReason.UNCHANGED)))
    account = publish(archive, RUN, read_state(archive), tally("a", "b")).account
    assert (account.pages_skipped, account.pages_unchanged) == (1, 1)
    assert [row["page_uri"] for row in table(archive, "pages")] == ["a"]


def test_unchanged_pages_that_failed_since_have_a_row(archive):
    write(archive, *(PageResult(Skipped(uri, reason)) for uri, reason in UNCHANGED_PAGES.items()))
    account = publish(archive, RUN, read_state(archive), tally(*UNCHANGED_PAGES)).account
    assert (account.pages_skipped, account.pages_unchanged) == (3, 3)
    assert [row["page_uri"] for row in table(archive, "pages")] == ["c"]


@pytest.mark.parametrize(
    ("uris", "message"),
    [
        (("a", "b"), "2 pages came in but 1 are accounted for"),
        (("b",), "1 pages came in but 1 are accounted for, and they differ"),
    ],
)
def test_a_lost_page_is_an_error(archive, uris, message):
    write(archive, done("a"))
    with pytest.raises(AccountError, match=message):
        publish(archive, RUN, read_state(archive), tally(*uris))
    assert archive.finished_runs() == []


def test_lost_rows_are_an_error(archive, monkeypatch):
    write(archive, done("a"))
    monkeypatch.setattr(table_files.TableFiles, "add", lambda self, rows: None)
    with pytest.raises(AccountError, match="table pages has 0 rows but 1 were counted"):
        publish(archive, RUN, read_state(archive), tally("a"))
    assert archive.finished_runs() == []


def test_large_tables_are_split_into_row_groups_and_files(archive, monkeypatch):
    monkeypatch.setattr(table_files, "_ROW_GROUP_BYTES", 1)
    monkeypatch.setattr(table_files, "_FILE_BYTES", 400)
    for number in range(6):
        write(archive, done(f"p{number}"))
    publish(archive, RUN, read_state(archive), tally(*(f"p{number}" for number in range(6))))
    files = archive.files_of("pages", RUN.run_id)
    assert len(files) > 1
    assert sum(pq.ParquetFile(path).metadata.num_row_groups for path in files) == 6
    assert len(table(archive, "pages")) == 6


def test_the_rows_of_many_small_portions_are_joined_early(archive, monkeypatch):
    monkeypatch.setattr(table_files, "_MOST_WAITING", 3)
    added = []
    with table_files.TableFiles(archive, RUN, "pages") as files:
        for number in range(20):
            rows = rows_of(done(f"p{number:02}"), RUN.run_id).pages
            rows = rows if number % 2 else rows.slice(0, 0)
            added.append(weakref.ref(rows))
            files.add(rows)
        del rows
        assert sum(portion() is not None for portion in added) < 3
    assert [row["page_uri"] for row in table(archive, "pages")] == [
        f"p{number:02}" for number in range(1, 20, 2)
    ]
    assert files.row_count == 10


def test_a_table_without_rows_has_a_file(archive):
    publish(archive, RUN, read_state(archive), tally())
    assert table(archive, "failures") == table(archive, "lines") == []
    assert len(archive.files_of("lines", RUN.run_id)) == 1


def test_a_month_of_nights_without_news_is_few_files(archive):
    write(archive, done("a"))
    publish(archive, RUN, read_state(archive), tally("a"))
    for night in range(2, 32):
        run = replace(RUN, run_id=f"202601{night:02}T000000-000000-aa")
        write(archive, PageResult(Skipped("a", SkipReason.UNCHANGED)))
        publish(archive, run, read_state(archive), tally("a"))
        assert sweep(archive) == 0
    assert len(archive.run_files()) == 2
    assert len([path for name in TABLES for path in archive.all_files(name)]) == 3
    runs = archive.finished_runs()
    assert len(runs) == 31 and {run["status"] for run in runs} == {"complete"}
