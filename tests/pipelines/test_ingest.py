"""`python -m pipelines.ingest`, through its main."""

import json
import os
import re
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from pipelines.files.lock import output_lock
from pipelines.ingest import main
from tests.pipelines.drawn_archive import (
    TEXTS,
    write_bad_files,
    write_page,
    write_pair,
    write_thin_line,
)
from tests.pipelines.ingest_run import DIRECT, examples, ingest


def test_pairs_and_pages_become_one_dataset(tmp_path, capsys):
    archive, dataset = tmp_path / "archive", tmp_path / "dataset"
    for i in range(6):
        write_pair(archive / "pairs", f"line_{i}", f"acte {i}")
    write_page(archive / "pages", "p 1 é")
    assert ingest([archive], dataset) == 0
    assert (
        "pages: 7 in = 7 ok + 0 failed + 0 skipped\nlines: 9 in = 9 ok" in capsys.readouterr().out
    )
    found = examples(dataset)
    assert sorted(e.text for e in found) == sorted([*(f"acte {i}" for i in range(6)), *TEXTS])
    assert {e.height_px for e in found} == {64}
    assert {e.source for e in found} == {"page", "pair"}
    for split in ("train", "eval", "test"):
        assert all(e.split == split for e in examples(dataset, split))
    charset = json.loads((dataset / "charset.json").read_text())["characters"]
    assert set(charset) == {c for e in examples(dataset, "train") for c in e.text}
    (run,) = pq.read_table(dataset / "runs").to_pylist()
    assert (run["command"], run["pages_in"], run["lines_ok"]) == ("ingest", 7, 9)


def test_each_bad_file_is_a_failure_and_affects_no_other(tmp_path, capsys):
    archive, dataset = tmp_path / "archive", tmp_path / "dataset"
    expected = write_bad_files(archive)
    write_thin_line(archive)
    write_pair(archive, "good", "acte")
    (archive / "README.md").write_text("about")
    assert ingest([archive], dataset) == 3
    captured = capsys.readouterr()
    assert "more than --max_failure_rate 5.0%" in captured.err
    assert "pages: 10 in = 2 ok + 6 failed + 2 skipped" in captured.out
    assert "lines: 4 in = 3 ok + 1 failed" in captured.out
    failures = pq.read_table(dataset / "failures").to_pylist()
    stages = {f["uri"].rsplit("/")[-1]: f["stage"] for f in failures}
    assert stages == {**expected, "thin.jpg": "crop"}
    assert all(";" in f["error"] for f in failures), "each names its cure"
    assert [f["line_id"] for f in failures if f["uri"].endswith("thin.jpg")] == ["l1"]
    assert len(examples(dataset)) == 3


def test_failures_below_the_limit_are_accepted(tmp_path):
    write_bad_files(tmp_path / "archive")
    for i in range(6):
        write_pair(tmp_path / "archive", f"good_{i}", f"acte {i}")
    assert ingest([tmp_path / "archive"], tmp_path / "out", "--max_failure_rate", "1") == 0


def test_neither_runner_nor_shards_nor_order_change_the_records(tmp_path):
    archive = tmp_path / "archive"
    for i in range(5):
        write_pair(archive, f"line_{i}", f"acte {i}")
        write_page(archive, f"page_{i}")
    files = sorted(archive.iterdir())
    assert ingest([archive], tmp_path / "a") == 0
    assert ingest(reversed(files), tmp_path / "b", "--shards", "1") == 0
    workers = ["--direct_running_mode", "multi_processing", "--direct_num_workers", "2"]
    assert ingest([f"{archive}/*"], tmp_path / "c", "--shards", "3", *workers) == 0
    assert ingest([archive], tmp_path / "d", "--jobs", "3") == 0
    assert examples(tmp_path / "a") == examples(tmp_path / "b") == examples(tmp_path / "c")
    for name in ("charset.json", "leaks.jsonl"):
        assert len({(tmp_path / run / name).read_text() for run in "abcd"}) == 1
    manifests = [json.loads((tmp_path / run / "manifest.json").read_text()) for run in "abcd"]
    for key in ("dataset_digest", "inputs_digest", "counts", "splits"):
        assert all(manifest[key] == manifests[0][key] for manifest in manifests)
    # Worker processes do not even change the order of the records.
    for file in (tmp_path / "a").glob("*/*.tfrecord.gz"):
        same = tmp_path / "d" / file.relative_to(tmp_path / "a")
        assert file.read_bytes() == same.read_bytes()


