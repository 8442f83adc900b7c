"""Which image a description means: the one rule, as a table."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.descriptions.image_names import AmbiguousImage, image_uri, is_alike
from tests.pipelines.formats.memory_files import MemoryFiles

NFD = unicodedata.normalize("NFD", "d/état.jpg")


class InFolder(MemoryFiles):
    """Files of which only those beneath `in` are the input."""

    def is_inside(self, uri):
        return uri.startswith("in/") or uri == "in"


@pytest.mark.parametrize(
    ("markup", "named", "files", "expected"),
    [
        # 1. As written, from the folder of the XML, or from the one above.
        ("in/x.xml", "p.png", ["in/p.png", "in/x.png"], "in/p.png"),
        ("in/x.xml", "img/p.png", ["in/img/p.png", "in/p.png"], "in/img/p.png"),
        ("in/labels/x.xml", "../img/p.png", ["in/img/p.png"], "in/img/p.png"),
        ("in/labels/x.xml", "./p.png", ["in/labels/p.png"], "in/labels/p.png"),
        ("in/labels/x.xml", "p.png", ["in/p.png"], "in/p.png"),
        ("in/SEG/x.xml", "IMG/p.png", ["in/IMG/p.png"], "in/IMG/p.png"),
        ("in/page/x.xml", "p.png", ["in/p.png"], "in/p.png"),
        ("in/page/x.xml", "p.png", ["in/page/p.png"], "in/page/p.png"),
        # A mask of Loghi has the name of the page.
        ("in/page/x.xml", "x.png", ["in/page/x.png", "in/x.png"], "in/x.png"),
        ("in/page/x.xml", "x.png", ["in/page/x.png", "in/x.jpg"], "in/page/x.png"),
        # From the folder of the METS file further above.
        ("in/a/b/c/x.xml", "IMG/p.png", ["in/mets.xml", "in/IMG/p.png"], "in/IMG/p.png"),
        ("in/a/b/c/x.xml", "IMG/p.png", ["in/IMG/p.png"], None),
        # 1. Decoded: by the rules of addresses, of files on other machines, of Windows.
        ("in/x.xml", "a%20%C3%A9.png", ["in/a é.png"], "in/a é.png"),
        ("in/x.xml", "a%20b.png", ["in/a%20b.png", "in/a b.png"], "in/a%20b.png"),
        ("in/x.xml", "100%.png", ["in/100%.png"], "in/100%.png"),
        ("in/x.xml", "..%2Fp.png", ["p.png"], None),
        ("in/x.xml", "img\\p.png", ["in/img/p.png"], "in/img/p.png"),
        ("in/x.xml", "C:\\scans\\1858\\p.png", ["in/p.png"], "in/p.png"),
        ("in/x.xml", "C:\\scans\\1858\\p.png", ["in/1858/p.png"], "in/1858/p.png"),
        ("in/x.xml", "file:///home/me/img/p%201.png", ["in/img/p 1.png"], "in/img/p 1.png"),
        ("in/x.xml", "file:p.png", ["in/p.png"], "in/p.png"),
        ("in/x.xml", "/home/me/p.png", ["in/p.png", "/home/me/p.png"], "in/p.png"),
        ("in/x.xml", "https://example.org/iiif/p.jpg", ["in/p.jpg"], "in/p.jpg"),
        # 2. The last part, also in `images`.
        ("in/x.xml", "p.png", ["in/images/p.png"], "in/images/p.png"),
        ("in/labels/x.xml", "p.png", ["in/images/p.png"], "in/images/p.png"),
        ("in/x.xml", "scans/p.png", ["in/p.png"], "in/p.png"),
        # 3. Another ending, case or Unicode form.
        ("in/x.xml", "p.jpg", ["in/p.JPG"], "in/p.JPG"),
        ("in/x.xml", "p.tif", ["in/p.JPG"], "in/p.JPG"),
        ("in/x.xml", "img/p.tif", ["in/img/p.png"], "in/img/p.png"),
        ("in/x.xml", "P.jpg", ["in/p.jpg"], "in/p.jpg"),
        ("in/x.xml", "p.jpg", ["in/p.jpeg", "in/p.png"], "in/p.jpeg"),
        ("in/x.xml", "p.jpg", ["in/P.JPG", "in/p.tif"], "in/p.tif"),
        ("in/x.xml", "p.jpg", ["in/p.txt", "in/p.xml"], None),
        ("d/x.xml", "état.tif", [NFD], NFD),
        # 4. The name of the XML.
        ("in/x.xml", "", ["in/x.JPG"], "in/x.JPG"),
        ("in/x.xml", "gone.png", ["in/x.png", "in/y.png"], "in/x.png"),
        ("in/page/X1.xml", "X1.jpg", ["in/X1.TIF"], "in/X1.TIF"),
        ("in/labels/x.xml", "", ["in/images/x.png"], "in/images/x.png"),
        # 5. Less a page number, and as export names pages.
        ("in/s_0003.xml", "", ["in/s.PDF"], "in/s.PDF"),
        ("in/s/page_0003.xml", "", ["in/s.tif"], "in/s.tif"),
        ("in/page/s.pdf/page_0003.xml", "s.pdf", ["in/s.pdf"], "in/s.pdf"),
        # Never outside of the input.
        ("in/x.xml", "../p.png", ["p.png"], None),
        ("in/x.xml", "../../etc/x.png", ["etc/x.png", "../etc/x.png"], None),
        ("in/a/x.xml", "../../p.png", ["p.png"], None),
        ("in/x.xml", "/etc/x.png", ["/etc/x.png"], None),
        ("in/a/x.xml", "../../../../etc/x.png", ["in/a/x.png"], "in/a/x.png"),
        # Odd names.
        ("in/x.xml", "..", ["in/x.png"], "in/x.png"),
        ("in/x.xml", "/", [], None),
        ("x.xml", "p.png", ["p.png"], "p.png"),
        ("gs://b/d/x.xml", "p.png", ["gs://b/d/p.png"], "gs://b/d/p.png"),
    ],
)  # fmt: skip
def test_the_image_that_a_description_means(markup, named, files, expected):
    assert image_uri(markup, named, InFolder(dict.fromkeys(files, b""))) == expected


@pytest.mark.parametrize(
    ("named", "files"),
    [
        ("p.tif", ["in/p.jpg", "in/p.png"]),
        ("", ["in/x.jpg", "in/x.png"]),
        ("p.jpg", ["in/p.jpeg", "in/p.jfif"]),
    ],
)
def test_an_ambiguous_image_is_an_error_that_names_both(named, files):
    with pytest.raises(AmbiguousImage) as raised:
        image_uri("in/x.xml", named, InFolder(dict.fromkeys(files, b"")))
    assert all(file in str(raised.value) for file in files)
    assert sorted(raised.value.uris) == sorted(files)


@given(st.text(st.sampled_from("./\\ap%:2F"), max_size=12))
def test_no_name_leads_outside_of_the_input(name):
    files = InFolder({"in/d/x.xml": b""})
    image_uri("in/d/x.xml", name, files)
    asked = [f"{uri}/" for uri in files.asked]
    assert [uri for uri in asked if not uri.startswith("in/") or "/../" in uri] == []


@pytest.mark.parametrize(
    ("name", "other", "expected"),
    [
        ("a/p.tif", "b/p.JPG", True),
        ("p%201.png", "p 1.png", True),
        ("C:\\scans\\p.png", "p.png", True),
        ("p1.png", "p2.png", False),
        ("", "p.png", False),
    ],
)
def test_names_that_are_alike(name, other, expected):
    assert is_alike(name, other) is expected
