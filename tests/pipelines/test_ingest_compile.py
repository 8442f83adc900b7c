"""`python -m pipelines.ingest` as a dataset compiler: formats, leaks, rules, manifest."""

import json
import shutil

import pyarrow.parquet as pq
import pytest

from pipelines.ingest import main
from tests.drawn import png, text_strip
from tests.pipelines.drawn_archive import TEXTS, write_page, write_pair
from tests.pipelines.ingest_run import examples, ingest


def write_labels(folder, rows, name="labels.csv"):
    """Write line images and a table of their texts."""
    folder.mkdir(parents=True, exist_ok=True)
    for image, text in rows:
        (folder / image).write_bytes(png(text_strip(text or "x")))
    lines = [f'{image},"{text}"' for image, text in rows]
    (folder / name).write_text("\n".join(["filename,text", *lines]), "utf-8")


def test_a_folder_may_mix_formats(tmp_path, capsys):
    archive = tmp_path / "archive"
    write_pair(archive / "pairs", "a", "notaire")
    write_page(archive / "pages", "p")
    write_labels(archive / "kaggle", [("one.png", "un, deux"), ("two.png", "trois")])
    (archive / "loghi").mkdir()
    (archive / "loghi" / "x.png").write_bytes(png(text_strip("douze mars")))
    (archive / "loghi" / "list.txt").write_text("x.png\tdouze mars\n")
    assert ingest([archive], tmp_path / "out") == 0
    assert "pages: 5 in = 5 ok + 0 failed + 0 skipped" in capsys.readouterr().out
    found = sorted((e.source, e.text) for e in examples(tmp_path / "out"))
    assert found == [
        ("labels", "douze mars"),
        ("labels", "trois"),
        ("labels", "un, deux"),
        *(("page", text) for text in sorted(TEXTS)),
        ("pair", "notaire"),
    ]


def test_a_dry_run_counts_and_writes_nothing(tmp_path, capsys):
    archive = tmp_path / "archive"
    write_page(archive, "p")
    write_labels(archive / "kaggle", [("one.png", "un"), ("two.png", "deux")])
    write_pair(archive, "lonely", "x")
    (archive / "lonely.txt").unlink()
    (archive / "README.md").write_text("about")
    for image in archive.rglob("*.png"):
        image.write_bytes(b"never looked at")
    assert ingest([archive], tmp_path / "out", "--dry_run") == 0
    assert capsys.readouterr().out.splitlines() == [
        "labels: 2 pages, 2 lines",
        "page: 1 pages, 3 lines",
        "cannot be read: 1",
        "left out: 1",
        "skipped: 1 file that is no page (README.md)",
        "splits: by hash of pages; lines: 4 train, 1 eval, 0 test",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]


def test_a_line_of_two_splits_is_dropped_from_train(tmp_path, capsys):
    write_pair(tmp_path / "d" / "train", "copy", "Jean Martin, notaire de Paris")
    write_pair(tmp_path / "d" / "train", "own", "le douze mars de cette annee")
    write_pair(tmp_path / "d" / "test", "original", "Jean Martin, notaire de Paris")
    assert ingest([tmp_path / "d"], tmp_path / "out", "--eval_fraction", "0") == 0
    assert "lines: 3 in = 2 ok + 0 failed + 1 dropped" in capsys.readouterr().out
    assert [e.page_uri.rsplit("/")[-1] for e in examples(tmp_path / "out", "train")] == ["own.png"]
    assert len(examples(tmp_path / "out", "test")) == 1
    (leak,) = map(json.loads, (tmp_path / "out" / "leaks.jsonl").read_text().splitlines())
    assert (leak["split"], leak["other_split"], leak["kind"]) == ("train", "test", "same image")
    (failure,) = pq.read_table(tmp_path / "out" / "failures").to_pylist()
    assert failure["stage"] == "leak" and "dropped from train" in failure["error"]
    (run,) = pq.read_table(tmp_path / "out" / "runs").to_pylist()
    assert (run["lines_ok"], run["lines_dropped"]) == (2, 1)
    report = (tmp_path / "out" / "report.html").read_text("utf-8")
    pair = report.split('<div class="card pair">')[1].split("</section>")[0]
    # Both lines, side by side.
    assert pair.count("data:image/png") == 2 == pair.count("Jean Martin, notaire de Paris</p>")
    assert pair.index("original.png") < pair.index("copy.png") and "dropped from train" in pair


def test_a_line_of_eval_and_test_is_reported_and_stays(tmp_path):
    write_pair(tmp_path / "d" / "eval", "one", "Jean Martin, notaire de Paris")
    write_pair(tmp_path / "d" / "test", "two", "Jean Martin, notaire de Paris")
    write_pair(tmp_path / "d" / "train", "three", "le douze mars de cette annee")
    assert ingest([tmp_path / "d"], tmp_path / "out") == 0
    assert len(examples(tmp_path / "out")) == 3
    assert "also in eval" in (tmp_path / "out" / "report.html").read_text("utf-8")
    assert not (tmp_path / "out" / ".unfinished").exists()


def test_datasets_of_quire_are_merged_and_split_again(tmp_path):
    write_page(tmp_path / "a", "p1")
    write_page(tmp_path / "b", "p2", ("le notaire", "fils de Marie"))
    for name in "ab":
        assert ingest([tmp_path / name], tmp_path / f"out_{name}") == 0
    merged = tmp_path / "merged"
    assert ingest([f"{tmp_path}/out_*/*/*.tfrecord.gz"], merged) == 0
    once = examples(tmp_path / "out_a") + examples(tmp_path / "out_b")
    assert [(e.page_uri, e.line_id, e.text, e.image) for e in examples(merged)] == [
        (e.page_uri, e.line_id, e.text, e.image) for e in sorted(once, key=lambda e: e.page_uri)
    ]


