"""Simulated pages go through the real code, and all of them are accounted for."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest

from benchmarks.fake_pages import (
    PORTION_PAGES,
    FakePortions,
    Shape,
    again,
    draw_result,
    drawn_pages,
    read_page,
    source_of,
)
from benchmarks.simulate import main, show, simulate, simulate_runner
from pipelines.archive import portions
from pipelines.archive.portions import PORTION_TABLES, rows_of
from pipelines.tables.account import AccountError
from schemas.records import Failure, PageDone, Skipped

SMALL = Shape(most_lines=2, line_characters=4, drawn_portions=2)


def test_some_pages_fail_and_some_are_skipped():
    kinds = Counter(type(draw_result(number, SMALL).outcome) for number in range(4000))
    assert 20 < kinds[Failure] < 60 and 8 < kinds[Skipped] < 35
    assert kinds[PageDone] > 3900


def test_a_page_always_has_the_same_result_under_its_own_name():
    result = read_page(source_of(7), SMALL)
    assert result == read_page(source_of(7), SMALL)
    assert {line.transcript.page_uri for line in result.lines} <= {source_of(7).uri}
    assert result.source == source_of(7)


@pytest.mark.parametrize("next_run", [False, True])
def test_renamed_portions_have_the_rows_of_their_pages(next_run):
    drawn = drawn_pages(SMALL)
    results = list(map(again, drawn)) if next_run else drawn
    # Renaming the generated pages to their own names changes nothing.
    named = FakePortions(results, "r1").named(PORTION_PAGES)
    here = results[PORTION_PAGES : 2 * PORTION_PAGES]
    for table in PORTION_TABLES:
        expected = [getattr(rows_of(result, "r1"), table) for result in here]
        assert getattr(named, table) == pa.concat_tables(expected)
    uris = FakePortions(results, "r1").named(10 * len(results)).pages["page_uri"].to_pylist()
    assert uris == [source_of(10 * len(results) + place).uri for place in range(PORTION_PAGES)]


def test_an_archive_is_written_looked_up_and_queried(tmp_path, capsys):
    result = simulate(400, SMALL, str(tmp_path))
    first, second = result["accounts"]["first"], result["accounts"]["second"]
    assert first["pages_in"] == second["pages_in"] == 400
    assert second["pages_unchanged"] == 400 - first["pages_failed"]
    assert result["sizes"]["portions"]["files"] == 6 and result["sizes"]["tables"]["files"] == 3
    show(result)
    assert "look up every page" in capsys.readouterr().out


def test_the_account_of_the_runner_counts_every_page(tmp_path):
    result = simulate_runner(400, SMALL, str(tmp_path))
    assert result["accounts"]["first"]["pages_in"] == 400


def test_a_lost_portion_ends_the_simulation(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.simulate.write_portion", lambda folder, rows: None)
    with pytest.raises(AccountError, match="400 pages came in but 0 are accounted for"):
        simulate(400, SMALL, str(tmp_path))


def test_only_whole_portions_are_simulated(capsys):
    assert portions._PORTION_PAGES == PORTION_PAGES
    with pytest.raises(SystemExit):
        main(["--pages", "300"])
    assert "give multiples of 200" in capsys.readouterr().err
