"""Hostile files through `pipelines.ingest`: nothing hangs or is lost, no other file is read."""

import re
from collections import Counter

import numpy as np
import pyarrow.parquet as pq
import pytest

from model.images.decode import decode_image
from pipelines.tables.account import Account
from tests.drawn import png, text_strip
from tests.pipelines.hostile import (
    HEALTHY_TEXTS,
    MANY_LINES,
    STRIP,
    TEXT,
    Hostile,
    arrow_of,
    drawn_page,
    file,
    many_lines,
    page_line,
    page_xml,
    pair,
    parquet_of,
    readable,
    sparse,
    table,
    unreadable,
    wide_page,
    write_archive,
)
from tests.pipelines.hostile_images import IMAGES
from tests.pipelines.ingest_run import examples, ingest

OUTSIDE_TEXT = "do not tell"
RIGHT_TO_LEFT = "שלום עולם 123"
LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
WIDTH = STRIP.shape[1]
OUTLINE = f"0,0 {WIDTH},0 {WIDTH},63 0,63"
GOOD_LINE = page_line("good", f"4,44 {WIDTH - 4},44", OUTLINE)
NOT_WELL_FORMED = ("x.xml", "read", "", "XML is not well-formed")
ENTITIES = "entities of its own|[Ee]ntity"


def entity(doctype, text="&e;"):
    """Write a page whose text is an entity from a DOCTYPE that names files outside the archive."""

    def write(folder):
        outside = folder.parent.parent
        dtd, text_file = (outside / name for name in ("secret.dtd", "secret.txt"))
        head = f"<!DOCTYPE PcGts {doctype.format(dtd=dtd.as_uri(), text=text_file.as_uri())}>"
        drawn_page(page_line("l", f"4,44 {WIDTH},44", OUTLINE, text), head=head)(folder)

    return write


def a_line(baseline=f"4,44 {WIDTH - 4},44", outline=OUTLINE):
    """Write a page with a valid line and one with these coordinates."""
    return drawn_page(GOOD_LINE, page_line("odd", baseline, outline))


def odd_line_fails(write, error):
    return Hostile(write, (("x.png", "crop", "odd", error),), (TEXT,))


def windows_page(folder):
    drawn_page(GOOD_LINE)(folder)
    xml = (folder / "x.xml").read_bytes()
    (folder / "x.xml").write_bytes(xml.replace(b"><", b">\r\n<"))


