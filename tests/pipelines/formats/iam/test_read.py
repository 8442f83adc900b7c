"""Reading the IAM database."""

import io
from html import escape
from itertools import islice
from xml.sax.saxutils import escape as entities

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats.iam.files import is_companion, lines_index_beside
from pipelines.formats.iam.read import is_iam, read_iam
from schemas.records import Failure, Line, Page, Skipped
from tests.pipelines.formats.memory_files import MemoryFiles, endless_file

HEADER = "#--- lines.txt ---------#\n#\n# format: a01-000u-00 ok 154 19 408 746 1663 91 A|MOVE\n#\n"
TOKENS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters="|"),
    min_size=1,
    max_size=8,
)
TEXTS = st.lists(TOKENS, max_size=5).map(" ".join)
FORMS = st.sampled_from(["a01-000u", "a01-000x", "r06-137"])
# Characters that XML cannot contain do not occur in forms.
XML_TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=20
)
BOXES = st.lists(st.tuples(*[st.integers(0, 3000)] * 4), min_size=1, max_size=4)


def image_of(iam_id: str) -> str:
    group, form, *_ = iam_id.split("-")
    kind = "words" if iam_id.count("-") == 3 else "lines"
    return f"d/iam/{kind}/{group}/{group}-{form}/{iam_id}.png"


def iam_page(iam_id: str, text: str, **known) -> Page:
    kind = "word" if iam_id.count("-") == 3 else ""
    form = "-".join(iam_id.split("-")[:2])
    line = Line(iam_id, 0, text, kind=kind)
    return Page(image_of(iam_id), (line,), source="iam", document=form, **known)


def read(uri: str, data: bytes, images=()):
    return list(read_iam(uri, MemoryFiles({uri: data, **dict.fromkeys(images, b"PNG")})))


def read_lines(text: str, images=(), lists=None):
    uri = "d/iam/ascii/lines.txt"
    files = MemoryFiles({uri: text.encode(), **dict.fromkeys(images, b"PNG"), **(lists or {})})
    return list(read_iam(uri, files))


@given(st.lists(st.tuples(FORMS, TEXTS, st.sampled_from(["ok", "err"])), max_size=6, min_size=1))
def test_written_lines_are_read_back(records):
    rows, expected = [], []
    for index, (form, text, mark) in enumerate(records):
        iam_id = f"{form}-{index:02d}"
        rows.append(f"{iam_id} {mark} 154 19 408 746 1663 91 {text.replace(' ', '|')}\n")
        expected.append(iam_page(iam_id, text))
    assert read_lines(HEADER + "".join(rows), [page.uri for page in expected]) == expected


@given(
    st.lists(st.tuples(FORMS, TEXTS, TOKENS.filter(lambda tag: not tag.isdigit())), min_size=1),
    st.booleans(),
)
def test_written_words_are_read_back(records, has_components):
    rows, expected = [], []
    count = "1 " if has_components else ""
    for index, (form, text, tag) in enumerate(records):
        iam_id = f"{form}-00-{index:02d}"
        rows.append(f"{iam_id} ok 154 {count}-1 768 27 51 {tag} {text}\r\n")
        expected.append(iam_page(iam_id, text))
    data = "".join(rows).encode()
    assert read("d/iam/words.txt", data, [page.uri for page in expected]) == expected


def test_a_badly_segmented_word_is_skipped_but_its_line_is_not():
    uri = "d/iam/words.txt"
    data = b"a01-000u-00-00 err 154 -1 -1 -1 -1 AT A\n"
    (skipped,) = read(uri, data, [image_of("a01-000u-00-00")])
    assert skipped == Skipped(f"{uri}#a01-000u-00-00", "marked as badly segmented")


@pytest.mark.parametrize("image", ["lines/a01-000u-00.png", "a01/a01-000u/a01-000u-00.jpg"])
def test_images_may_be_in_flat_folders(image):
    (page,) = read_lines("a01-000u-00 ok 1 1 1 1 1 1 A\n", [f"d/iam/{image}"])
    assert page.uri == f"d/iam/{image}"


LINES = (
    "a01-000u-00 ok 1 1 1 1 1 1 A\na01-000u-01 ok 1 1 1 1 1 1 B\n"
    "b01-000-00 ok 1 1 1 1 1 1 C\nc01-000-00 ok 1 1 1 1 1 1 D\n"
)
IMAGES = [image_of(row.split(" ")[0]) for row in LINES.splitlines()]


@pytest.mark.parametrize("folder", ["d/iam/", "d/iam/ascii/", "d/iam/splits/"])
def test_official_splits_apply_to_single_lines(folder):
    lists = {
        f"{folder}trainset.txt": b"a01-000u-00\n",
        f"{folder}validationset2.txt": b"b01-000-00\r\n",
        # Ignored where there are official lists.
        f"{folder}test.uttlist": b"a01-000u\n",
    }
    train, skipped, held_out, free = read_lines(LINES, IMAGES, lists)
    assert [page.split for page in (train, held_out, free)] == ["train", "eval", ""]
    assert isinstance(skipped, Skipped) and skipped.uri.endswith("#a01-000u-01")