def test_text_rules_and_charset_apply_to_the_texts(tmp_path):
    archive = tmp_path / "archive"
    write_labels(archive, [("a.png", "#Jean# ⋎fils"), ("b.png", "ﬁls"), ("c.png", "œuf")])
    (tmp_path / "rules.txt").write_text("# diplomatic marks\n⋎ -> \n/#(.*?)#/ -> \\1\n")
    (tmp_path / "charset.json").write_text(
        json.dumps({"blank": 0, "characters": sorted(set("Jeanfils "))})
    )
    flags = ["--rules", f"{tmp_path}/rules.txt", "--charset", f"{tmp_path}/charset.json"]
    form = ["--normalisation", "NFKC", "--max_failure_rate", "1"]
    assert ingest([archive], tmp_path / "out", *flags, *form) == 0
    assert sorted(e.text for e in examples(tmp_path / "out")) == ["Jean fils", "fils"]
    (failure,) = pq.read_table(tmp_path / "out" / "failures").to_pylist()
    assert "'uœ'" in failure["error"]


def test_lines_of_some_kinds_only(tmp_path):
    write_page(tmp_path / "a", "p")
    xml = (tmp_path / "a" / "p.xml").read_text()
    heading = '<TextLine id="l1" custom="structure {type:heading;}"'
    (tmp_path / "a" / "p.xml").write_text(xml.replace('<TextLine id="l1"', heading))
    assert ingest([tmp_path / "a"], tmp_path / "out", "--line_kinds", "heading") == 0
    assert [e.text for e in examples(tmp_path / "out")] == [TEXTS[1]]


def test_a_list_file_names_the_input(tmp_path, capsys):
    write_pair(tmp_path / "a", "one", "acte")
    write_pair(tmp_path / "b", "two", "maire")
    (tmp_path / "list.txt").write_text(f"{tmp_path}/a\r\n\n{tmp_path}/b/two.*\r\n")
    assert ingest([f"@{tmp_path}/list.txt"], tmp_path / "out") == 0
    assert sorted(e.text for e in examples(tmp_path / "out")) == ["acte", "maire"]
    assert ingest([f"@{tmp_path}/none.txt"], tmp_path / "out2") == 2
    assert "list cannot be read" in capsys.readouterr().err


def test_two_descriptions_of_one_image_are_one_page(tmp_path, capsys):
    write_page(tmp_path / "a", "p")
    (tmp_path / "a" / "page").mkdir()
    shutil.copy(tmp_path / "a" / "p.xml", tmp_path / "a" / "page" / "p.xml")
    assert ingest([tmp_path / "a"], tmp_path / "out") == 0
    assert "pages: 2 in = 1 ok + 0 failed + 1 skipped" in capsys.readouterr().out
    assert len(examples(tmp_path / "out")) == 3


def test_nothing_outside_of_the_dataset_is_read(tmp_path):
    write_labels(tmp_path / "d", [("in.png", "dedans")])
    (tmp_path / "secret.png").write_bytes(png(text_strip("dehors")))
    with (tmp_path / "d" / "labels.csv").open("a") as table:
        table.write(f"\n../secret.png,dehors\n{tmp_path}/secret.png,dehors\n")
    assert ingest([tmp_path / "d"], tmp_path / "out", "--max_failure_rate", "1") == 0
    assert [e.text for e in examples(tmp_path / "out")] == ["dedans"]
    failures = pq.read_table(tmp_path / "out" / "failures").to_pylist()
    assert len(failures) == 2 and all("leads out of" in f["error"] for f in failures)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("--rules", "no arrow", "line 1: 'no arrow' is not a rule"),
        ("--rules", "/(/ -> x", "unterminated subpattern"),
        ("--charset", "[]", "charset is not"),
        ("--charset", None, "no such file"),
    ],
)
def test_rules_that_cannot_be_used_are_one_line(tmp_path, capsys, name, content, reason):
    write_pair(tmp_path / "a", "one", "acte")
    if content is not None:
        (tmp_path / "file").write_text(content)
    flags = ["--input", f"{tmp_path}/a", "--output", f"{tmp_path}/o", name, f"{tmp_path}/file"]
    assert main(flags) == 2
    error = capsys.readouterr().err
    assert reason in error and error.count("\n") == 1


def test_a_report_is_written_beside_the_dataset(tmp_path):
    write_page(tmp_path / "a", "p", ("le maire", "", "\u142fARIS <b>"))
    write_pair(tmp_path / "a", "lonely", "x")
    (tmp_path / "a" / "lonely.txt").unlink()
    out = tmp_path / "letters"
    assert ingest([tmp_path / "a"], out, "--max_failure_rate", "1") == 0
    report = (out / "report.html").read_text("utf-8")
    for said in ("letters", "le maire", "image has no", "line has no text", "look-alike"):
        assert said in report
    assert "<b>ARIS" not in report and "<script" not in report and "data:image/png" in report
    audit = json.loads((out / "characters.json").read_text("utf-8"))["characters"]
    (odd,) = (row for row in audit if row["flags"])
    assert odd["character"] == "\u142f" and odd["example_uri"].endswith("p.jpg")


def test_every_format_is_a_choice_and_in_the_schema():
    from pipelines.descriptions.detect import FORMAT_NAMES
    from pipelines.ingest import _FORMATS
    from schemas.features import TFX_SCHEMA_PATH

    assert sorted(_FORMATS) == sorted(FORMAT_NAMES)
    schema = TFX_SCHEMA_PATH.read_text()
    assert all(f'value: "{name}"' in schema for name in FORMAT_NAMES if name != "auto")
