"""`python -m pipelines.evaluate` on transcripts, and `show`, through their mains."""

import json
import re

import duckdb
import pytest
from PIL import Image

from pipelines.evaluate import main as evaluate
from pipelines.show import main as show
from pipelines.transcribe import main as transcribe
from tests.fakes import write_fake_bundle
from tests.pipelines.drawn_archive import TEXTS, write_page
from tests.pipelines.evaluated import measured, write_transcribed_archive


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Two pages, one that cannot be read, and their transcripts."""
    folder = tmp_path_factory.mktemp("archive")
    # The XML files in the folder are skipped: p1 is one page, not two.
    write_transcribed_archive(folder, "pages")
    return folder


def refused(capsys, *flags):
    assert evaluate(list(map(str, flags))) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1
    return captured.err


def transcripts(archive):
    query = f"SELECT page_uri, line_id, text FROM '{archive}/out/lines/*/*.parquet'"
    return {
        (uri.rsplit("/")[-1][:2], line): text for uri, line, text in duckdb.sql(query).fetchall()
    }


def as_read(archive, name, texts=()):
    """Return the texts read on a page, to write as its truth, and further lines."""
    read = transcripts(archive)
    return (*(read[name, f"l{i}"] for i in range(3)), *texts)


def test_errors_are_counted_line_by_line(archive, capsys):
    figures = measured(archive, archive / "pages" / "p?.xml", capsys)
    assert (figures["pages"], figures["lines"], figures["lines_missing"]) == (2, 6, 0)
    assert figures["characters"] == 2 * sum(map(len, TEXTS))
    assert 0.5 < figures["cer"] <= 2.5
    edits = sum(figures[kind] for kind in ("substitutions", "insertions", "deletions"))
    assert figures["cer"] == pytest.approx(edits / figures["characters"])
    for rate in ("cer", "wer"):
        low, high = figures[f"{rate}_interval"]
        assert low <= figures[rate] <= high
    assert list(figures["slices"]["source"]) == ["page"]
    assert list(figures["slices"]["document"]) == ["pages"]


def test_json_is_printed_where_nobody_reads_or_where_it_is_asked(archive, capsys, monkeypatch):
    flags = ["--transcripts", f"{archive}/out", "--truth", f"{archive}/pages"]
    assert evaluate(flags) == 0
    piped = capsys.readouterr().out.splitlines()
    assert evaluate([*flags, "--json"]) == 0
    (alone,) = capsys.readouterr().out.splitlines()
    assert json.loads(piped[-1]) == json.loads(alone)
    assert any("CER" in line for line in piped[:-1])
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert evaluate(flags) == 0
    assert capsys.readouterr().out.splitlines() == piped[:-1]
    assert evaluate([*flags, "--json"]) == 0
    assert capsys.readouterr().out.splitlines() == [alone]


def test_the_transcript_itself_as_truth_has_no_errors(archive, tmp_path, capsys):
    for name in ("p1", "p2"):
        write_page(tmp_path, name, as_read(archive, name))
    figures = measured(archive, tmp_path / "*.xml", capsys)
    assert (figures["cer"], figures["cer_interval"], figures["wer"]) == (0, [0, 0], 0)
    assert figures["confusions"] == []


def test_a_line_that_was_not_transcribed_counts_as_deleted(archive, tmp_path, capsys):
    write_page(tmp_path, "p1", as_read(archive, "p1", ["lost"]))
    figures = measured(archive, tmp_path / "*.xml", capsys)
    assert (figures["lines_missing"], figures["deletions"]) == (1, 4)
    assert figures["cer"] == pytest.approx(4 / figures["characters"])


def test_a_page_that_failed_counts_as_deleted(archive, capsys):
    figures = measured(archive, archive / "pages", capsys)
    assert (figures["pages"], figures["lines"], figures["lines_missing"]) == (3, 9, 3)
    assert figures["deletions"] >= sum(map(len, TEXTS))


def test_a_transcribed_line_without_truth_does_not_count(archive, tmp_path, capsys):
    write_page(tmp_path, "p1", (*as_read(archive, "p1")[:2], " "))
    figures = measured(archive, tmp_path / "*.xml", capsys)
    assert (figures["lines"], figures["lines_without_truth"], figures["cer"]) == (2, 1, 0)


def test_text_rules_and_normalisation_apply_to_the_truth(archive, tmp_path, capsys):
    one, *others = as_read(archive, "p1")
    write_page(tmp_path, "p1", (f"  #{one} ", *others))
    assert measured(archive, tmp_path / "p1.xml", capsys)["insertions"] == 0
    assert measured(archive, tmp_path / "p1.xml", capsys)["deletions"] == 1
    rules = tmp_path / "rules.txt"
    rules.write_text('"#" ->\n')
    assert measured(archive, tmp_path / "p1.xml", capsys, "--rules", str(rules))["cer"] == 0
    write_page(tmp_path, "p1", (one.replace("a", "ª"), *others))
    compatible = ("--normalisation", "NFKC")
    assert measured(archive, tmp_path / "p1.xml", capsys, *compatible)["cer"] == 0
    assert measured(archive, tmp_path / "p1.xml", capsys)["cer"] > 0


def test_the_report_shows_the_worst_lines(archive, tmp_path, capsys):
    report = tmp_path / "deep" / "report.html"
    measured(archive, archive / "pages" / "*.xml", capsys, "--report", str(report))
    document = report.read_text("utf-8")
    # The lines of the page that cannot be opened are listed too, without a picture.
    worst_lines = document.split('id="worst"')[1].split("</section>")[0]
    assert worst_lines.count('src="data:image/png;base64,iVBOR') == 6
    assert worst_lines.count(">not transcribed<") == 3
    addresses = re.findall(r'(?:src|href)="([^"]*)"', document)
    assert all(a.startswith(("#", "data:image/")) for a in addresses)


def test_the_report_shows_the_worst_pages(archive, tmp_path, capsys):
    write_page(tmp_path, "p1", as_read(archive, "p1"))
    write_page(tmp_path, "p2", (*as_read(archive, "p2")[:2], "x<y", "lost"))
    write_page(tmp_path, "broken")
    report = tmp_path / "report.html"
    measured(archive, tmp_path / "*.xml", capsys, "--report", str(report))
    document = report.read_text("utf-8")
    by_page = document.split('id="pages"')[1].split("</section>")[0]
    order = re.findall(r"(broken|p1|p2)\.jpg", by_page)
    assert order == ["broken", "p2", "p1"]
    # A page without errors is in the table alone.
    assert by_page.count('<a href="#page') == 2
    assert document.count("image/jpeg;base64,") == 1 and "image cannot be opened" in document
    page = document.split('id="page2"')[1]
    # The line that was not read has no place on an image of another shape.
    assert page.count("<polygon ") == 3 and page.count('class="below"') == 2
    assert "not transcribed" in page


def test_pages_are_printed_worst_first(archive, tmp_path, capsys):
    write_page(tmp_path, "p1", as_read(archive, "p1"))
    write_page(tmp_path, "p2", (*as_read(archive, "p2"), "lost"))
    assert evaluate(["--transcripts", f"{archive}/out", "--truth", f"{tmp_path}/*.xml"]) == 0
    lines = capsys.readouterr().out.splitlines()
    place = lines.index("CER by page:")
    assert lines[place + 1].endswith("   4 lines  " + f"{archive}/pages/p2.jpg")
    assert lines[place + 2].endswith("0.00 %     3 lines  " + f"{archive}/pages/p1.jpg")
    figures = [page["cer"] for page in json.loads(lines[-1])["worst_pages"]]
    assert figures == sorted(figures, reverse=True) and len(figures) == 2


def test_folders_distinguish_pages_of_one_name(tmp_path, capsys):
    for folder, texts in (("a", TEXTS), ("b", TEXTS[::-1])):
        write_page(tmp_path / "scans" / folder, "p1", texts)
    model = write_fake_bundle(tmp_path / "m")
    paths = ["--input", f"{tmp_path}/scans/*/*.jpg", "--output", f"{tmp_path}/out"]
    assert transcribe([*paths, "--model", str(model), "--runner", "DirectRunner"]) == 0
    both = measured(tmp_path, tmp_path / "scans" / "*" / "*.xml", capsys)
    alone = [measured(tmp_path, tmp_path / "scans" / f / "p1.xml", capsys) for f in "ab"]
    assert both["pages"] == 2
    for kind in ("substitutions", "insertions", "deletions"):
        assert both[kind] == sum(figures[kind] for figures in alone)
    write_page(tmp_path / "elsewhere", "p1")
    flags = ("--transcripts", tmp_path / "out", "--truth", tmp_path / "elsewhere")
    assert "may belong to" in refused(capsys, *flags)


def test_truth_of_other_pages_is_refused(archive, tmp_path, capsys):
    write_page(tmp_path, "p9")
    error = refused(capsys, "--transcripts", archive / "out", "--truth", tmp_path)
    assert "p9.xml has no page of its name in --transcripts" in error


def test_other_files_beside_the_truth_are_left_out(archive, tmp_path, capsys):
    write_page(tmp_path, "p1")
    (tmp_path / "METS.xml").write_text('<mets xmlns="http://www.loc.gov/METS/"/>')
    assert measured(archive, tmp_path, capsys)["pages"] == 1


def test_lines_of_other_names_are_refused(archive, tmp_path, capsys):
    write_page(tmp_path, "p1")
    markup = tmp_path / "p1.xml"
    markup.write_text(markup.read_text().replace('id="l', 'id="other'))
    error = refused(capsys, "--transcripts", archive / "out", "--truth", markup)
    assert "no line of --truth is in --transcripts" in error


@pytest.mark.parametrize(
    ("content", "reason"),
    [("<PcGts>", "not well-formed"), (None, "no .xml file"), ("", "p1.xml: ")],
)
def test_truth_that_cannot_be_read_is_refused(archive, tmp_path, capsys, content, reason):
    write_page(tmp_path, "p1")
    (tmp_path / "p1.xml").unlink()
    if content is not None:
        (tmp_path / "p1.xml").write_text(content)
    error = refused(capsys, "--transcripts", archive / "out", "--truth", tmp_path)
    assert reason in error and "--truth" in error


def test_truth_without_any_text_is_refused(archive, tmp_path, capsys):
    write_page(tmp_path, "p1", ("", " ", ""))
    error = refused(capsys, "--transcripts", archive / "out", "--truth", tmp_path)
    assert "no line of --truth has text" in error


def test_two_truths_of_one_name_are_refused(archive, tmp_path, capsys):
    for folder in ("a", "b"):
        write_page(tmp_path / folder, "p1")
    error = refused(capsys, "--transcripts", archive / "out", "--truth", f"{tmp_path}/*/*.xml")
    assert "has the name of" in error


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        ([], "give --dataset, or --transcripts and --truth"),
        (["--transcripts", "t"], "--transcripts needs --truth"),
        (["--truth", "t"], "--truth needs --transcripts"),
        (["--model", "m"], "--model needs --dataset"),
        (["--split", "eval"], "--split needs --dataset"),
        (["--dataset", "d", "--model", "m", "--rules", "r"], "do not go together"),
        (["--dataset", "d", "--model", "m", "--transcripts", "t"], "do not go together"),
        (["--transcripts", "no", "--truth", "t"], "no: no such folder"),
        (["--transcripts", "no", "--truth", "t", "--report", "r.pdf"], "r.pdf does not end in"),
        (["--transcripts", "no", "--truth", "t", "--rules", "r"], "r: no such file"),
    ],
)
def test_unusable_flags_are_one_line_and_status_2(capsys, flags, reason):
    assert reason in refused(capsys, *flags)


def test_missing_truth_is_refused(archive, capsys):
    error = refused(capsys, "--transcripts", archive / "out", "--truth", "nowhere/*.xml")
    assert "nowhere/*.xml: no such file" in error and "check --truth" in error


def test_figures_are_printed_even_if_the_report_cannot_be_written(archive, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    flags = ["--transcripts", f"{archive}/out", "--truth", f"{archive}/pages/p1.xml"]
    assert evaluate([*flags, "--report", f"{tmp_path}/file/report.html"]) == 2
    captured = capsys.readouterr()
    assert "cer" in json.loads(captured.out.splitlines()[-1])
    assert "--report" in captured.err and captured.err.count("\n") == 1


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
