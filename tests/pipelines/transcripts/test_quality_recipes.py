"""How good the text is: the recipes quality, sample and sampled_cer."""

from __future__ import annotations

import csv
from functools import partial

import pyarrow.parquet as pq
import pytest

from pipelines.query import main
from tests.pipelines.written_tables import ask_recipe, page, write_run

RUN_1, RUN_2 = (f"2026010{day}T000000-000000-aa" for day in (1, 2))
CALIBRATION = "322 held-out lines with a CER of 4.6%"


@pytest.fixture
def ask(tmp_path):
    """Run a recipe on the archive and return its rows."""
    return partial(ask_recipe, tmp_path)


def line(uri, text, line_id="l1"):
    return {"page_uri": uri, "line_id": line_id, "line_index": 0, "text": text}


def write(folder, run_id, pages, lines, calibration=CALIBRATION):
    run = {"run_id": run_id, "calibration": calibration}
    write_run(folder, run, pages=pages, lines=lines)


def test_documents_have_an_estimate_by_their_characters(tmp_path, ask):
    pages = [
        page("d/a/p1.jpg", cer_estimate=0.02),
        page("d/a/p2.jpg", cer_estimate=0.08),
        page("d/x.pdf#page=1", document="d/x.pdf", cer_estimate=0.2),
        page("d/a/blank.jpg"),
    ]
    lines = [
        line("d/a/p1.jpg", "a" * 30),
        line("d/a/p2.jpg", "a" * 10),
        line("d/x.pdf#page=1", "a" * 60),
    ]
    write(tmp_path, RUN_1, pages, lines)
    every, pdf, folder = ask("quality")
    assert (every["document"], every["pages"], every["characters"]) == ("all documents", 3, 100)
    assert (pdf["document"], folder["document"]) == ("d/x.pdf", "d/a")
    assert folder["cer"] == pytest.approx((30 * 0.02 + 10 * 0.08) / 40)
    assert (folder["low"], folder["high"]) == pytest.approx((folder["cer"] / 2, folder["cer"] * 2))
    assert {row["calibrated_on"] for row in (every, pdf, folder)} == {CALIBRATION}
    (_, pdf, _) = ask("quality", "factor=10")
    assert (pdf["low"], pdf["high"]) == pytest.approx((0.02, 1.0))


def test_a_page_of_which_nothing_was_read_counts_as_an_average_one(tmp_path, ask):
    pages = [page(f"d/p{n}.jpg", cer_estimate=cer) for n, cer in enumerate((0.1, 0.1, 1.0))]
    write(tmp_path, RUN_1, pages, [line(f"d/p{n}.jpg", "a" * 40) for n in (0, 1)])
    assert ask("quality")[0]["cer"] == pytest.approx(0.4)


def test_what_the_estimates_were_fitted_on_is_said_of_each_run(tmp_path, ask):
    write(tmp_path, RUN_1, [page("d/p1.jpg", cer_estimate=0.1)], [line("d/p1.jpg", "a")])
    write(tmp_path, RUN_2, [page("d/p2.jpg", cer_estimate=0.1)], [line("d/p2.jpg", "a")], None)
    assert set(ask("quality")[0]["calibrated_on"].split("; ")) == {CALIBRATION, "not known"}


def test_tables_of_older_runs_have_no_calibration(tmp_path, ask):
    write(tmp_path, RUN_1, [page("d/p1.jpg", cer_estimate=0.1)], [line("d/p1.jpg", "a")])
    path = tmp_path / "runs" / f"{RUN_1}.parquet"
    pq.write_table(pq.read_table(path).drop(["calibration"]), path)
    assert ask("quality")[0]["calibrated_on"] == "not known"


def test_a_sample_is_the_same_each_time_and_measures_the_cer(tmp_path, ask, capsys):
    uris = [f"d/{'ab'[n % 2]}/p{n}.jpg" for n in range(50)]
    write(tmp_path, RUN_1, list(map(page, uris)), [line(uri, f"été {uri}") for uri in uris])
    chosen = ask("sample", "limit=20")
    assert len(chosen) == 20 and ask("sample", "limit=20") == chosen
    assert ask("sample", "limit=20", "seed=1") != chosen
    assert all(row["page_uri"].startswith("d/b/") for row in ask("sample", "document=d/b/"))
    assert [row["text"] for row in chosen] == [row["truth"] for row in chosen]

    path = tmp_path / "sample.csv"
    for row in chosen:
        # One letter of each line is wrong, and it is one edit, though of two bytes.
        row["truth"] = row["truth"].replace("été", "eté")
    chosen[0]["truth"] = ""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, chosen[0])
        writer.writeheader()
        writer.writerows(chosen)
    (measured,) = ask("sampled_cer", f"file={path}")
    characters = sum(len(row["truth"]) for row in chosen)
    assert (measured["lines"], measured["edits"]) == (19, 19)
    assert measured["characters"] == characters and measured["cer"] == 19 / characters
    assert measured["low"] < measured["cer"] < measured["high"] < measured["cer"] + 0.02
    assert main(["--transcripts", str(tmp_path), "--recipe", "sampled_cer"]) == 2
    assert "needs the CSV file; add --set file=" in capsys.readouterr().err


def test_a_saved_sample_is_measured_as_it_is(tmp_path, ask, capsys):
    texts = ["=le 5", "-dit-il", "un", "deux"]
    uris = [f"d/p{n}.jpg" for n in range(4)]
    write(tmp_path, RUN_1, list(map(page, uris)), list(map(line, uris, texts)))
    path = tmp_path / "sample.csv"
    flags = ["--transcripts", str(tmp_path), "--recipe", "sample", "--set", "limit=9"]
    assert main([*flags, "--save", str(path)]) == 0
    assert path.read_text("utf-8-sig").count("'") == 4
    (measured,) = ask("sampled_cer", f"file={path}")
    characters = sum(map(len, texts))
    assert (measured["lines"], measured["as_read"], measured["edits"]) == (4, 4, 0)
    assert measured["characters"] == characters and measured["cer"] == measured["low"] == 0
    # The rule of three.
    assert measured["high"] == 3 / characters


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "No such file or directory; give the corrected file"),
        ("text,truth\né,é\n".encode("cp1252"), "is not in UTF-8; save it as 'CSV UTF-8'"),
        (b"text;other\na;b\n", "has no column truth in its first line; keep the columns"),
    ],
)
def test_a_file_that_is_no_sample_is_said(tmp_path, capsys, data, reason):
    write(tmp_path, RUN_1, [page("d/p1.jpg")], [line("d/p1.jpg", "a")])
    path = tmp_path / "sample.csv"
    if data is not None:
        path.write_bytes(data)
    flags = ["--transcripts", str(tmp_path), "--recipe", "sampled_cer", "--set", f"file={path}"]
    assert main(flags) == 2
    error = capsys.readouterr().err
    assert reason in error and error.startswith(f"--set file={path}") and error.count("\n") == 1
