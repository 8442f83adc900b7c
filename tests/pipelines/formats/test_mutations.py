"""Whatever is wrong with a document: no traceback, no page lost, no wrong text in silence.

    MUTATIONS=20000 python -m pytest tests/pipelines/formats/test_mutations.py

looks for a long time.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from model.dataset.examples import decode_strip
from model.images.decode import decode_image
from pipelines.dataset.cut import CutConfig, cut_examples
from pipelines.descriptions.pairing import MarkupFile
from pipelines.descriptions.reading import ReadConfig, read_source, survey_source
from pipelines.formats.iiif.manifest import read_manifest
from pipelines.formats.mets import read_mets
from schemas.records import Failure, LineExample, Page, PageDone, Skipped
from tests.drawn_tiff import grey_tiff
from tests.pipelines.formats import mutated
from tests.pipelines.formats.memory_files import MemoryFiles
from tests.pipelines.formats.written_mets import mets

EXAMPLES = int(os.environ.get("MUTATIONS", "60"))
IMAGE = mutated.bars_page()
GOOD = {"page": mutated.page_xml(), "alto": mutated.alto()}
BARS = {text: number + 1 for number, text in enumerate(mutated.TEXTS)}
SELDOM = st.integers(0, 9).map(lambda number: number == 9)
often = settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])


def outcome(data, is_cut=True):
    """Ingest a description: the lines, the failures and the pages that were read.

    To cut the lines out takes most of the time; without, lines are what the reader gives.
    """
    files = MemoryFiles({"d/p.xml": data, "d/p.png": IMAGE})
    source = MarkupFile("d/p.xml", ("d/p.png",))
    records = list(read_source(source, ReadConfig(), files))
    assert len(list(survey_source(source, ReadConfig(), files))) == len(records)
    lines, failures, pages = [], [], []
    for record in records:
        if not isinstance(record, Page):
            assert isinstance(record, (Failure, Skipped))
            failures.append(record)
            continue
        pages.append(record)
        if not is_cut:
            lines += [line for line in record.lines if (line.text or "").strip() and not line.fault]
            failures += [
                Failure(record.uri, "read", line.fault or "line has no text", line.line_id)
                for line in record.lines
                if line.fault or not (line.text or "").strip()
            ]
            continue
        cut = list(cut_examples(replace(record, image=IMAGE), CutConfig()))
        done = [one for one in cut if isinstance(one, PageDone)]
        of_lines = [one for one in cut if isinstance(one, LineExample)]
        failed = [one for one in cut if isinstance(one, Failure)]
        assert done or len(cut) == 1
        assert not done or len(of_lines) + len(failed) == len(record.lines)
        lines += of_lines
        failures += failed
    return lines, failures, pages


def lines_of(data):
    return list(etree.fromstring(data).iter("{*}TextLine"))


def words_of(node):
    texts = [*node.itertext(), *node.xpath(".//@CONTENT")]
    return Counter(word for text in texts for word in text.split())


def check(form, data, is_cut=True):
    good = {etree.tostring(line): text for line, text in zip(lines_of(GOOD[form]), mutated.TEXTS)}
    root = etree.fromstring(data)
    pages = list(root.iterfind("{*}Page" if form == "page" else "{*}Layout/{*}Page"))
    lines, failures, read = outcome(data, is_cut)
    assert all(one.error if isinstance(one, Failure) else one.reason for one in failures)
    assert len(read) + sum(not getattr(one, "line_id", "") for one in failures) >= max(
        1, len(pages)
    )
    nodes = [line for page in pages for line in page.iter("{*}TextLine")]
    untouched = Counter(good[key] for node in nodes if (key := etree.tostring(node)) in good)
    texts = Counter(" ".join(line.text.split()) for line in lines)
    page_failed = any(not getattr(one, "line_id", "") for one in failures)
    if not page_failed:
        assert len(lines) + len(failures) == len(nodes)
        missing = untouched - texts
        assert missing.total() <= len(failures)
    touched = [words_of(node) for node in nodes if etree.tostring(node) not in good]
    for text in texts - untouched:
        words = Counter(text.split())
        assert any(not words - one for one in touched), text
    for line in lines if is_cut else ():
        # A line that is as it was shows its own bars, whatever is wrong elsewhere.
        if line.text in BARS and texts[line.text] == untouched[line.text]:
            assert mutated.count_bars(decode_strip(line)) == BARS[line.text]


@pytest.mark.parametrize("form", sorted(GOOD))
def test_the_good_documents_are_read(form):
    examples, failures, _ = outcome(GOOD[form])
    assert sorted(example.text for example in examples) == sorted(mutated.TEXTS)
    assert not failures
    check(form, GOOD[form])


@often
@given(mutated.mutated_xml(GOOD["page"]), SELDOM)
def test_page_xml_keeps_the_account(data, is_cut):
    check("page", data, is_cut)


@often
@given(mutated.mutated_xml(GOOD["alto"]), SELDOM)
def test_alto_keeps_the_account(data, is_cut):
    check("alto", data, is_cut)


METS = mets(
    {"MAX": {f"m{n}": f"max/{n}.jpg" for n in range(3)}, "THUMBS": {"t0": "t/0.jpg"}},
    [(f'ID="p{n}" ORDER="{n + 1}" LABEL="{n}r"', [f"m{n}", "t0"]) for n in range(3)],
)


@often
@given(mutated.mutated_xml(METS))
def test_mets_keeps_the_account(data):
    root = etree.fromstring(data)
    maps = [*root.iterfind("{*}structMap[@TYPE='PHYSICAL']"), *root.iterfind("{*}structMap")]
    # Without a structMap each image is a page.
    pages = [
        division
        for division in (maps[0].iter("{*}div") if maps else ())
        if division.getparent().get("TYPE") == "physSequence"
        and division.find("{*}fptr") is not None
    ]
    try:
        sources = list(read_mets(data, "d/mets.xml"))
    except ValueError:
        return
    assert all(source.addresses or source.fault for source in sources)
    assert len(sources) >= len(pages)


@often
@given(st.sampled_from((2, 3)).flatmap(lambda v: mutated.mutated_json(mutated.manifest(v))))
def test_iiif_keeps_the_account(manifest):
    listed = manifest.get("items") if "sequences" not in manifest else manifest["sequences"]
    try:
        sources = list(read_manifest(json.dumps(manifest).encode(), "https://example.org/m.json"))
    except ValueError:
        return
    assert all(source.addresses or source.fault for source in sources)
    assert len({source.uri for source in sources}) == len(sources) or listed
    if "sequences" not in manifest:
        assert len(sources) == (len(listed) if isinstance(listed, list) else 1)


GREY = mutated.bars_page()
TIFFS = [
    grey_tiff(decode_image(GREY)[:200, :300], **options)
    for options in (
        {},
        {"deflate": True, "predictor": 2},
        {"tile_px": 64},
    )
]


@often
@given(st.sampled_from(TIFFS).flatmap(mutated.mutated_tiff))
def test_tiffs_are_read_alike_or_refused(mutation):
    data, concerned = mutation
    try:
        grey = decode_image(data)
    except ValueError:
        return
    assert grey.ndim == 2 and grey.dtype == "uint8"
    if not concerned:
        assert (grey == decode_image(TIFFS[0])).all()