def test_lists_of_forms_include_all_their_lines():
    lists = {"d/iam/train.uttlist": b"a01-000u\n", "d/iam/test.uttlist": b"c01-000"}
    splits = [page.split for page in read_lines(LINES, IMAGES, lists)]
    assert splits == ["train", "train", "", "test"]


@pytest.mark.parametrize(
    ("lists", "reason"),
    [
        (
            {"trainset.txt": b"a01-000u-00\n", "testset.txt": b"a01-000u-01\n"},
            "in test and in train",
        ),
        ({"trainset.txt": b"nonsense\n"}, "trainset.txt: 'nonsense' is not an identifier"),
        ({"testset.txt": b"\xff\n"}, "testset.txt: line 1 is not UTF-8"),
    ],
)
def test_contradictory_lists_are_refused(lists, reason):
    with pytest.raises(ValueError, match=reason):
        read_lines(LINES, IMAGES, {f"d/iam/{name}": data for name, data in lists.items()})


def test_writers_come_from_forms_txt():
    forms = b"# forms.txt\na01-000u 000 2 prt 7 5 52 36\nb01-000 017 2 prt 7 5 52 36\n"
    pages = read_lines(LINES, IMAGES, {"d/iam/ascii/forms.txt": forms})
    assert [page.writer for page in pages] == ["000", "000", "017", ""]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"a01-000u-01 ok 154 19", "is not a row of"),
        (b"a01-000u-01 maybe 1 1 1 1 1 1 A", "is not a row of"),
        (b"../../x-y-z ok 1 1 1 1 1 1 A", "is not an identifier"),
        (b"a01-000u-01 ok 1 1 1 1 1 1 \xff", "is not UTF-8"),
        (b"a01-000u-01 ok 1 1 1 1 1 1 \0", "NUL"),
        (b"x" * 2_000_000, "longer than"),
    ],
)
def test_a_bad_row_does_not_affect_the_others(row, reason):
    good = b"a01-000u-00 ok 1 1 1 1 1 1 A\n"
    for data in (good + row + b"\n" + good, row + b"\n" + good + good):
        records = read("d/iam/lines.txt", data, IMAGES)
        (failure,) = [record for record in records if isinstance(record, Failure)]
        assert reason in failure.error and ";" in failure.error
        assert sum(isinstance(record, Page) for record in records) == 2


@pytest.mark.parametrize("data", [b"", b"#\n#\n", b"\0\0\n", b"Audience\n" * 500, b"\x89PNG\r\n"])
def test_other_files_are_refused(data):
    with pytest.raises(ValueError, match="d/iam/lines.txt: has no row of IAM's"):
        read("d/iam/lines.txt", data)


def test_a_missing_image_is_named():
    (failure, *_) = read_lines(LINES)
    assert failure.stage == "pair" and failure.uri.endswith("lines.txt#a01-000u-00")
    assert image_of("a01-000u-00") in failure.error


def test_an_endless_file_is_read_row_by_row():
    row = b"a01-000u-00 ok 1 1 1 1 1 1 A|B\n"
    files = MemoryFiles({"d/iam/lines.txt": Seekable(endless_file(b"", row)), IMAGES[0]: b"PNG"})
    assert len(list(islice(read_iam("d/iam/lines.txt", files), 2000))) == 2000


class Seekable(io.BufferedReader):
    """An endless file is the same wherever one starts."""

    def seek(self, offset, whence=0):
        return offset


_QUOTE = {'"': "&quot;"}


def form_xml(form, lines, attributes='width="2479" height="3542"'):
    """Write a form as the database does: ISO-8859-1, an external DTD, quotes escaped twice."""
    nodes = "".join(
        f'<line id="{line.line_id}" text="{escape(entities(line.text, _QUOTE))}"><word>'
        + "".join(
            f'<cmp x="{x}" y="{y}" width="{width}" height="{height}"/>'
            for x, y, width, height in boxes
        )
        + "</word><lower-contour><point x='1' y='2'/></lower-contour></line>"
        for line, boxes in lines
    )
    return (
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n'
        '<!DOCTYPE form SYSTEM "http://www.iam.unibe.ch/~fki/iamdb/form-metadata.dtd">\n'
        f'<form id="{form}" writer-id="000" {attributes}>'
        '<machine-printed-part><machine-print-line text="A"/></machine-printed-part>'
        f"<handwritten-part>{nodes}</handwritten-part></form>"
    ).encode("iso-8859-1", "xmlcharrefreplace")


def box_around(boxes):
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
    return ((left, top), (right, top), (right, bottom), (left, bottom))


@given(
    st.lists(st.tuples(XML_TEXTS, BOXES), min_size=1, max_size=5),
    st.sampled_from(["forms", "formsA-D"]),
)
def test_written_forms_are_read_back(records, folder):
    lines = [
        (Line(f"a01-000u-{index:02d}", index, text, polygon=box_around(boxes)), boxes)
        for index, (text, boxes) in enumerate(records)
    ]
    image_uri = f"d/iam/{folder}/a01-000u.png"
    (page,) = read("d/iam/xml/a01-000u.xml", form_xml("a01-000u", lines), [image_uri])
    assert page == Page(
        image_uri,
        tuple(line for line, _ in lines),
        width_px=2479,
        height_px=3542,
        source="iam",
        document="a01-000u",
        writer="000",
    )


