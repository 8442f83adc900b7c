"""`ingest --corrections`: what people corrected becomes a dataset."""

from __future__ import annotations

import json

import numpy as np
import pytest

from model.dataset.examples import read_examples
from model.synthetic.pages import draw_page
from pipelines.corrections.log import CorrectionLog
from pipelines.ingest import main as ingest
from pipelines.query import main as query
from pipelines.transcribe import main as transcribe
from pipelines.transcripts.tables import open_tables
from schemas.corrections import Correction, CorrectionKind
from tests.drawn import png

DIRECT = ["--runner", "DirectRunner"]
TEXTS = ["acte de mariage", "le maire signe", "an mil huit cent"]


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    (folder / "scans").mkdir()
    for number in range(3):
        grey, _ = draw_page(TEXTS, np.random.default_rng(number))
        (folder / "scans" / f"p{number}.png").write_bytes(png(grey))
    paths = ["--input", f"{folder}/scans", "--output", f"{folder}/t", "--lines", "find"]
    assert transcribe([*paths, *DIRECT, "--quality", "fast"]) == 0
    return folder


def correct(archive):
    """Say of every line what it reads, but of the first of each page that nobody can read it."""
    rows = open_tables(str(archive / "t")).sql(
        "SELECT page_uri, line_id, line_index, run_id, text, [p.x FOR p IN baseline], "
        "[p.y FOR p IN baseline], [p.x FOR p IN polygon], [p.y FOR p IN polygon] FROM lines"
    )
    log = CorrectionLog(archive / "t")
    for uri, line, index, run, text, *points in rows.fetchall():
        kind = CorrectionKind.TEXT if index else CorrectionKind.ILLEGIBLE
        baseline, polygon = (tuple(zip(*points[i : i + 2])) for i in (0, 2))
        new = TEXTS[index] if index else ""
        log.append(Correction("", "", "eva", uri, line, run, kind, text, new, baseline, polygon))


def test_corrected_lines_are_cut_out_of_their_images(archive, tmp_path, capsys):
    flags = ["--corrections", "--output", str(tmp_path / "d"), "--test_fraction", "0", *DIRECT]
    assert ingest(["--input", str(archive / "t"), *flags]) == 2
    assert f"{archive}/t has no corrections" in capsys.readouterr().err
    correct(archive)
    assert ingest(["--input", str(archive / "t"), *flags, "--eval_fraction", "0.34"]) == 0
    files = sorted(map(str, (tmp_path / "d").rglob("*.tfrecord.gz")))
    found = list(read_examples(files))
    assert sorted(one.text for one in found) == sorted(TEXTS[1:] * 3)
    # Lines of one page are in one split.
    splits = json.loads((tmp_path / "d" / "manifest.json").read_text())
    assert splits
    for split in ("train", "eval"):
        pages = {one.page_uri for one in read_examples([f for f in files if f"/{split}/" in f])}
        assert len(pages) == {"train": 2, "eval": 1}[split]


def test_images_elsewhere_are_read_only_if_the_user_says_so(archive, tmp_path, capsys):
    if not (archive / "t" / "corrections").exists():
        correct(archive)
    log = f"{archive}/t/corrections/corrections.jsonl"
    flags = ["--output", str(tmp_path / "d"), *DIRECT]
    assert ingest(["--input", log, *flags]) != 0
    capsys.readouterr()
    ask = ["--transcripts", str(tmp_path / "d"), "--format", "csv"]
    assert query([*ask, "SELECT DISTINCT error FROM failures WHERE stage = 'pair'"]) == 0
    assert "the image lies outside of the input; give --corrections" in capsys.readouterr().out
