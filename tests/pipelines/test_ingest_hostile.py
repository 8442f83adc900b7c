"""Hostile files through `pipelines.ingest`: nothing hangs, is lost or read from outside."""

import re
from collections import Counter

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from model.images.decode import decode_image
from pipelines.tables.account import Account
from tests.drawn import jpeg, png, text_strip
from tests.pipelines.hostile import (
    HEALTHY_TEXTS,
    MANY_LINES,
    STRIP,
    TEXT,
    Hostile,
    arrow_of,
    drawn_page,
    encoded,
    file,
    huge_png,
    jpeg_with_odd_exif,
    many_lines,
    page_line,
    page_xml,
    pair,
    parquet_of,
    png_with_text_bomb,
    sparse,
    table,
    tiff,
    turned_jpeg,
    wide_page,
    write_archive,
)
from tests.pipelines.test_ingest import examples, ingest

OUTSIDE_TEXT = "do not tell"
GREY = Image.fromarray(STRIP)
CLEAR = Image.merge("LA", (Image.new("L", GREY.size), GREY.point(lambda value: 255 - value)))
RIGHT_TO_LEFT = "שלום עולם 123"
LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
WIDTH = STRIP.shape[1]
OUTLINE = f"0,0 {WIDTH},0 {WIDTH},63 0,63"
GOOD_LINE = page_line("good", f"4,44 {WIDTH - 4},44", OUTLINE)
NOT_WELL_FORMED = ("x.xml", "read", "", "XML is not well-formed")
NO_IMAGE = ("x.png", "read", "", "image does not decode")
ENTITIES = "entities of its own|[Ee]ntity"


def entity(doctype, text="&e;"):
    """Write a page whose text is an entity that a DOCTYPE declares; files lie outside."""

    def write(folder):
        outside = folder.parent.parent
        dtd, text_file = (outside / name for name in ("secret.dtd", "secret.txt"))
        head = f"<!DOCTYPE PcGts {doctype.format(dtd=dtd.as_uri(), text=text_file.as_uri())}>"
        drawn_page(page_line("l", f"4,44 {WIDTH},44", OUTLINE, text), head=head)(folder)

    return write


def a_line(baseline=f"4,44 {WIDTH - 4},44", outline=OUTLINE):
    """Write a page of a good line and an odd one."""
    return drawn_page(GOOD_LINE, page_line("odd", baseline, outline))


def unread(*failure):
    return Hostile(failure[0], failures=(failure[1:],))


def read(write, *texts):
    return Hostile(write, texts=texts or (TEXT,))


def odd_line_fails(write, error):
    return Hostile(write, (("x.png", "crop", "odd", error),), (TEXT,))


def windows_page(folder):
    drawn_page(GOOD_LINE)(folder)
    xml = (folder / "x.xml").read_bytes()
    (folder / "x.xml").write_bytes(xml.replace(b"><", b">\r\n<"))