TWO_LINES = [
    (Line("a01-000u-00", 0, '"A', polygon=box_around([(1, 2, 3, 4)])), [(1, 2, 3, 4)]),
    (Line("a01-000u-01", 1, "B & C"), []),
]


def test_without_the_form_image_line_images_are_read():
    data = form_xml("a01-000u", TWO_LINES)
    page, failure = read("d/iam/xml/a01-000u.xml", data, [image_of("a01-000u-00")])
    assert page == iam_page("a01-000u-00", '"A', writer="000")
    assert failure.uri == "d/iam/xml/a01-000u.xml#a01-000u-01" and failure.stage == "pair"


def test_a_line_without_a_box_on_the_form_fails():
    data = form_xml("a01-000u", TWO_LINES)
    failure, page = read("d/iam/xml/a01-000u.xml", data, ["d/iam/forms/a01-000u.png"])
    assert "a01-000u-01 has no <cmp>" in failure.error
    assert page.lines == (TWO_LINES[0][0],)


def test_a_form_without_lines_is_skipped():
    (record,) = read("d/iam/xml/a01-000u.xml", form_xml("a01-000u", []))
    assert isinstance(record, Skipped) and "no handwritten line" in record.reason


def test_a_form_keeps_its_split_without_the_lines_missing_in_the_list():
    uri = "d/iam/xml/a01-000u.xml"
    contents = {uri: form_xml("a01-000u", TWO_LINES), "d/iam/testset.txt": b"a01-000u-00\n"}
    files = MemoryFiles({**contents, "d/iam/forms/a01-000u.png": b"PNG"})
    skipped, page = read_iam(uri, files)
    assert skipped.uri == f"{uri}#a01-000u-01"
    assert page.split == "test" and [line.line_id for line in page.lines] == ["a01-000u-00"]


@pytest.mark.parametrize("number", ["NaN", "inf", "1e9", "-1e30", "", "twelve"])
def test_a_line_with_an_invalid_box_fails(number):
    data = form_xml("a01-000u", TWO_LINES[:1] * 2).replace(b'x="1"', f'x="{number}"'.encode(), 1)
    failure, page = read("d/iam/xml/a01-000u.xml", data, ["d/iam/forms/a01-000u.png"])
    assert "line a01-000u-00: <cmp> x" in failure.error and len(page.lines) == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'<form id="a01-000u"/>', "no <form> with a <handwritten-part>"),
        (b"<form id='../../etc/passwd'><handwritten-part/></form>", "is not an identifier"),
        (b"<?xml version='1.0'?><form ", "not well-formed"),
        (form_xml("a01-000u", TWO_LINES, 'width="wide"'), "'wide' is not a number"),
        (
            b"<!DOCTYPE form [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>".join(
                [b"<?xml version='1.0'?>", b"<form><handwritten-part>&e;</handwritten-part></form>"]
            ),
            "entities",
        ),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(data, reason):
    with pytest.raises(ValueError, match=f"d/iam/xml/a01-000u.xml: .*{reason}"):
        read("d/iam/xml/a01-000u.xml", data)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_give_pages_or_errors(data):
    good = b"a01-000u-00 ok 1 1 1 1 1 1 A\n"
    records = read("d/iam/lines.txt", good + data)
    assert all(isinstance(record, Failure) for record in records)


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("x/lines.txt", HEADER.encode(), True),
        ("x/ascii/words.txt", b"a01-000u-00-00 ok 154 408 768 27 51 AT A\n", True),
        ("x/lines.txt", b"lines/1.png\tAudience\n", False),
        ("x/sentences.txt", b"a01-000u-s00-00 0 ok 154 19 408 746 1663 91 A|MOVE\n", False),
        ("x/a01-000u.xml", form_xml("a01-000u", []), True),
        ("x/page.xml", b"<?xml version='1.0'?><PcGts>", False),
        ("x/lines.txt", b"", False),
    ],
)
def test_files_of_iam_are_recognised_by_content(name, head, expected):
    assert is_iam(name, head) is expected


def test_companions_are_recognised():
    names = ["ascii/forms.txt", "sentences.txt", "testset.txt", "splits/validation.uttlist"]
    assert all(map(is_companion, names))
    assert not is_companion("a01-000u.txt")


@pytest.mark.parametrize("name", ["ascii/words.txt", "xml/a01-000u.xml", "words.txt"])
def test_the_same_lines_are_not_read_twice(name):
    files = MemoryFiles({"d/ascii/lines.txt": b"", f"d/{name}": b""})
    assert lines_index_beside(f"d/{name}", files) == "d/ascii/lines.txt"
    assert lines_index_beside(f"e/{name}", files) is None
    assert lines_index_beside("d/ascii/lines.txt", files) is None
