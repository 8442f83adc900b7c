"""`python -m pipelines.ingest`: what decides the splits, and datasets that nobody can train on."""

import io
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.transcribe import main as transcribe
from tests.drawn import png, text_strip
from tests.pipelines.drawn_archive import write_pair
from tests.pipelines.ingest_run import DIRECT, examples, ingest

WORDS = ("notaire", "maire", "audience", "mariage", "vente", "contrat", "vigne", "livres", "acte")


def write_pairs(folder, count=9, stem=""):
    for number, word in enumerate(WORDS[:count]):
        write_pair(folder, f"{stem}{number}", f"{word} de {folder.name}")


def sizes(dataset):
    return tuple(len(examples(dataset, split)) for split in ("train", "eval", "test"))


def said(capsys, start="splits: "):
    return next(line for line in capsys.readouterr().out.splitlines() if line.startswith(start))


def test_folders_above_the_input_decide_nothing(tmp_path, capsys):
    write_pairs(tmp_path / "test" / "projet")
    assert ingest([tmp_path / "test" / "projet"], tmp_path / "out") == 0
    assert said(capsys) == "splits: by hash of pages; lines: 7 train, 1 eval, 1 test"
    for given in (f"{tmp_path}/test/projet/*", f"{tmp_path}/test/*/*.*"):
        assert ingest([given], tmp_path / "again", "--overwrite") == 0
        assert examples(tmp_path / "again") == examples(tmp_path / "out")


@pytest.mark.parametrize("inputs", [["d"], ["d/train", "d/val", "d/test"], ["d/*/*"]])
def test_folders_below_the_input_decide(tmp_path, monkeypatch, capsys, inputs):
    monkeypatch.chdir(tmp_path)
    for split, count in (("train", 4), ("val", 2), ("test", 3)):
        write_pairs(tmp_path / "d" / split, count, split)
    assert ingest(inputs, tmp_path / "out") == 0
    assert said(capsys) == ("splits: from folders test, train, val; lines: 4 train, 2 eval, 3 test")


def write_table(folder, columns):
    folder.mkdir()
    images = [png(text_strip(text)) for text in columns["text"]]
    pq.write_table(pa.table({"image": images, **columns}), folder / "lines.parquet")


def test_columns_of_a_parquet_decide(tmp_path, capsys):
    columns = {
        "text": list(WORDS),
        "split": ["train"] * 4 + ["val"] * 2 + ["test"] * 3,
        "writer": list("AABBCCDDD"),
    }
    write_table(tmp_path / "d", columns)
    assert ingest([tmp_path / "d"], tmp_path / "out") == 0
    assert said(capsys) == "splits: from column split; lines: 4 train, 2 eval, 3 test"
    del columns["split"]
    write_table(tmp_path / "e", columns)
    assert ingest([tmp_path / "e"], tmp_path / "by", "--group_by", "writer") == 0
    assert said(capsys) == "splits: by hash of writers; lines: 7 train, 2 eval, 0 test"
    found = examples(tmp_path / "by", "eval")
    writers = {columns["writer"][WORDS.index(example.text)] for example in found}
    assert len(writers) == 1


def test_a_saved_dataset_of_hugging_face_is_read(tmp_path, capsys):
    for split in ("train", "test"):
        folder = tmp_path / "saved" / split
        folder.mkdir(parents=True)
        table = pa.table(
            {
                "image": [
                    {"bytes": png(text_strip(f"{word} {split}")), "path": None} for word in WORDS
                ],
                "text": [f"{word} {split}" for word in WORDS],
            }
        )
        out = io.BytesIO()
        with pa.ipc.new_stream(out, table.schema) as writer:
            writer.write_table(table)
        (folder / "data-00000-of-00001.arrow").write_bytes(out.getvalue())
        (folder / "state.json").write_text("{}")
    assert ingest([tmp_path / "saved"], tmp_path / "out", "--eval_fraction", "0.3") == 0
    out = capsys.readouterr().out
    assert (
        "splits: from folders test, train, eval out of train by hash of pages; "
        "lines: 6 train, 3 eval, 9 test" in out
    )
    assert "skipped: 2 files that are no pages" in out and "state.json" in out


def test_a_dry_run_tells_the_splits_of_the_run(tmp_path, capsys):
    write_pairs(tmp_path / "d")
    assert ingest([tmp_path / "d"], tmp_path / "out", "--dry_run") == 0
    planned = said(capsys)
    assert ingest([tmp_path / "d"], tmp_path / "out") == 0
    assert said(capsys) == planned


@pytest.mark.parametrize(
    ("share", "held_out"), [("0.1", 1), ("0.2", 1), ("0.4", 2), ("0.5", 2), ("0.8", 4)]
)
def test_few_pages_are_shared_out(tmp_path, share, held_out):
    write_pairs(tmp_path / "d", 5)
    flags = ["--eval_fraction", share, "--test_fraction", "0"]
    assert ingest([tmp_path / "d"], tmp_path / "out", *flags) == 0
    assert sizes(tmp_path / "out") == (5 - held_out, held_out, 0)


