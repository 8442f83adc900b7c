"""Files that are no pages."""

import pytest

from pipelines.descriptions.strays import is_mask, is_spare_version
from pipelines.formats.system_files import is_stray
from tests.pipelines.formats.memory_files import MemoryFiles


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("d/._p.png", True),
        ("d/._p.xml", True),
        ("d/.DS_Store", True),
        ("d/Thumbs.db", True),
        ("d/desktop.ini", True),
        ("d/@eaDir/p.png/SYNOPHOTO_THUMB_XL.jpg", True),
        ("gs://b/__MACOSX/d/p.png", True),
        ("d/.Trash-1000/files/p.png", True),
        ("d/p.png", False),
        ("d/.p.png", False),
        ("d/_p.png", False),
        ("d/@eaDir.png", False),
    ],
)
def test_files_of_systems_are_strays(uri, expected):
    assert is_stray(uri) is expected


@pytest.mark.parametrize(
    ("uri", "others", "expected"),
    [
        ("d/page/x.png", ["d/page/x.xml", "d/x.png"], True),
        ("d/page/x.png", ["d/page/x.xml", "d/x.JPG"], True),
        ("d/PAGE/x.png", ["d/PAGE/x.XML", "d/x.tif"], True),
        # The only image of the page.
        ("d/page/x.png", ["d/page/x.xml"], False),
        ("d/page/x.png", ["d/page/x.xml", "d/y.png"], False),
        # A folder that is called so for another reason.
        ("d/page/x.png", ["d/x.png"], False),
        ("d/scans/x.png", ["d/scans/x.xml", "d/x.png"], False),
        ("d/page/x.xml", ["d/x.png"], False),
    ],
)
def test_masks_lie_beside_the_xml_of_a_page_above(uri, others, expected):
    assert is_mask(uri, MemoryFiles(dict.fromkeys([uri, *others], b""))) is expected


@pytest.mark.parametrize(
    ("uri", "others", "expected"),
    [
        ("d/1.bin.png", ["d/1.xml"], True),
        ("d/1.nrm.png", ["d/page/1.xml"], True),
        ("d/1.png", ["d/1.xml"], False),
        ("d/1.bin.png", ["d/2.xml"], False),
    ],
)
def test_versions_of_a_described_image_are_spare(uri, others, expected):
    assert is_spare_version(uri, MemoryFiles(dict.fromkeys([uri, *others], b""))) is expected
