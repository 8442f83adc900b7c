"""`python -m pipelines.evaluate` and `show`, through their mains."""

import json

import pytest
from PIL import Image

from pipelines.evaluate import main as evaluate
from pipelines.show import main as show
from pipelines.transcribe import main as transcribe
from tests.fakes import write_fake_bundle
from tests.pipelines.archive import TEXTS, write_page


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Two pages and their transcripts."""
    folder = tmp_path_factory.mktemp("archive")
    for name in ("p1", "p2"):
        write_page(folder / "pages", name)
    model = write_fake_bundle(folder / "m")
    paths = ["--input", f"{folder}/pages/*.jpg", "--model", str(model), "--output", f"{folder}/out"]
    assert transcribe([*paths, "--runner", "DirectRunner"]) == 0
    return folder


def measured(archive, truth, capsys):
    assert evaluate(["--transcripts", f"{archive}/out", "--truth", str(truth)]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def transcripts(archive):
    import duckdb

    query = f"SELECT page_uri, line_id, text FROM '{archive}/out/lines/*.parquet'"
    return {
        (uri.rsplit("/")[-1][:2], line): text for uri, line, text in duckdb.sql(query).fetchall()
    }


def test_errors_are_counted_line_by_line(archive, capsys):
    figures = measured(archive, archive / "pages" / "*.xml", capsys)
    assert (figures["pages"], figures["lines"], figures["lines_missing"]) == (2, 6, 0)
    assert figures["characters"] == 2 * sum(map(len, TEXTS))
    assert 0.5 < figures["cer"] <= 2.5


def test_the_transcript_itself_as_truth_has_no_errors(archive, tmp_path, capsys):
    read = transcripts(archive)
    for name in ("p1", "p2"):
        write_page(tmp_path, name, tuple(read[name, f"l{i}"] for i in range(3)))
    assert measured(archive, tmp_path / "*.xml", capsys)["cer"] == 0


def test_a_line_that_was_not_transcribed_is_lost_text(archive, tmp_path, capsys):
    read = transcripts(archive)
    write_page(tmp_path, "p1", (*(read["p1", f"l{i}"] for i in range(3)), "lost"))
    figures = measured(archive, tmp_path / "*.xml", capsys)
    assert figures["lines_missing"] == 1
    assert figures["cer"] == pytest.approx(4 / figures["characters"])


def test_truth_of_other_pages_is_refused(archive, tmp_path, capsys):
    write_page(tmp_path, "p9")
    assert evaluate(["--transcripts", f"{archive}/out", "--truth", f"{tmp_path}/*.xml"]) == 2
    assert "no line of --truth is in --transcripts" in capsys.readouterr().err


def test_two_truths_of_one_name_are_refused(archive, tmp_path, capsys):
    for folder in ("a", "b"):
        write_page(tmp_path / folder, "p1")
    assert evaluate(["--transcripts", f"{archive}/out", "--truth", f"{tmp_path}/*/*.xml"]) == 2
    assert "has the name of" in capsys.readouterr().err


def test_a_page_is_drawn(archive, tmp_path, capsys):
    picture = tmp_path / "deep" / "p2.png"
    flags = ["--transcripts", f"{archive}/out", "--output", str(picture)]
    assert show([*flags, "--page", "p2.jpg"]) == 0
    assert capsys.readouterr().out.endswith("p2.jpg\n")
    with Image.open(picture) as drawn:
        assert drawn.size == (640, 370) and len(drawn.getcolors(10**6)) > 50


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--page", "p9.jpg", "--output", "a.png"], "no page that was read"),
        (["--output", "a.gif"], ".png"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(archive, capsys, flags, reason):
    assert show(["--transcripts", f"{archive}/out", *flags]) == 2
    error = capsys.readouterr().err
    assert reason in error and error.count("\n") == 1