def test_a_held_out_set_alone_is_asked_for(tmp_path):
    write_pairs(tmp_path / "d")
    alone = ["--test_fraction", "1", "--eval_fraction", "0"]
    assert ingest([tmp_path / "d"], tmp_path / "out", *alone) == 0
    assert sizes(tmp_path / "out") == (0, 0, 9)


def one_writer(folder):
    write_pairs(folder)
    return ["--group_by", "writer"], "no page names its writer, and all pages are one group"


def only_test(folder):
    write_pairs(folder / "test")
    return [], r"nothing to train on: of 9 lines, 0 are in train \(splits: from folder test\)"


def one_page(folder):
    write_pairs(folder, 1)
    return ["--eval_fraction", "0.2"], "one page alone cannot be divided"


def nothing_known(folder):
    folder.mkdir()
    (folder / "export.7z").write_bytes(b"7z")
    return [], "nothing was read: of 1 pages and files, 0 failed, 1 were left out"


def two_texts(folder):
    write_pairs(folder, 1)
    (folder / "0.txt").unlink()
    (folder / "l.csv").write_text("file_name,text\n0.png,oui\n0.png,non\n")
    return ["--max_failure_rate", "1"], "nothing was read: of 2 pages and files, 2 failed"


@pytest.mark.parametrize(
    "write", [one_writer, only_test, one_page, nothing_known, two_texts], ids=lambda f: f.__name__
)
def test_a_dataset_of_no_use_is_not_complete(tmp_path, capsys, write):
    flags, reason = write(tmp_path / "d")
    assert ingest([tmp_path / "d"], tmp_path / "out", *flags) == 3
    captured = capsys.readouterr()
    assert "complete" not in captured.out
    (line,) = captured.err.splitlines()
    assert re.search(reason, line) and ";" in line


def failures(dataset):
    return pq.read_table(dataset / "failures").to_pylist()


def test_an_image_with_two_texts_is_told_and_one_named_twice_is_read_once(tmp_path, capsys):
    write_pairs(tmp_path / "d", 6)
    for number in range(6):
        (tmp_path / "d" / f"{number}.txt").unlink()
    rows = [f"{number}.png,{WORDS[number]}" for number in range(6)]
    table = "\n".join(["file_name,text", *rows, "0.png,autre", f"1.png,{WORDS[1]}"])
    (tmp_path / "d" / "l.csv").write_text(table)
    assert ingest([tmp_path / "d"], tmp_path / "out", "--max_failure_rate", "1") == 0
    out = capsys.readouterr().out
    assert "pages: 8 in = 5 ok + 2 failed + 1 skipped" in out
    assert "skipped: 1 row whose image and text another row has (1.png)" in out
    assert [failure["uri"][-5:] for failure in failures(tmp_path / "out")] == ["0.png"] * 2
    assert "image has 2 different texts in" in failures(tmp_path / "out")[0]["error"]


def test_equal_images_in_a_parquet_with_two_texts_are_told(tmp_path):
    (tmp_path / "d").mkdir()
    images = [png(text_strip(word)) for word in (*WORDS[:5], WORDS[0], WORDS[1])]
    texts = [*WORDS[:5], "autre", WORDS[1]]
    pq.write_table(pa.table({"image": images, "text": texts}), tmp_path / "d" / "l.parquet")
    ingest([tmp_path / "d"], tmp_path / "out", "--test_fraction", "0")
    told = [f for f in failures(tmp_path / "out") if f["stage"] == "read"]
    assert [failure["uri"].rsplit("#")[-1] for failure in told] == ["0", "5"]


def test_a_null_character_is_refused_in_any_format(tmp_path):
    write_pairs(tmp_path / "d", 4)
    (tmp_path / "d" / "0.txt").write_bytes(b"a\0b")
    images, texts = [png(text_strip("x"))], ["a\0b"]
    pq.write_table(pa.table({"image": images, "text": texts}), tmp_path / "d" / "l.parquet")
    ingest([tmp_path / "d"], tmp_path / "out", "--max_failure_rate", "1")
    found = failures(tmp_path / "out")
    assert [failure["stage"] for failure in found] == ["text"] * 2
    assert all("contains U+0000" in failure["error"] for failure in found)
    assert len(examples(tmp_path / "out")) == 3


def test_transcribe_does_not_call_a_folder_without_images_complete(tmp_path, capsys):
    nothing_known(tmp_path / "d")
    flags = ["--input", str(tmp_path / "d"), "--output", str(tmp_path / "out"), *DIRECT]
    assert transcribe(flags) == 2
    captured = capsys.readouterr()
    assert "complete" not in captured.out
    assert "nothing could be read: " in captured.err and "export.7z" in captured.err


def test_columns_are_named_by_flags(tmp_path):
    write_pairs(tmp_path / "d", 4)
    for number in range(4):
        (tmp_path / "d" / f"{number}.txt").unlink()
    rows = [f"{number}.png,{WORDS[number]},{part}" for number, part in enumerate("abab")]
    table = "\n".join(["scan,reading,by", *rows])
    (tmp_path / "d" / "l.csv").write_text(table)
    flags = ["--image_column", "scan", "--text_column", "reading", "--writer_column", "by"]
    assert ingest([tmp_path / "d"], tmp_path / "out", *flags, "--group_by", "writer") == 0
    assert sizes(tmp_path / "out") == (2, 2, 0)
