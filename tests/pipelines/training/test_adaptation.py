"""From a transcribed archive to the dataset of a model's own surest readings."""

from __future__ import annotations

import hashlib

import pytest

from model.dataset.examples import read_examples
from model.recogniser.bundle import WEIGHTS_FILE
from pipelines.cli.options import UsageError
from pipelines.training import archive_lines
from pipelines.training.adaptation import Adaptation, make_adaptation_dataset
from tests.drawn import line_example, png, text_strip, write_tfrecords
from tests.fakes import write_fake_bundle, write_language_model
from tests.pipelines.written_tables import page, write_run

RUN = "20260101T000000-000000-aa"
TEXTS = ("abbé de cadeba", "ecadé bac", "dé ace eba", "bac cadeb")
PAGES, LINES = 12, 10


@pytest.fixture
def model(tmp_path):
    folder = write_fake_bundle(tmp_path / "model")
    write_language_model(folder, TEXTS * 5)
    (folder / WEIGHTS_FILE).write_bytes(b"not read here")
    return folder


@pytest.fixture
def archive(tmp_path):
    """Write a folder of pages, and the tables of their transcription."""

    def write(folders=("scans",), pages=PAGES):
        page_rows, line_rows = [], []
        for number in range(pages):
            path = tmp_path / folders[number % len(folders)] / f"p{number:02}.png"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(png(text_strip(TEXTS[number % len(TEXTS)])))
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            page_rows.append(page(str(path), lines_ok=LINES, sha256=digest))
            line_rows += [
                {"page_uri": str(path), "line_id": f"l{i}", "line_index": i, "text": "?"}
                for i in range(LINES)
            ]
        write_run(tmp_path / "tables", {"run_id": RUN}, pages=page_rows, lines=line_rows)
        return tmp_path / "tables"

    return write


def adapt(model, tables, tmp_path, truth=None):
    """Make the dataset; return what is judged by, and the lines of both splits."""
    folder = tmp_path / "dataset"
    judged_by = make_adaptation_dataset(Adaptation(str(tables), str(model), truth, folder))
    splits = [
        list(read_examples(sorted(map(str, folder.glob(f"{split}/*.tfrecord.gz")))))
        for split in ("train", "eval")
    ]
    return judged_by, *splits


def test_the_surest_lines_of_all_pages_but_some_are_trained_on(model, archive, tmp_path, capsys):
    judged_by, train, held_out = adapt(model, archive(), tmp_path)
    assert judged_by == "agreement"
    assert {e.source for e in (*train, *held_out)} == {"transcripts"}
    assert {e.split for e in train} == {"train"} and {e.split for e in held_out} == {"eval"}
    pages, others = ({e.page_uri for e in part} for part in (train, held_out))
    assert 1 <= len(others) <= 3 and not pages & others
    assert len(train) + len(held_out) >= 0.65 * PAGES * LINES
    # What the tables say is not what is learnt.
    assert all(e.text and e.text != "?" for e in train)
    printed = capsys.readouterr().out
    assert "reading 120 lines on 12 of 12 pages again" in printed and "left to read" in printed
    assert "note:" not in printed


def test_lines_with_truth_are_trained_on_too_and_judged_by(model, archive, tmp_path):
    for split in ("train", "eval"):
        lines = [line_example("abba", i, split) for i in range(3)]
        write_tfrecords(tmp_path / "truth" / split / "lines.tfrecord.gz", lines)
    judged_by, train, held_out = adapt(model, archive(), tmp_path, tmp_path / "truth")
    assert judged_by == "truth"
    assert [e.text for e in held_out] == ["abba"] * 3
    assert sum(e.source != "transcripts" for e in train) == 3
    # No reading is held out, as the lines with truth are.
    assert sum(e.source == "transcripts" for e in train) >= 0.65 * PAGES * LINES


def test_several_hands_are_told(model, archive, tmp_path, capsys):
    adapt(model, archive(folders=("letters", "register")), tmp_path)
    assert "note: these lines are in 2 folders" in capsys.readouterr().out


def test_of_a_large_archive_some_pages_are_read_always_the_same(
    model, archive, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(archive_lines.sample_pages, "__defaults__", (100,))
    _, train, held_out = adapt(model, archive(), tmp_path)
    assert "reading 100 lines on 10 of 12 pages again" in capsys.readouterr().out
    assert 0 < len({e.page_uri for e in (*train, *held_out)}) <= 10


def test_pages_whose_image_is_gone_or_has_changed_are_left_out_and_named(
    model, archive, tmp_path, capsys
):
    tables = archive()
    (tmp_path / "scans" / "p03.png").unlink()
    (tmp_path / "scans" / "p05.png").write_bytes(png(text_strip("other")))
    _, train, held_out = adapt(model, tables, tmp_path)
    left_out = "left out: 2 of 12 pages, image cannot be used (p03.png, p05.png)"
    assert left_out in capsys.readouterr().out
    names = {e.page_uri.rpartition("/")[2] for e in (*train, *held_out)}
    assert not names & {"p03.png", "p05.png"}


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        ("few pages", "20 lines with text are too few to adapt to"),
        ("no images", "no image of 12 pages can be used"),
        ("no language model", "no language_model.bin; add one with"),
        ("no weights", "no weights.keras"),
        ("no tables", "no such folder"),
        ("no lines", "no page with lines in it"),
    ],
)
def test_what_cannot_be_adapted_is_told_in_one_line(model, archive, tmp_path, harm, reason):
    tables = archive(pages=2 if harm == "few pages" else PAGES)
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    if harm == "no images":
        for image in (tmp_path / "scans").iterdir():
            image.unlink()
    elif harm == "no language model":
        (model / "language_model.bin").rename(tmp_path / "lm")
        before.pop("language_model.bin")
    elif harm == "no weights":
        (model / WEIGHTS_FILE).unlink()
        before.pop(WEIGHTS_FILE)
    elif harm == "no tables":
        tables = tmp_path / "nowhere"
    elif harm == "no lines":
        write_run(tmp_path / "blank", {"run_id": RUN}, pages=[page("a.png")], lines=[])
        tables = tmp_path / "blank"
    with pytest.raises(UsageError, match=reason) as error:
        adapt(model, tables, tmp_path)
    assert "\n" not in str(error.value)
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before
    assert not (tmp_path / "dataset").exists()
