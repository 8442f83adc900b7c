"""Of several descriptions of a page, transcribe reads along the one that ingest reads."""

from __future__ import annotations

import pytest

from pipelines.descriptions.pairing import MarkupFile
from pipelines.descriptions.reading import ReadConfig, survey_source
from pipelines.descriptions.survey import second_descriptions
from pipelines.files.filesystem import BeamFiles
from pipelines.pages.records import PageLines
from pipelines.transcription.read_pages import PageReading, read_page
from schemas.records import PageSource
from tests.pipelines.formats import mutated


def description(line_count: int) -> bytes:
    """Return PAGE with only the last lines."""
    text = mutated.page_xml().decode()
    for number in range(len(mutated.TEXTS) - line_count):
        start = text.index(f'<TextLine id="l{number}"')
        text = text[:start] + text[text.index("</TextLine>", start) + len("</TextLine>") :]
    return text.encode()


@pytest.mark.parametrize(
    ("files", "read"),
    [
        ({"page/p.xml": 3, "alto/p.xml": 3}, "alto/p.xml"),
        ({"page/p.xml": 3, "alto/p.xml": 2}, "page/p.xml"),
        ({"page/p.xml": 1, "ALTO/p.xml": 2}, "ALTO/p.xml"),
        ({"p.xml": 1, "page/p.xml": 3}, "p.xml"),
        ({"p.xml": 0, "page/p.xml": 3}, "page/p.xml"),
        ({"p.xml": 1, "p.other.xml": 3}, "p.xml"),
        ({"page/p.xml": 1, "x.xml": 3}, "page/p.xml"),
        ({"y.xml": 3, "x.xml": 3}, "x.xml"),
        ({"p.xml": 0, "x.xml": 3}, "x.xml"),
        # What cannot be read is no reason against another one.
        ({"page/p.xml": 2, "alto/p.xml": None}, "page/p.xml"),
        ({"p.xml": None, "page/p.xml": 2}, "page/p.xml"),
    ],
)
def test_transcribe_and_ingest_choose_the_same_description(tmp_path, files, read):
    (tmp_path / "p.png").write_bytes(mutated.bars_page())
    for name, line_count in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        data = b"<PcGts" if line_count is None else description(line_count)
        (tmp_path / name).write_bytes(data)
    surveyed = [
        page
        for name in files
        for page in survey_source(
            MarkupFile(f"{tmp_path}/{name}"), ReadConfig(), BeamFiles((str(tmp_path),))
        )
        if hasattr(page, "line_count")
    ]
    surplus = {name for _, name in second_descriptions(surveyed)}
    (kept,) = {page.described_by for page in surveyed} - surplus
    assert kept == f"{tmp_path}/{read}"
    others = tuple(sorted(f"{tmp_path}/{name}" for name in files if name in ("x.xml", "y.xml")))
    image = f"{tmp_path}/p.png"
    page = read_page(
        PageSource(image, (image,), described_by=others),
        PageReading("given", 64, roots=(str(tmp_path),)),
    )
    assert isinstance(page, PageLines)
    assert page.done.line_count == files[read]
