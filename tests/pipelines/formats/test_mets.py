"""Reading METS."""

import pytest

from pipelines.formats.mets import is_mets, read_mets
from tests.pipelines.formats.written_mets import LOGICAL_MAP, mets

URI = "d/mets.xml"


def uris(data, uri=URI, group=""):
    pages = list(read_mets(data, uri, group))
    assert all(page.fault == "" and page.addresses == (page.uri,) for page in pages)
    return [page.uri for page in pages]


def one_file(href, uri=URI):
    (page,) = read_mets(mets({"MAX": {"a": href}}, [("", ["a"])]), uri)
    return page


TWO = {"MAX": {"a": "img/2.jpg", "b": "img/1.jpg"}, "THUMBS": {"c": "t/2.jpg", "d": "t/1.jpg"}}
ORDERED = [('ORDER="2" ORDERLABEL=" 1 v "', ["a", "c"]), ('ORDER="1"', ["d", "b"])]


def test_pages_are_in_physical_order():
    pages = list(read_mets(mets(TWO, ORDERED), URI))
    assert [page.uri for page in pages] == ["d/img/1.jpg", "d/img/2.jpg"]
    assert [page.label for page in pages] == ["", "1 v"]
    assert [(page.place, page.document) for page in pages] == [(0, URI), (1, URI)]


def test_without_unique_orders_document_order_counts():
    twice = [('ORDER="1"', ["a"]), ('ORDER="1"', ["b"])]
    assert uris(mets(TWO, twice)) == ["d/img/2.jpg", "d/img/1.jpg"]
    assert uris(mets(TWO, [("", ["a"]), ('ORDER="x"', ["b"])])) == ["d/img/2.jpg", "d/img/1.jpg"]


def test_the_group_can_be_chosen():
    assert uris(mets(TWO, ORDERED), group="thumbs") == ["d/t/1.jpg", "d/t/2.jpg"]
    with pytest.raises(ValueError, match="no images in fileGrp 'DEFAULT'; it has MAX, THUMBS"):
        uris(mets(TWO, ORDERED), group="DEFAULT")


@pytest.mark.parametrize(
    ("groups", "taken"),
    [
        ({"DEFAULT": "p.jpg", "ORIGINAL": "q.tif"}, "d/q.tif"),
        ({"OCR-D-IMG-BIN": "p.png", "OCR-D-IMG": "q.tif"}, "d/q.tif"),
        ({"THUMBNAIL": "p.jpg", "Scans": "q.jp2"}, "d/q.jp2"),
        ({"FULLTEXT": "alto/p.xml", "": "q.tif"}, "d/q.tif"),
    ],
)
def test_the_group_of_the_largest_images_is_chosen(groups, taken):
    files = {use: {f"f{n}": href} for n, (use, href) in enumerate(groups.items())}
    assert uris(mets(files, [("", ["f0", "f1"])])) == [taken]


def test_a_use_of_the_file_itself_counts():
    data = mets({"": {"a": "1.jpg", "b": "1.tif"}}, [("", ["a", "b"])])
    data = data.replace(b'ID="b"', b'ID="b" USE="master"').replace(
        b'ID="a"', b'ID="a" USE="service"'
    )
    assert uris(data) == ["d/1.tif"]


def test_files_within_areas_are_found():
    data = mets(TWO, [("", ["a"])])
    area = b'<fptr><par><area FILEID="x"/><area FILEID="a"/></par></fptr>'
    assert uris(data.replace(b'<fptr FILEID="a"/>', area)) == ["d/img/2.jpg"]


def test_without_a_physical_map_another_is_used():
    assert uris(
        mets(TWO, ORDERED).replace(LOGICAL_MAP.encode(), b"").replace(b' TYPE="PHYSICAL"', b"")
    ) == [
        "d/img/1.jpg",
        "d/img/2.jpg",
    ]


@pytest.mark.parametrize(
    ("href", "uri", "expected"),
    [
        ("img/a%20b.jpg", URI, "d/img/a b.jpg"),
        ("file://./img/1.jpg", URI, "d/img/1.jpg"),
        ("file:///x/d/1.jpg", "/x/d/mets.xml", "/x/d/1.jpg"),
        ("1.jpg", "mets.xml", "1.jpg"),
        ("scan.tif#page=2", URI, "d/scan.tif#page=2"),
        ("gs://b/d/1.jpg", "gs://b/d/mets.xml", "gs://b/d/1.jpg"),
        (" https://example.org/1 2.jpg ", URI, "https://example.org/1%202.jpg"),
        ("../1.jpg", "https://example.org/m/mets.xml", "https://example.org/1.jpg"),
    ],
)
def test_file_names_are_relative_to_the_mets(href, uri, expected):
    page = one_file(href, uri)
    assert (page.uri, page.addresses, page.fault) == (expected, (expected,), "")