def test_official_splits_are_kept(tmp_path):
    for split in ("train", "val", "test"):
        for i in range(4):
            write_pair(tmp_path / "d" / split, f"{split}_{i}", f"{split} {'abcd'[i] * 5}")
    assert ingest([tmp_path / "d"], tmp_path / "out") == 0
    for folder, split in (("train", "train"), ("val", "eval"), ("test", "test")):
        assert {e.page_uri.split("/")[-2] for e in examples(tmp_path / "out", split)} == {folder}


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--input", "nowhere"], "nowhere: no such file or folder"),
        (["--input", "archive/*.tif"], "archive/*.tif: no such file"),
        (["--input", "archive", "--output", "taken"], "taken exists; give --overwrite"),
        (["--input", "archive", "--shards", "-1"], "--shards -1"),
        (["--input", "archive", "--line_height_px", "4"], "--line_height_px 4"),
        (["--input", "archive", "--eval_fraction", "1"], "no page to train on"),
        ([], "./dataset is missing; give --input, or draw a sample one"),
    ],
)
def test_unusable_flags_are_one_line_and_status_2(tmp_path, monkeypatch, capsys, flags, reason):
    monkeypatch.chdir(tmp_path)
    write_pair(tmp_path / "archive", "a", "acte")
    (tmp_path / "taken").mkdir()
    assert main([*flags, *DIRECT]) == 2
    captured = capsys.readouterr()
    assert reason in captured.err and captured.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("flag", [["--outptu", "x"], ["--direct_num_worker", "2"], ["stray"]])
def test_an_unknown_flag_is_one_line_and_status_2(capsys, flag):
    with pytest.raises(SystemExit) as stopped:
        main(["--input=a", *flag])
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert flag[0] in error and error.count("\n") == 1


def test_overwriting_replaces_the_whole_dataset(tmp_path):
    write_pair(tmp_path / "a", "one", "acte")
    write_pair(tmp_path / "b", "two", "maire")
    assert ingest([tmp_path / "a"], tmp_path / "out", "--shards", "5") == 0
    assert ingest([tmp_path / "b"], tmp_path / "out", "--overwrite") == 0
    assert [e.text for e in examples(tmp_path / "out")] == ["maire"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b", "out"]


def test_a_second_run_on_the_same_output_is_refused(tmp_path, capsys):
    # The lock lies beside the output, and here in the input.
    write_pair(tmp_path, "one", "acte")
    with output_lock(str(tmp_path / "out")):
        assert ingest([tmp_path], tmp_path / "out", "--overwrite") == 4
    error = capsys.readouterr().err
    assert "out: another run" in error and error.count("\n") == 1
    assert ingest([tmp_path], tmp_path / "out") == 0
    assert "pages: 1 in = 1 ok + 0 failed + 0 skipped" in capsys.readouterr().out


def test_a_run_that_fails_keeps_the_old_output(tmp_path, monkeypatch):
    write_pair(tmp_path / "a", "one", "acte")
    assert ingest([tmp_path / "a"], tmp_path / "out") == 0
    before = examples(tmp_path / "out")

    def disk_full(*_):
        raise OSError("disk full")

    monkeypatch.setattr("pipelines.dataset.pipeline.write_one_row", disk_full)
    with pytest.raises(OSError, match="disk full"):
        ingest([tmp_path / "a"], tmp_path / "out", "--overwrite")
    assert examples(tmp_path / "out") == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "out"]


