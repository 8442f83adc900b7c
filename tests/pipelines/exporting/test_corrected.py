"""`export --corrected`: what people corrected, in every format."""

from __future__ import annotations

import pytest

from pipelines.corrections.log import CorrectionLog
from schemas.corrections import Correction, CorrectionKind
from tests.pipelines.exported import export, write_archive
from tests.pipelines.exporting.test_updates import DOCUMENTS, KINDS, UPDATE, contents, state

READ, CORRECTED = "line 0 of x.jpg", "acte de décès"
DRAWN = ((20.0, 180.0), (280.0, 181.0))
OUTLINE = ((20.0, 150.0), (280.0, 150.0), (280.0, 190.0), (20.0, 190.0))


@pytest.fixture
def archive(tmp_path):
    return write_archive(tmp_path)


def say(archive, line, kind="text", text="", seen="", run="r1", name="b/x.jpg", place=()):
    uri = str(archive / "in" / name)
    kind = CorrectionKind(kind)
    points = place or ((20.25, 40.5), (280.0, 40.5))
    outline = OUTLINE if place else ()
    one = Correction("", "", "eva", uri, line, run, kind, READ, text, points, outline)
    return CorrectionLog(archive / "t").append(one, seen).correction_id


def text_of(archive, name="b/x.jpg"):
    return (archive / "out" / "text" / f"{name}.txt").read_text().splitlines()


def test_lines_are_written_as_they_were_corrected(archive):
    assert export(archive, "--to", "text") == 0
    before = text_of(archive)
    say(archive, "l0", text=CORRECTED)
    assert export(archive, "--to", "text", "--overwrite") == 0
    assert text_of(archive) == before
    assert export(archive, "--to", "text", "--overwrite", "--corrected") == 0
    assert text_of(archive) == [CORRECTED, *before[1:]]
    say(archive, "drawn", text="et signé", run="", place=DRAWN)
    assert export(archive, "--to", "text", "--overwrite", "--corrected") == 0
    assert text_of(archive) == [CORRECTED, *before[1:], "et signé"]


@pytest.mark.parametrize("kind", ["illegible", "no_line"])
def test_lines_without_text_have_none(archive, kind):
    assert export(archive, "--to", "alto", "page", "text") == 0
    lines = contents(archive)["page/b/x.jpg.xml"].count(b"<TextLine")
    say(archive, "l0", kind)
    assert export(archive, "--to", "alto", "page", "text", "--overwrite", "--corrected") == 0
    written = contents(archive)
    left = lines - (kind == "no_line")
    assert written["page/b/x.jpg.xml"].count(b"<TextLine") == left
    assert written["alto/b/x.jpg.xml"].count(b"<TextLine") == left
    assert READ not in text_of(archive) and "line 1 of x.jpg" in text_of(archive)


def test_words_and_confidences_are_those_of_the_corrected_text(archive):
    say(archive, "l0", text=CORRECTED)
    flags = ["--to", "page", "alto", "hocr", "--corrected", "--page", "b/x.jpg"]
    assert export(archive, *flags) == 0
    page, alto, hocr = (
        contents(archive)[f"{name}/b/x.jpg.{end}"].decode()
        for name, end in (("page", "xml"), ("alto", "xml"), ("hocr", "html"))
    )
    assert READ not in page + hocr and alto.count('CONTENT="line"') == 2
    assert 'CONTENT="décès"' in alto and 'WC="1' in alto
    assert "décès" in page and "décès" in hocr and "x_wconf 100" in hocr


@pytest.mark.parametrize("kind", KINDS)
def test_an_update_writes_what_was_corrected_since(archive, kind):
    flags = [*KINDS[kind][0], "--corrected"]
    assert export(archive, *flags) == 0
    before = state(archive)
    first = say(archive, "l0", text=CORRECTED)
    for seen in (first, None):
        assert export(archive, *flags, *UPDATE) == 0
        after = state(archive)
        assert {path for path in after if after[path] != before.get(path)} == KINDS[kind][1]
        assert export(archive, *flags, *UPDATE) == 0
        assert state(archive) == after
        before = after
        if seen:
            say(archive, "l0", text="autre", seen=seen)
    updated = contents(archive)
    assert export(archive, *flags, "--overwrite") == 0
    assert contents(archive) == updated


def test_an_export_stays_with_or_without_corrections(archive, capsys):
    assert export(archive, *DOCUMENTS, "text") == 0
    assert export(archive, *DOCUMENTS, "text", *UPDATE, "--corrected") == 2
    assert "was written with another --corrected; give the same" in capsys.readouterr().err
