"""What mutated documents have shown: a case each, with the right result."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pipelines.descriptions.pairing import MarkupFile
from pipelines.descriptions.reading import ReadConfig, read_source
from pipelines.formats.iiif.manifest import read_manifest
from pipelines.pages.described import pages_described
from schemas.records import Page
from tests.drawn_tiff import tiff
from tests.pipelines.formats import mutated
from tests.pipelines.formats.memory_files import MemoryFiles

PAGE = '<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">{}</PcGts>'
GREY = np.full((20, 30, 1), 200, np.uint8)
FILES = {
    "d/a.png": mutated.bars_page(),
    "d/b.png": mutated.bars_page(),
    "d/s.tif": tiff((GREY, {}), (GREY, {})),
}


def pages_named(*names):
    return PAGE.format(
        "".join(
            f'<Page imageFilename="{name}"><TextRegion><TextLine id="l{n}"/></TextRegion></Page>'
            for n, name in enumerate(names)
        )
    ).encode()


@pytest.mark.parametrize(
    ("names", "read", "faults"),
    [
        (("a.png",), ["d/a.png"], []),
        (("a.png", "b.png"), ["d/a.png", "d/b.png"], []),
        # Of one file of several pages, in their order.
        (("s.tif", "s.tif"), ["d/s.tif#page=1", "d/s.tif#page=2"], []),
        (("s.tif#page=2", "s.tif#page=1"), ["d/s.tif#page=2", "d/s.tif#page=1"], []),
        # An image of one page cannot be two.
        (("a.png", "a.png"), ["d/a.png"], ["names the same image; remove one"]),
        (("a.png", ""), ["d/a.png"], ["has no imageFilename"]),
        (("a.png", "gone.png"), ["d/a.png"], ["image gone.png is not beside it"]),
    ],
)
def test_each_page_of_a_page_file_is_read_or_told(names, read, faults):
    files = MemoryFiles({**FILES, "d/volume.xml": pages_named(*names)})
    records = list(read_source(MarkupFile("d/volume.xml"), ReadConfig(), files))
    assert [one.uri for one in records if isinstance(one, Page)] == read
    failed = [one.error for one in records if not isinstance(one, Page)]
    assert len(failed) == len(faults)
    assert all(fault in error for fault, error in zip(faults, failed))
    # Transcribe finds the same pages.
    listed = {one.uri for one in pages_described("d/volume.xml", files)}
    assert listed >= set(read)


@pytest.mark.parametrize("entry", [None, 3, []])
def test_an_entry_of_a_manifest_that_is_no_canvas_is_a_page_with_a_fault(entry):
    manifest = mutated.manifest(3)
    manifest["items"].insert(0, entry)
    data = json.dumps(manifest).encode()
    first, *others = read_manifest(data, "https://example.org/m.json")
    assert first.addresses == () and "canvas 1 has no image" in first.fault
    assert [(one.fault, one.place) for one in others] == [("", 1), ("", 2), ("", 3)]