XML = {
    "billion laughs": unreadable(entity(f"[{LAUGHS}]", "&l11;"), "x.xml", "read", "", ENTITIES),
    "file as entity": unreadable(
        entity('[<!ENTITY e SYSTEM "{text}">]'), "x.xml", "read", "", ENTITIES
    ),
    "DTD as entity": unreadable(
        entity('[<!ENTITY % p SYSTEM "{dtd}"> %p;]'), "x.xml", "read", "", ENTITIES
    ),
    "DTD that is needed": unreadable(entity('SYSTEM "{dtd}"'), "x.xml", "read", "", ENTITIES),
    "DTD that is not": readable(entity('SYSTEM "{dtd}"', TEXT)),
    "image of elsewhere": unreadable(
        page_xml(GOOD_LINE, image="../../secret.png"), "x.xml", "pair", "", "not beside it"
    ),
    "surrogate as reference": unreadable(
        drawn_page(GOOD_LINE.replace(TEXT, "&#xD800;")), *NOT_WELL_FORMED
    ),
    "surrogate as bytes": unreadable(file("x.xml", b"<a>\xed\xa0\x80</a>"), *NOT_WELL_FORMED),
    "empty XML": unreadable(file("x.xml", b""), "x.xml", "read", "", "file is empty"),
    "XML of 2 GB": unreadable(sparse("x.xml", b"<a>"), "x.xml", "read", "", "larger than"),
    "Windows XML": readable(windows_page),
    "right to left XML": readable(
        drawn_page(GOOD_LINE.replace(TEXT, RIGHT_TO_LEFT)), RIGHT_TO_LEFT
    ),
}
GEOMETRY = {
    "NaN outline": odd_line_fails(a_line(outline="nan,0 9,9 5,5"), "are not pairs of pixels"),
    "NaN baseline": odd_line_fails(a_line(baseline="4,nan 90,44"), "are not pairs of pixels"),
    "outline of 1e9": odd_line_fails(a_line(outline="0,0 1e9,0 9,9"), "are not pairs of pixels"),
    "outline of 1e6": odd_line_fails(
        a_line(outline="0,0 1000000,0 9,9"), "lies outside of the page"
    ),
    "negative outline": readable(a_line(outline=f"-9,-9 {WIDTH},0 {WIDTH},63 -9,70"), TEXT, TEXT),
    "far negative": odd_line_fails(a_line(outline="-1e6,0 9,0 9,9"), "lies outside of the page"),
    "crossing baselines": readable(
        drawn_page(
            page_line("falls", f"4,40 {WIDTH - 4},48", OUTLINE),
            page_line("rises", f"4,48 {WIDTH - 4},40", OUTLINE),
        ),
        TEXT,
        TEXT,
    ),
    "line of 36,000 px": unreadable(wide_page, "x.png", "crop", "l0", "too long"),
    "ten thousand lines": readable(many_lines, *["i"] * MANY_LINES),
}
TEXTS = {
    "empty text": unreadable(pair(png(STRIP), b""), "x.txt", "read", "", "text is empty"),
    "text of 2 GB": unreadable(sparse("x.txt", image=True), "x.txt", "read", "", "larger than"),
    "lone text of 2 GB": unreadable(
        sparse("x.gt.txt"), "x.gt.txt", "pair", "", "text has no image"
    ),
    "Windows text": readable(pair(png(STRIP), f"\ufeff{TEXT}\r\n".encode())),
    "right to left": readable(pair(png(STRIP), f"{RIGHT_TO_LEFT}\n".encode()), RIGHT_TO_LEFT),
    "surrogate": unreadable(pair(png(STRIP), b"a\xed\xa0\x80"), "x.txt", "read", "", "not UTF-8"),
}
TABLES = {
    "empty table": unreadable(file("x.csv", b""), "x.csv", "read", "", "file is empty"),
    "empty Parquet": unreadable(
        file("x.parquet", b""), "x.parquet", "read", "", "not a complete Parquet"
    ),
    "empty Arrow": unreadable(file("x.arrow", b""), "x.arrow", "read", "", "not a complete Arrow"),
    "empty TFRecords": unreadable(
        file("x.tfrecord.gz", b""), "x.tfrecord.gz", "read", "", "not a gzip TFRecord"
    ),
    "table of 2 GB": Hostile(
        sparse("x.csv", b"image,text\nx.png,le douze mars\n", image=True),
        (("x.csv#3", "read", "", "longer than"),),
        (TEXT,),
    ),
    "table without a line end": unreadable(sparse("x.csv"), "x.csv", "read", "", "longer than"),
    "Windows table": readable(table(f"x.png,{TEXT}\r\n".encode())),
    "row of elsewhere": Hostile(
        table(f"../../secret.png,{OUTSIDE_TEXT}\nx.png,{TEXT}\n".encode()),
        (("labels.csv#2", "read", "", "leads out of"),),
        (TEXT,),
    ),
    "surrogate in a table": Hostile(
        table(b"x.png,\xed\xa0\x80\ny.png,le douze mars\n", ("x.png", "y.png")),
        # No other row refers to the image of the row that fails.
        (("labels.csv#2", "read", "", "not UTF-8"), ("x.png", "pair", "", "image has no")),
        (TEXT,),
    ),
    "surrogate as an escape": readable(table(b"x.png,\\ud800\n"), "\\ud800"),
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
    # Dithering and JPEG change grey values by less than 1 in 25.
    assert np.abs(plain.astype(int) - odd).mean() < 10


def test_nothing_outside_of_the_archive_is_read(compiled):
    _, rows, found = compiled
    assert not any(OUTSIDE_TEXT in row["error"] for row in rows)
    assert not any(OUTSIDE_TEXT in example.text for example in found)
