"""Each file of the truth is paired with its transcribed page."""

import unicodedata

import pytest

from pipelines.cli.options import UsageError
from pipelines.evaluation.pairs import pair_truth


def write(folder, *names):
    """Write empty PAGE files; only those without a page are opened."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("<PcGts/>")


def paired(folder, uris):
    found = pair_truth(uris, [f"{folder}/**"])
    return {uri: path.removeprefix(f"{folder}/") for uri, path in found.items()}


def test_files_pair_by_name_in_any_folder_with_any_extension(tmp_path):
    write(tmp_path, "p1.xml", "page/p2.xml", "alto/p.3.xml")
    assert paired(tmp_path, ["x/p1.JPG", "gs://y/p2.tif", "p.3.png", "p4.png"]) == {
        "x/p1.JPG": "p1.xml",
        "gs://y/p2.tif": "page/p2.xml",
        "p.3.png": "alto/p.3.xml",
    }


def test_unicode_forms_pair(tmp_path):
    write(tmp_path, unicodedata.normalize("NFD", "procès.xml"))
    (uri,) = paired(tmp_path, [unicodedata.normalize("NFC", "procès.jpg")])
    assert uri == "procès.jpg"


def test_folders_distinguish_pages_of_one_name(tmp_path):
    write(tmp_path, "b/1858/page/p1.xml", "a/1858/p1.xml")
    uris = ["scans/a/1858/p1.jpg", "scans/b/1858/p1.jpg", "scans/c/p1.jpg"]
    assert paired(tmp_path, uris) == {
        uris[0]: "a/1858/p1.xml",
        uris[1]: "b/1858/page/p1.xml",
    }


def test_pages_of_one_file_pair_by_their_number(tmp_path):
    write(tmp_path, "scan_0002.xml", "other/3.xml")
    uris = ["d/scan.pdf#page=1", "d/scan.pdf#page=2", "d/other.tif#page=3", "d/more.tif#page=3"]
    assert paired(tmp_path, uris) == {uris[1]: "scan_0002.xml", uris[2]: "other/3.xml"}


PAGE = """<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">
<Page imageFilename="{}" imageWidth="9" imageHeight="9"/></PcGts>"""


def write_naming(folder, images):
    """Write PAGE files that name images."""
    for name, image in images.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PAGE.format(image))


@pytest.mark.parametrize(
    ("images", "uris", "expected"),
    [
        # By the image that the file names, whatever its folder, ending and spelling.
        ({"x.xml": "p1.jpg"}, ["d/p1.jpg", "d/p2.jpg"], {"d/p1.jpg": "x.xml"}),
        ({"x.xml": "../img/p%201.tif"}, ["d/p 1.JPG"], {"d/p 1.JPG": "x.xml"}),
        ({"a/x.xml": "p.jpg", "b/x.xml": "p.jpg"}, ["a/p.jpg", "b/p.jpg"],
         {"a/p.jpg": "a/x.xml", "b/p.jpg": "b/x.xml"}),
        # The name of the file goes before what it names.
        ({"p2.xml": "p1.jpg"}, ["d/p1.jpg", "d/p2.jpg"], {"d/p2.jpg": "p2.xml"}),
        # As export names pages of a file of several, and as it named them in its folder, in
        # another, or alone.
        ({"page/two.pdf_0002.xml": "two.pdf"},
         ["d/two.pdf#page=1", "d/two.pdf#page=2", "d/two.tif#page=2"],
         {"d/two.pdf#page=2": "page/two.pdf_0002.xml"}),
        ({"two.pdf/page_0002.xml": "two.pdf#page=2"}, ["d/two.pdf#page=1", "d/two.pdf#page=2"],
         {"d/two.pdf#page=2": "two.pdf/page_0002.xml"}),
        ({"two/page_0002.xml": "x.jpg"}, ["d/two.pdf#page=2", "d/one.pdf#page=2"],
         {"d/two.pdf#page=2": "two/page_0002.xml"}),
        ({"page_0002.xml": "two.pdf"}, ["d/two.pdf#page=2", "d/one.pdf#page=2"],
         {"d/two.pdf#page=2": "page_0002.xml"}),
        ({"x.xml": "two.pdf#page=2"}, ["d/two.pdf#page=1", "d/two.pdf#page=2"],
         {"d/two.pdf#page=2": "x.xml"}),
    ],
)  # fmt: skip
def test_files_pair_by_the_image_that_they_name(tmp_path, images, uris, expected):
    write_naming(tmp_path, images)
    assert paired(tmp_path, uris) == expected


def test_files_that_describe_no_page_are_left_out(tmp_path):
    write(tmp_path, "p1.xml", "._p1.xml")
    (tmp_path / "mets.xml").write_text('<mets xmlns="http://www.loc.gov/METS/"/>')
    (tmp_path / "metadata.xml").write_text("<trpDocMetadata/>")
    (tmp_path / "tei.xml").write_text("<TEI/>")
    assert paired(tmp_path, ["p1.jpg"]) == {"p1.jpg": "p1.xml"}


@pytest.mark.parametrize(
    ("names", "uris", "reason"),
    [
        (["p9.xml"], ["p1.jpg"], "p9.xml has no page of its name"),
        (["p1.xml"], ["a/p1.jpg", "b/p1.jpg"], "may belong to a/p1.jpg or b/p1.jpg"),
        (["a/p1.xml", "b/p1.xml"], ["p1.jpg"], "has the name of"),
        (["p1.txt"], ["p1.jpg"], "no .xml file"),
    ],
)
def test_what_does_not_pair_is_refused(tmp_path, names, uris, reason):
    write(tmp_path, *names)
    with pytest.raises(UsageError, match=reason):
        paired(tmp_path, uris)