@pytest.mark.parametrize(
    ("href", "uri"),
    [
        ("../../etc/1.jpg", URI),
        ("/etc/1.jpg", URI),
        ("file:///etc/1.jpg", URI),
        ("gs://other/1.jpg", "gs://b/d/mets.xml"),
        ("ftp://example.org/1.jpg", URI),
        ("file:///etc/1.jpg", "https://example.org/mets.xml"),
        ("http://user:secret@example.org/1.jpg", URI),
    ],
)
def test_files_outside_the_folder_fail_alone(href, uri):
    page = one_file(href, uri)
    assert page.uri == f"{uri}#file=a" and page.addresses == ()
    assert page.fault.startswith(uri) and ";" in page.fault


@pytest.mark.parametrize(
    ("data", "cure"),
    [
        (b"<alto/>", "is <alto>, not METS; give"),
        (mets(TWO, []), "lists no images in its structMap; give"),
        (mets({"FULLTEXT": {"a": "1.xml"}}, [("", ["a"])]), "lists no images"),
        (b'<!DOCTYPE mets [<!ENTITY a "b">]><mets>&a;</mets>', "entities"),
        (b"<mets", "not well-formed"),
    ],
)
def test_files_without_pages_are_refused(data, cure):
    with pytest.raises(ValueError, match=cure):
        list(read_mets(data, URI))


def test_mets_is_recognised():
    assert is_mets(mets(TWO, ORDERED))
    assert is_mets(b"<?xml version='1.0'?><!-- x --><METS:mets\n xmlns:METS='y'>".lower())
    assert not is_mets(b"<PcGts><metsx/></PcGts>")


URL, FILE, OTHER = "https://example.org/1.jpg", "img/1.jpg", "img/2.jpg"


@pytest.mark.parametrize(
    ("hrefs", "there", "expected"),
    [
        # The local file before the address, whichever comes first.
        ([URL, FILE], [FILE], f"d/{FILE}"),
        ([FILE, URL], [FILE], f"d/{FILE}"),
        # A METS file alone, as downloaded: the address.
        ([URL, FILE], [], URL),
        ([FILE, URL], [], URL),
        ([OTHER, FILE], [FILE], f"d/{FILE}"),
        # What leads nowhere is no hindrance.
        (["../../etc/1.jpg", URL], [], URL),
        (["urn:nbn:de:1", FILE], [FILE], f"d/{FILE}"),
        (["", FILE], [FILE], f"d/{FILE}"),
        # With one place nothing is looked for.
        ([FILE], [], f"d/{FILE}"),
    ],
)
def test_of_several_places_the_file_that_is_there_goes_first(hrefs, there, expected):
    several = '"/><FLocat LOCTYPE="OTHER" xlink:href="'.join(hrefs)
    data = mets({"MAX": {"a": several}}, [("", ["a"])])
    known = {f"d/{name}" for name in there}
    (page,) = read_mets(
        data, "d/mets.xml", "", lambda paths: next((one for one in paths if one in known), None)
    )
    assert (page.uri, page.addresses, page.fault) == (expected, (expected,), "")


@pytest.mark.parametrize(
    ("divisions", "fault"),
    [
        # The second page has a thumbnail only, or an image that the file section does not have.
        (
            [("", ["a"]), ('LABEL="2r"', ["c"])],
            "page 2r has no image in fileGrp 'MAX', only in THUMBS",
        ),
        ([("", ["a"]), ('ID="p2"', ["gone"])], "page p2 points to no image (gone)"),
        ([("", ["a"]), ('ID="p2"', [""])], "page p2 points to no image"),
    ],
)
def test_a_page_without_an_image_is_told(divisions, fault):
    first, second = read_mets(mets(TWO, divisions), URI)
    assert first.fault == "" and second.addresses == ()
    assert second.fault == f"{URI}: {fault}; add it, or remove the page"


def test_divisions_that_are_no_pages_are_no_faults():
    files = {**TWO, "DOWNLOAD": {"all": "all.pdf"}}
    whole = mets(files, [("", ["a"])]).replace(
        b'<div TYPE="physSequence">', b'<div TYPE="physSequence"><fptr FILEID="all"/>'
    )
    assert uris(whole) == ["d/img/2.jpg"]
    # Of a group that is asked for, the pages that it has are wanted.
    assert uris(mets(TWO, [("", ["a"]), ("", ["b", "d"])]), group="THUMBS") == ["d/t/1.jpg"]
