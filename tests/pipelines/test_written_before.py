"""Datasets, transcripts and the default model of an earlier version are read as before."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from model.dataset.examples import read_examples
from model.evaluation.metrics import character_errors
from pipelines.export import main as export
from pipelines.ingest import main as ingest
from pipelines.predict import main as predict
from pipelines.query import main as query
from pipelines.transcribe import main as transcribe
from pipelines.transcripts.tables import open_tables

BEFORE = Path(__file__).parents[1] / "before"
DIRECT = ["--runner", "DirectRunner"]
TEXTS = {
    ("pages/page_0000.jpg", 0): "quannyman Rybung. Seong Janven,",
    ("pages/page_0000.jpg", 1): "Jannony 1866), Odile Dumatein - hein",
    ("pages/page_0000.jpg", 2): "benvad Nyes, sadale. N°. 386. Taven",
    ("pages/page_0001.jpg", 0): "Vogt, tanner. Ne. 167.",
    ("pages/page_0001.jpg", 1): "Pluben, veavenof Vevey- NO.",
    ("pages/page_0001.jpg", 2): "mitr. NO. St. TUnsula Buchen, farmhand",
    ("pages/page_0002.jpg", 0): "Buchen- ouves six mecourses foye.",
    ("pages/page_0002.jpg", 1): "Quart, chente. N0. 168, Paul",
    ("pages/page_0002.jpg", 2): "1752. Otten, 20 May 1896, bonn",
}
MODEL_THEN = "7e826e6c525997a8794eb1239380b6d9d43d5c16b21f00386d544f0979b1bc1e"
# What determined the lines found then.
FINDER_THEN = {
    "finder": "d812f1648ca8bf5a629592e28e49271a368c797aa045f511a9e6e7321c361322",
    "finding": 2,
}


@pytest.fixture
def before(tmp_path, monkeypatch):
    """Copy the files of the earlier version and change to the copy, as page URIs are relative."""
    folder = tmp_path / "before"
    shutil.copytree(BEFORE, folder)
    monkeypatch.chdir(folder)
    return folder


def read_again(*flags: str) -> int:
    paths = ["--input", "pages/*.jpg", "--output", "transcripts", "--decoding", "beam"]
    return transcribe([*paths, *DIRECT, *flags, "--precision", "fp32"])


def texts(view: str = "lines", where: str = "true") -> dict:
    query = f"SELECT page_uri, line_index, text FROM {view} WHERE {where}"
    return {tuple(place): text for *place, text in open_tables("transcripts").sql(query).fetchall()}


def test_transcripts_are_read(before):
    assert texts() == TEXTS
    assert open_tables("transcripts").sql("SELECT count(*) FROM pages").fetchall() == [(3,)]


def test_columns_that_were_added_since_are_null(before, capsys):
    tables = open_tables("transcripts")
    rows = tables.sql('SELECT DISTINCT "row", "column" FROM all_lines')
    assert rows.fetchall() == [(None, None)]
    assert tables.sql("SELECT DISTINCT ink_unread FROM pages").fetchall() == [(None,)]
    for recipe in ("cells", "unread", "worst_pages"):
        assert query(["--transcripts", "transcripts", "--recipe", recipe]) == 0
    assert export(["--transcripts", "transcripts", "--to", "page", "--output", "exported"]) == 0


def test_their_pages_are_unchanged_with_model_and_lines_as_then(before, monkeypatch):
    monkeypatch.setattr("pipelines.transcription.begin.reading_digest", lambda _: MODEL_THEN)
    monkeypatch.setattr("pipelines.transcription.recognise.reading_digest", lambda _: MODEL_THEN)
    monkeypatch.setattr("pipelines.transcription.begin.RECTIFY_VERSION", 2)
    monkeypatch.setattr("pipelines.transcription.begin.finder_facts", lambda: FINDER_THEN)
    assert read_again() == 0
    runs = open_tables("transcripts").sql(
        "SELECT pages_in, pages_ok, pages_unchanged FROM runs ORDER BY run_id"
    )
    assert runs.fetchall() == [(3, 3, 0), (3, 0, 3)]
    assert texts() == TEXTS


def test_their_pages_are_read_once_more_as_lines_are_cut_in_another_way(before):
    for pages_ok in (3, 0):
        assert read_again() == 0
        run = "SELECT pages_ok FROM runs ORDER BY run_id DESC LIMIT 1"
        assert open_tables("transcripts").sql(run).fetchall() == [(pages_ok,)]
    edits = sum(character_errors(text, texts()[place]).edits for place, text in TEXTS.items())
    assert edits < 0.35 * sum(map(len, TEXTS.values()))


def test_a_dataset_is_read(before):
    read = [
        line for split in ("train", "eval") for line in read_examples(split_files(before, split))
    ]
    assert len(read) == 9 and {line.height_px for line in read} == {64}
    assert all(line.text and line.page_uri.startswith("pages/page_") for line in read)


def split_files(folder: Path, split: str) -> list[str]:
    return sorted(map(str, (folder / "dataset" / split).glob("*.tfrecord.gz")))


def test_a_dataset_can_be_ingested_again(before, capsys):
    files = [name for split in ("train", "eval") for name in split_files(before, split)]
    assert ingest(["--input", *files, "--output", "again", *DIRECT]) == 0
    assert "lines: 9 in = 9 ok + 0 failed" in capsys.readouterr().out


def test_predict_reads_the_same_text(before, capsys):
    assert predict(["pages/page_0001.jpg", "--decoding", "beam"]) == 0
    assert "Vogt, tannes. N0. 787." in capsys.readouterr().out
