"""`correct`: files that people corrected in other programs, through its main."""

from __future__ import annotations

import re

import pytest

from pipelines.correct import main as correct
from pipelines.corrections.log import CorrectionLog
from pipelines.transcripts.tables import open_tables
from schemas.corrections import Correction, CorrectionKind
from tests.pipelines.exported import export, write_archive

READ, RIGHT = "line 0 of x.jpg", "lime 0 of x.jpg"


@pytest.fixture
def archive(tmp_path):
    return write_archive(tmp_path)


@pytest.fixture(params=["page", "alto"])
def written(request, archive):
    assert export(archive, "--to", request.param, "--page", "a/x.jpg", "b/x.jpg") == 0
    return archive / "out" / request.param


def run(archive, *flags):
    paths = [
        "--transcripts",
        str(archive / "t"),
        "--input",
        str(archive / "out"),
        "--author",
        "eva",
    ]
    return correct([*paths, *flags])


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def rewrite(path):
    """Change the first word of the first line."""
    is_alto = "alto" in path.parts
    old, new = ('CONTENT="line"', 'CONTENT="lime"') if is_alto else (f">{READ}<", f">{RIGHT}<")
    change(path, old, new)


def said(archive):
    state = CorrectionLog(archive / "t").state()
    return [(one.line_id, one.kind.value, one.old_text, one.text) for one in state.all]


def without_line(text, line_id):
    line = rf'<TextLine (?:ID|id)="[^"]*{line_id}".*?</TextLine>'
    assert re.search(line, text, re.DOTALL)
    return re.sub(line, "", text, count=1, flags=re.DOTALL)


def test_a_file_that_nobody_changed_says_nothing(archive, written, capsys):
    assert run(archive) == 0
    assert "pages: 2 in = 2 ok + 0 failed + 0 skipped\n" in capsys.readouterr().out
    assert said(archive) == []


def test_what_was_changed_is_taken_over_once(archive, written, capsys):
    path = written / "b" / "x.jpg.xml"
    rewrite(path)
    for status in ("--dry_run", "", ""):
        assert run(archive, *filter(None, [status])) == 0
    texts = [line for line in capsys.readouterr().out.splitlines() if line.startswith("lines")]
    assert [" 1 corrected + 0 drawn + 0 removed" in text for text in texts] == [True, True, False]
    (only,) = CorrectionLog(archive / "t").state().all
    assert (only.author, only.line_id, only.text) == ("eva", "l0", RIGHT)
    assert only.page_uri.endswith("b/x.jpg") and only.source == str(path) and only.baseline


def test_lines_with_other_names_are_known_by_their_place(archive, written):
    path = written / "b" / "x.jpg.xml"
    text = re.sub(r'(<TextLine (?:ID|id)=")[^"]*"', r'\1eSc_line_77"', path.read_text(), count=1)
    path.write_text(text)
    rewrite(path)
    assert run(archive) == 0
    assert said(archive) == [("l0", "text", READ, RIGHT)]


def test_a_line_that_is_not_there_any_more_is_no_line(archive, written):
    path = written / "b" / "x.jpg.xml"
    path.write_text(without_line(path.read_text(), "l0"))
    assert run(archive) == 0
    assert said(archive) == [("l0", "no_line", READ, "")]
    assert run(archive) == 0 and len(said(archive)) == 1
    sql = "SELECT text FROM corrected_lines WHERE page_uri LIKE '%b/x.jpg'"
    assert (READ,) not in open_tables(str(archive / "t")).sql(sql).fetchall()


def test_a_line_that_was_emptied_cannot_be_read(archive):
    assert export(archive, "--to", "page", "--page", "b/x.jpg") == 0
    path = archive / "out" / "page" / "b" / "x.jpg.xml"
    emptied = re.sub(r"<Word .*?</Word>", "", path.read_text(), flags=re.DOTALL)
    path.write_text(emptied.replace(f"<Unicode>{READ}</Unicode>", "<Unicode/>"))
    assert run(archive) == 0
    assert said(archive)[0] == ("l0", "illegible", READ, "")


def test_a_line_that_was_drawn_is_added_once(archive):
    assert export(archive, "--to", "page", "--page", "b/x.jpg") == 0
    path = archive / "out" / "page" / "b" / "x.jpg.xml"
    drawn = (
        '<TextLine id="new"><Coords points="20,150 280,150 280,190 20,190"/>'
        '<Baseline points="20,180 280,181"/><TextEquiv><Unicode>et signé</Unicode></TextEquiv>'
        "</TextLine>"
    )
    change(path, "</TextLine>", f"</TextLine>{drawn}")
    for _ in range(2):
        assert run(archive) == 0
        assert said(archive) == [("new", "text", "", "et signé")]


def test_an_old_file_does_not_undo_what_others_corrected_meanwhile(archive, written):
    uri = str(archive / "in" / "b" / "x.jpg")
    one = Correction("", "", "max", uri, "l0", "r1", CorrectionKind.TEXT, READ, "acte")
    CorrectionLog(archive / "t").append(one)
    drawn = Correction("", "", "max", uri, "d", "", CorrectionKind.TEXT, "", "et", ((1, 9), (9, 9)))
    CorrectionLog(archive / "t").append(drawn)
    assert run(archive) == 0
    assert len(said(archive)) == 2


def test_files_that_cannot_be_used_are_told(archive, capsys):
    assert export(archive, "--to", "page") == 0
    folder = archive / "out" / "page"
    good = (folder / "b" / "x.jpg.xml").read_text()
    for path in folder.rglob("*.xml"):
        path.unlink()
    (folder / "cut.xml").write_text(good[:200])
    (folder / "x.jpg.xml").write_text(good)
    (folder / "other.xml").write_text(good.replace("x.jpg", "nobody.jpg"))
    (folder / "mets.xml").write_text('<mets xmlns="http://www.loc.gov/METS/"/>')
    assert run(archive) == 3
    out = capsys.readouterr().out
    assert "pages: 4 in = 0 ok + 3 failed + 1 skipped" in out
    assert "keep the file in a folder called like that of the image" in out
    assert "no page of the tables is called nobody.jpg" in out
    assert correct(["--transcripts", str(archive / "t"), "--input", str(archive / "in")]) == 2
    assert "no .xml file; give PAGE or ALTO" in capsys.readouterr().err


def test_the_lines_of_all_pages_are_read_a_few_pages_at_a_time(archive, written, monkeypatch):
    monkeypatch.setattr("pipelines.correcting.importing._PAGES_AT_ONCE", 1)
    for folder in ("a", "b"):
        rewrite(written / folder / "x.jpg.xml")
    assert run(archive) == 0
    state = CorrectionLog(archive / "t").state()
    assert [one.page_uri[-7:] for one in state.all] == ["a/x.jpg", "b/x.jpg"]
