"""The tables and their index: damage, time limits, compaction, a second process."""

import shutil
from pathlib import Path

import pytest

from pipelines.cli.options import UsageError
from pipelines.compact import main as compact
from pipelines.web.corrector import Corrector
from pipelines.web.library import Library, QueryTimeout
from pipelines.web.search import Search, search
from tests.pipelines.web.conftest import RUN_2, line_row, run_row
from tests.pipelines.written_tables import write_run


@pytest.fixture
def cache(tmp_path) -> str:
    return str(tmp_path / "cache")


def opened(archive, cache: str, **settings) -> Library:
    transcripts = str(archive.transcripts)
    return Library(transcripts, Corrector(transcripts).changes, cache, **settings)


def count(library: Library, text: str) -> int:
    return search(library, Search(text)).count


def test_the_index_is_kept_and_may_be_damaged_or_removed(archive, cache, capsys):
    assert count(opened(archive, cache), "acte") == 2
    (file,) = Path(cache).glob("*.duckdb")
    assert "indexing" in capsys.readouterr().err
    assert count(opened(archive, cache), "acte") == 2
    assert "indexing" not in capsys.readouterr().err
    for damage in (b"", b"nonsense" * 1000):
        file.write_bytes(damage)
        assert count(opened(archive, cache), "acte") == 2
    shutil.rmtree(cache)
    assert count(opened(archive, cache), "acte") == 2


def test_a_folder_that_cannot_be_written_costs_the_index_only(archive, tmp_path):
    (tmp_path / "file").touch()
    assert count(opened(archive, str(tmp_path / "file")), "acte") == 2


def test_a_compaction_replaces_what_is_indexed(archive, cache):
    lines = [line_row(archive.uri("a"), 0, "acte nouveau")]
    write_run(archive.transcripts, run_row(RUN_2), pages=[archive.page("a")], lines=lines)
    assert count(opened(archive, cache), "acte") == 2
    assert compact(["--transcripts", str(archive.transcripts)]) == 0
    library = opened(archive, cache)
    assert count(library, "acte") == 2 and count(library, "nouveau") == 1


def test_a_slow_query_is_cancelled(archive, cache):
    library = opened(archive, cache, limit_s=0.2)
    slow = "SELECT count(*) FROM range(100000000) a, range(100000) b WHERE a.range + b.range = 7"
    with pytest.raises(QueryTimeout, match=r"longer than 0\.2 s"):
        library.search(slow)
    assert count(library, "acte") == 2


@pytest.mark.parametrize("damage", [b"", b"PAR1nonsensePAR1"])
def test_damaged_tables_are_named(archive, cache, damage):
    (file,) = archive.transcripts.glob("lines/*/*.parquet")
    file.write_bytes(damage)
    with pytest.raises(UsageError, match=r"\.parquet"):
        opened(archive, cache)


def test_no_tables(tmp_path, cache):
    with pytest.raises(UsageError, match="no such folder"):
        Library(str(tmp_path / "nowhere"), Corrector(tmp_path).changes, cache)
    with pytest.raises(UsageError, match="no run has finished"):
        Library(str(tmp_path), Corrector(tmp_path).changes, cache)
