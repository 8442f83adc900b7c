"""`python -m pipelines.lines_dataset`, through its main."""

from __future__ import annotations

from datetime import datetime, timezone

import numpy as np
import pytest

from model.dataset.line_pages import read_line_pages
from model.synthetic.pages import draw_page
from pipelines.formats.page_text import Origin
from pipelines.formats.page_xml.write import write_description
from pipelines.lines_dataset import main
from tests.drawn import png


@pytest.fixture
def archive(tmp_path):
    rng = np.random.default_rng(0)
    for document, name in (("letters", "p 1"), ("letters", "p2"), ("diary", "d1")):
        grey, page = draw_page(["a line", "and one more"], rng, uri=f"{name}.png")
        folder = tmp_path / "archive" / document
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.png").write_bytes(png(grey))
        xml = write_description(page, Origin("Quire", datetime(2020, 1, 1, tzinfo=timezone.utc)))
        (folder / f"{name}.xml").write_bytes(xml)
    return tmp_path / "archive"


def run(archive, *flags):
    output = archive.with_name("pages.jsonl")
    return main(["--input", str(archive), "--output", str(output), *flags]), output


def test_pages_are_written_with_their_images(archive):
    status, output = run(archive)
    pages = read_line_pages((output,))
    assert status == 0
    assert [page.document for page in pages] == ["diary", "letters", "letters"]
    assert pages[1].uri == str(archive / "letters" / "p 1.png")
    assert [len(line.baseline) >= 2 for line in pages[0].lines] == [True, True]


def test_pages_and_documents_are_left_out_by_name(archive):
    _, output = run(archive, "--leave_out", "diary", "p2")
    assert [page.uri.rsplit("/")[-1] for page in read_line_pages((output,))] == ["p 1.png"]


def test_an_unknown_name_to_leave_out_is_rejected(archive, capsys):
    status, output = run(archive, "--leave_out", "p3")
    assert status == 2
    assert "p3: no such page or document" in capsys.readouterr().err
    assert not output.exists()


def test_an_existing_file_is_kept(archive, capsys):
    archive.with_name("pages.jsonl").write_text("old")
    status, output = run(archive)
    assert status == 2
    assert output.read_text() == "old"


def test_a_page_that_cannot_be_read_is_named_and_the_others_are_written(archive, capsys):
    (archive / "diary" / "d1.xml").write_text("<PcGts")
    status, output = run(archive)
    assert status == 0
    assert "d1.xml" in capsys.readouterr().err
    assert len(read_line_pages((output,))) == 2


def test_a_page_with_two_descriptions_is_written_once(archive, capsys):
    first = archive / "diary" / "d1.xml"
    (archive / "diary" / "d1.other.xml").write_bytes(first.read_bytes())
    status, output = run(archive)
    assert status == 0
    assert len(read_line_pages((output,))) == 3
    assert "d1.other.xml: left out" in capsys.readouterr().err