XML = {
    "billion laughs": unread(entity(f"[{LAUGHS}]", "&l11;"), "x.xml", "read", "", ENTITIES),
    "file as entity": unread(
        entity('[<!ENTITY e SYSTEM "{text}">]'), "x.xml", "read", "", ENTITIES
    ),
    "DTD as entity": unread(
        entity('[<!ENTITY % p SYSTEM "{dtd}"> %p;]'), "x.xml", "read", "", ENTITIES
    ),
    "DTD that is needed": unread(entity('SYSTEM "{dtd}"'), "x.xml", "read", "", ENTITIES),
    "DTD that is not": read(entity('SYSTEM "{dtd}"', TEXT)),
    "image of elsewhere": unread(
        page_xml(GOOD_LINE, image="../../secret.png"), "x.xml", "pair", "", "not beside it"
    ),
    "surrogate as reference": unread(
        drawn_page(GOOD_LINE.replace(TEXT, "&#xD800;")), *NOT_WELL_FORMED
    ),
    "surrogate as bytes": unread(file("x.xml", b"<a>\xed\xa0\x80</a>"), *NOT_WELL_FORMED),
    "empty XML": unread(file("x.xml", b""), "x.xml", "read", "", "file is empty"),
    "XML of 2 GB": unread(sparse("x.xml", b"<a>"), "x.xml", "read", "", "larger than"),
    "Windows XML": read(windows_page),
    "right to left XML": read(drawn_page(GOOD_LINE.replace(TEXT, RIGHT_TO_LEFT)), RIGHT_TO_LEFT),
}
GEOMETRY = {
    "NaN outline": odd_line_fails(a_line(outline="nan,0 9,9 5,5"), "are not pairs of pixels"),
    "NaN baseline": odd_line_fails(a_line(baseline="4,nan 90,44"), "are not pairs of pixels"),
    "outline of 1e9": odd_line_fails(a_line(outline="0,0 1e9,0 9,9"), "are not pairs of pixels"),
    "outline of 1e6": odd_line_fails(a_line(outline="0,0 1000000,0 9,9"), "far outside"),
    "negative outline": read(a_line(outline=f"-9,-9 {WIDTH},0 {WIDTH},63 -9,70"), TEXT, TEXT),
    "far negative": odd_line_fails(a_line(outline="-1e6,0 9,0 9,9"), "far outside"),
    "crossing baselines": read(
        drawn_page(
            page_line("falls", f"4,40 {WIDTH - 4},48", OUTLINE),
            page_line("rises", f"4,48 {WIDTH - 4},40", OUTLINE),
        ),
        TEXT,
        TEXT,
    ),
    "line of 36,000 px": unread(wide_page, "x.png", "crop", "l0", "too long"),
    "ten thousand lines": read(many_lines, *["i"] * MANY_LINES),
}
IMAGES = {
    "PNG of 100,000 px": unread(pair(huge_png()), "x.png", "read", "", "100000 x 100000 px"),
    "PNG with text bomb": unread(pair(png_with_text_bomb()), *NO_IMAGE),
    "TIFF of 60,000 px": unread(
        pair(tiff(60_000, 60_000, bytes(999)), kind="tif"), "x.tif", "read", "", "60000 x 60000"
    ),
    "TIFF of fewer rows": read(
        pair(tiff(WIDTH, 64, STRIP.tobytes() + bytes(100_000_000)), kind="tif")
    ),
    "TIFF cut off": unread(
        pair(tiff(WIDTH, 64, STRIP.tobytes()[:999]), kind="tif"),
        "x.tif",
        "read",
        "",
        "image does not decode",
    ),
    "turned by EXIF": read(pair(turned_jpeg(), kind="jpg")),
    "odd EXIF": read(pair(jpeg_with_odd_exif(), kind="jpg")),
    "1 bit": read(pair(encoded(GREY.convert("1"), "PNG"))),
    "1 bit TIFF": read(pair(encoded(GREY.convert("1"), "TIFF", compression="group4"), kind="tif")),
    "16 bits": read(pair(png(STRIP.astype(np.uint16) * 257))),
    "CMYK": read(pair(encoded(GREY.convert("CMYK"), "JPEG", quality=95), kind="jpg")),
    "palette": read(pair(encoded(GREY.convert("P"), "PNG"))),
    "alpha": read(pair(encoded(CLEAR, "PNG"))),
    "empty image": unread(pair(b""), *NO_IMAGE),
    "image of text": unread(pair(TEXT.encode()), *NO_IMAGE),
    "image cut off": unread(
        pair(jpeg(STRIP)[:-900], kind="jpg"), "x.jpg", "read", "", "image does not decode"
    ),
}
TEXTS = {
    "empty text": unread(pair(png(STRIP), b""), "x.txt", "read", "", "text is empty"),
    "text of 2 GB": unread(sparse("x.txt", image=True), "x.txt", "read", "", "larger than"),
    "lone text of 2 GB": unread(sparse("x.txt"), "x.txt", "pair", "", "text has no image"),
    "Windows text": read(pair(png(STRIP), f"\ufeff{TEXT}\r\n".encode())),
    "right to left": read(pair(png(STRIP), f"{RIGHT_TO_LEFT}\n".encode()), RIGHT_TO_LEFT),
    "surrogate": unread(pair(png(STRIP), b"a\xed\xa0\x80"), "x.txt", "read", "", "not UTF-8"),
}
TABLES = {
    "empty table": unread(file("x.csv", b""), "x.csv", "read", "", "file is empty"),
    "empty Parquet": unread(file("x.parquet", b""), "x.parquet", "read", "", "no whole Parquet"),
    "empty Arrow": unread(file("x.arrow", b""), "x.arrow", "read", "", "no whole Arrow"),
    "empty TFRecords": unread(
        file("x.tfrecord.gz", b""), "x.tfrecord.gz", "read", "", "no gzip TFRecord"
    ),
    "table of 2 GB": Hostile(
        sparse("x.csv", b"image,text\nx.png,le douze mars\n", image=True),
        (("x.csv#3", "read", "", "longer than"),),
        (TEXT,),
    ),
    "table without a line end": unread(sparse("x.csv"), "x.csv", "read", "", "longer than"),
    "Windows table": read(table(f"x.png,{TEXT}\r\n".encode())),
    "row of elsewhere": Hostile(
        table(f"../../secret.png,{OUTSIDE_TEXT}\nx.png,{TEXT}\n".encode()),
        (("labels.csv#2", "read", "", "leads out of"),),
        (TEXT,),
    ),
    "surrogate in a table": Hostile(
        table(b"x.png,\xed\xa0\x80\ny.png,le douze mars\n", ("x.png", "y.png")),
        # The image of the row that fails is named by no other.
        (("labels.csv#2", "read", "", "not UTF-8"), ("x.png", "pair", "", "image has no")),
        (TEXT,),
    ),
    "surrogate as an escape": read(table(b"x.png,\\ud800\n"), "\\ud800"),
    "surrogate in Arrow": Hostile(
        arrow_of(b"\xed\xa0\x80", TEXT.encode()),
        (("x.arrow#0", "read", "", "not UTF-8"),),
        (TEXT,),
    ),
    "surrogate in Parquet": Hostile(
        parquet_of(b"\xed\xa0\x80", TEXT.encode()),
        (("x.parquet#0", "read", "", "not UTF-8"),),
        (TEXT,),
    ),
}
CASES = {**XML, **GEOMETRY, **IMAGES, **TEXTS, **TABLES}
SAME_WRITING = [name for name, case in IMAGES.items() if case.texts]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Compile the whole archive once."""
    place = tmp_path_factory.mktemp("hostile")
    (place / "secret.txt").write_text(OUTSIDE_TEXT)
    (place / "secret.dtd").write_text(f'<!ENTITY e "{OUTSIDE_TEXT}">')
    (place / "secret.png").write_bytes(png(text_strip(OUTSIDE_TEXT)))
    write_archive(place / "archive", CASES)
    splits = ["--eval_fraction", "0", "--test_fraction", "0"]
    status = ingest([place / "archive"], place / "out", "--max_failure_rate", "1", *splits)
    assert status == 0
    rows = pq.read_table(place / "out" / "failures").to_pylist()
    return place, rows, examples(place / "out")


def of_case(name, uri):
    return f"/archive/{name}/" in uri


def test_the_sums_of_the_account_match(compiled):
    place, rows, found = compiled
    (run,) = pq.read_table(place / "out" / "runs").to_pylist()
    account = Account(**{name: run[name] for name in Account.__dataclass_fields__})
    account.check()
    assert (len(found), len(rows)) == (
        account.lines_ok,
        account.pages_failed + account.lines_failed,
    )
    assert account.pages_skipped == account.lines_dropped == 0


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_file_is_read_or_has_its_failures(compiled, name):
    _, all_rows, found = compiled
    rows = sorted((r for r in all_rows if of_case(name, r["uri"])), key=lambda r: r["uri"])
    expected = CASES[name].failures
    said = [(row["uri"].rsplit("/")[-1], row["stage"], row["line_id"]) for row in rows]
    assert said == [failure[:3] for failure in expected]
    for row, (*_, error) in zip(rows, expected):
        assert re.search(error, row["error"]), row["error"]
        assert re.search(r"; \w", row["error"]), f"names no cure: {row['error']}"
    lines = [e for e in found if of_case(name, e.page_uri)]
    others = [e for e in lines if "/healthy." not in e.page_uri]
    assert Counter(e.text for e in others) == Counter(CASES[name].texts)


@pytest.mark.parametrize("name", CASES)
def test_the_healthy_page_beside_it_is_complete(compiled, name):
    lines = [e for e in compiled[2] if of_case(name, e.page_uri) and "/healthy." in e.page_uri]
    assert [line.text for line in sorted(lines, key=lambda e: e.line_id)] == list(HEALTHY_TEXTS)


@pytest.mark.parametrize("name", SAME_WRITING)
def test_an_odd_image_is_cut_like_a_plain_one(compiled, name):
    found = compiled[2]
    plain, odd = (
        decode_image(next(e.image for e in found if f"/{case}/x." in e.page_uri))
        for case in ("Windows text", name)
    )
    assert plain.shape == odd.shape
    # Not one grey value in 25 is lost, to dithering or to JPEG.
    assert np.abs(plain.astype(int) - odd).mean() < 10


def test_nothing_outside_of_the_archive_is_read(compiled):
    _, rows, found = compiled
    assert not any(OUTSIDE_TEXT in row["error"] for row in rows)
    assert not any(OUTSIDE_TEXT in example.text for example in found)