def test_by_default_dataset_is_read_and_out_dataset_written(tmp_path):
    write_pair(tmp_path / "dataset", "a", "acte")
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    command = [sys.executable, "-m", "pipelines.ingest", "--runner", "DirectRunner"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert len(examples(tmp_path / "out" / "dataset")) == 1


def test_real_pages_are_all_accounted_for(shared_data, tmp_path, capsys):
    pages = shared_data / "peraire" / "data" / "tes*" / "*.xml"
    alone = ["--test_fraction", "1", "--eval_fraction", "0"]
    assert ingest([pages], tmp_path / "out", *alone) == 0
    assert "pages: 8 in = 8 ok + 0 failed + 0 skipped\nlines: 262 in" in capsys.readouterr().out
    assert {e.split for e in examples(tmp_path / "out")} == {"test"}


def test_characters_that_no_ink_shows_are_left_out_and_told(tmp_path, capsys):
    archive, dataset = tmp_path / "archive", tmp_path / "dataset"
    write_pair(archive, "a", "ac\u200bte\ufeff de ma\u00adri\u200bage")
    assert ingest([archive], dataset) == 0
    assert [e.text for e in examples(dataset)] == ["acte de ma\u00adriage"]
    told = "left out of texts, as no ink shows them: U+200B 2 times, U+FEFF 1 times"
    assert told in capsys.readouterr().out
    rows = json.loads((dataset / "characters.json").read_text())["characters"]
    assert {row["code_point"]: (row["count"], row["flags"]) for row in rows if row["flags"]} == {
        "U+00AD": (1, ["invisible"]),
        "U+200B": (2, ["invisible", "left out"]),
        "U+FEFF": (1, ["invisible", "left out"]),
    }


def test_what_was_wrong_with_images_is_told(tmp_path, capsys):
    archive = tmp_path / "archive"
    archive.mkdir()
    for name in ("a", "b", "c"):
        write_page(archive, name)
        # As after a broken download: the mark at the end is missing.
        image = archive / f"{name}.jpg"
        image.write_bytes(image.read_bytes()[: -2 if name != "c" else None])
    alone = ["--test_fraction", "1", "--eval_fraction", "0"]
    assert ingest([archive], tmp_path / "dataset", *alone) == 0
    told = "read with a warning: 2 pages, 'no end mark' (a.jpg, ...)\n"
    assert told in capsys.readouterr().out


def test_lines_from_right_to_left_are_stored_as_they_are_read(tmp_path):
    pytest.importorskip("bidi")
    archive, dataset = tmp_path / "archive", tmp_path / "dataset"
    (archive).mkdir()
    write_page(archive, "p", ("\u05d0\u05d1 (12\u200f", "\u05d2\u05d3", "12 34"))
    markup = archive / "p.xml"
    # The writer states it of lines whose letters run from right to left, but not of numbers.
    stated = re.sub(
        "<TextLine (?![^>]*readingDirection)",
        '<TextLine readingDirection="right-to-left" ',
        markup.read_text("utf-8"),
    )
    markup.write_text(stated, "utf-8")
    assert ingest([archive], dataset) == 0
    found = {example.line_id: example for example in examples(dataset)}
    assert [found[name].text for name in ("l0", "l1", "l2")] == [
        "\u05d0\u05d1 (12",
        "\u05d2\u05d3",
        "12 34",
    ]
    # Only numbers alone do not tell the direction.
    assert [found[name].direction for name in ("l0", "l1", "l2")] == ["", "", "rtl"]
    # The bracket is mirrored where it runs from right to left.
    characters = json.loads((dataset / "charset.json").read_text())["characters"]
    assert ")" in characters or "12" not in "".join(e.text for e in examples(dataset, "train"))
