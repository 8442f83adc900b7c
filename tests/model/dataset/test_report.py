"""The report of a dataset, its samples and its histograms."""

from html.parser import HTMLParser

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.dataset.audit import CharacterAudit
from model.dataset.report import build_report
from model.dataset.report_data import (
    LeakPair,
    OutcomeCounts,
    RejectKind,
    ReportData,
    SourceCount,
    kind_of_error,
)
from model.report.contact_sheet import ReportSample, SampleReservoir, contact_sheet, thumbnail
from model.report.histogram import Histogram, draw_histogram
from tests.drawn import png, text_strip

HOSTILE = "</style><script>alert(1)</script>\"'><img src=x onerror=y>&amp;\u202e\0\ud800"
ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=20) | st.just(HOSTILE)
KEYS = st.lists(st.text(max_size=4), max_size=30)
VOID = {"meta", "img", "rect", "path"}
TAGS = """html head title style body header div h1 h2 h3 h4 dl dt dd nav a main section p b i small
    table thead tbody tr th td span bdi figure figcaption svg text details summary footer"""


class Reader(HTMLParser):
    """Checks that elements nest, and collects tags, attributes and text."""

    def __init__(self, document):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], set(), [], ""
        self.feed(document)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes += attributes
        if tag not in VOID or tag == "rect":
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID or tag == "rect":
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def audited(text):
    audit = CharacterAudit()
    audit.add(text, text)
    return audit


def filled(text, image=b""):
    """Return a report with the same text everywhere."""
    sample = ReportSample(text, text, text, image)
    histogram = Histogram(5)
    for value in (3, 4, 9, 70):
        histogram.add(value)
    return ReportData(
        title=text,
        facts=((text, text),),
        account=(OutcomeCounts(text, 5, 3, 1, 1),),
        counts=(SourceCount(text, text, 1, 2), SourceCount(text, "train", 1, 3)),
        widths_px=histogram,
        characters=audited(text).rows(),
        dominant_script=text,
        leak_count=1,
        leaks=(LeakPair(text, sample, sample),),
        rejects=(RejectKind(text, text, 1, (sample,)),),
        accepted=(sample,),
    )


@settings(max_examples=60)
@given(ANY_TEXT, st.sampled_from([b"", b"<svg onload=x>", b'\x89PNG\r\n\x1a\n\0"']))
def test_texts_are_escaped(text, image):
    document = build_report(filled(text, image))
    document.encode("utf-8")
    page = Reader(document)
    assert page.tags <= VOID | set(TAGS.split())
    assert not any(name.startswith("on") for name, _ in page.attributes)
    addresses = [value for name, value in page.attributes if name in ("src", "href")]
    assert all(a.startswith(("#", "data:image/png;base64,")) for a in addresses)


def test_the_page_is_self_contained_and_has_no_scripts():
    document = build_report(filled("1858", png(text_strip("Anna"))))
    assert "default-src 'none'" in document
    assert "url(" not in document
    assert "@import" not in document
    assert "http:" not in document


def test_every_text_is_on_the_page():
    text = 'Entre le "sieur" <Lecucq> & fils, d’une part'
    page = Reader(build_report(filled(text)))
    # Title twice; totals; facts; counts; leak; reject and its sample; accepted line.
    assert page.text.count(text) >= 15
    assert "5 in = 3 accepted + 1 rejected + 1 skipped" in page.text
    assert ("alt", text) in Reader(
        contact_sheet([ReportSample("a", text, "", png(text_strip("x")))])
    ).attributes


def test_an_empty_report_says_so():
    page = Reader(build_report(ReportData("Nothing")))
    assert page.text.count("no values") == 3
    for words in ("no input", "none found", "nothing was rejected", "no lines"):
        assert words in page.text


def test_splits_are_in_order_with_their_sums():
    counts = [("b", "test", 1), ("a", "train", 2000), ("b", "train", 30), ("a", "held", 4)]
    data = ReportData("x", counts=tuple(SourceCount(s, p, 1, n) for s, p, n in counts))
    text = Reader(build_report(data)).text
    assert "sourcepagestrain linestest linesheld lineslines" in text
    assert "a22,000042,004b2301031all42,030142,035" in text


def test_flagged_characters_are_highlighted():
    audit = audited("Paris \u146daris")
    page = Reader(build_report(ReportData("x", characters=audit.rows(), dominant_script="Latin")))
    assert "7 different characters, most letters Latin; 1 to check." in page.text
    assert page.attributes.count(("class", "tile odd")) == 1


def reservoir_of(keys, size=4):
    reservoir = SampleReservoir(size)
    for key in keys:
        reservoir.add(key, ReportSample(key))
    return reservoir


@given(KEYS, st.randoms(), st.integers(1, 6))
def test_samples_do_not_depend_on_order(keys, random, size):
    shuffled = random.sample(keys, len(keys))
    chosen = reservoir_of(keys, size).samples()
    assert chosen == reservoir_of(shuffled, size).samples()
    assert len(chosen) == min(size, len(set(keys)))


@given(st.lists(KEYS, max_size=4), st.integers(1, 6))
def test_samples_do_not_depend_on_shards(shards, size):
    whole = SampleReservoir(size)
    for shard in shards:
        whole.merge(reservoir_of(shard, size))
    assert whole == reservoir_of([key for shard in shards for key in shard], size)


@given(KEYS, st.text(max_size=4))
def test_would_keep_predicts_what_is_kept(keys, key):
    reservoir = reservoir_of(keys)
    expected = reservoir.would_keep(key)
    reservoir.add(key, ReportSample(key))
    assert expected == (ReportSample(key) in reservoir.samples())


def test_reservoirs_of_different_sizes_do_not_merge():
    with pytest.raises(ValueError, match="reservoirs of 4 and 5"):
        reservoir_of([], 4).merge(reservoir_of([], 5))
    with pytest.raises(ValueError, match="a reservoir of 0"):
        SampleReservoir(0)


def test_samples_are_drawn_uniformly():
    kept = sum(
        key < 500 for _, s in reservoir_of(map(str, range(1000)), 200).kept for key in [int(s.uri)]
    )
    assert 75 < kept < 125


def test_a_thumbnail_is_scaled_down_to_the_maximum_size():
    image = cv2.imdecode(np.frombuffer(thumbnail(np.zeros((3000, 2000), np.uint8)), np.uint8), 0)
    assert image.shape == (240, 160)
    strip = text_strip("Anna")
    same = cv2.imdecode(np.frombuffer(thumbnail(strip), np.uint8), 0)
    np.testing.assert_array_equal(same, strip)


def histogram_of(values, bin_width=3):
    histogram = Histogram(bin_width)
    for value in values:
        histogram.add(value)
    return histogram


VALUES = st.lists(st.integers(0, 20_000), max_size=30)


@given(VALUES, VALUES)
def test_merged_histograms_equal_that_of_all_values(values, others):
    histogram = histogram_of(values)
    histogram.merge(histogram_of(others))
    assert histogram == histogram_of(others + values)
    assert histogram.total == len(values + others)


@given(VALUES.filter(bool), st.integers(1, 50))
def test_a_drawing_shows_every_value(values, bin_width):
    svg = draw_histogram(histogram_of(values, bin_width), "px")
    titles = svg.split("<title>")[1:]
    counts = [int(t.split("</title>")[0].split(": ")[-1].replace(",", "")) for t in titles]
    assert sum(counts) == len(values)
    assert len(counts) <= 49
    heights = [float(part.split('"')[0]) for part in svg.split(' height="')[1:]]
    assert all(0 < height <= 150 for height in heights)


def test_the_median_is_in_its_bin():
    values = [1, 5, 5, 6, 40]
    assert histogram_of(values, 1).median() == 5
    assert histogram_of([], 1).median() == 0


def test_histograms_of_different_bins_do_not_merge():
    with pytest.raises(ValueError, match="bins of 3 and 4"):
        histogram_of([]).merge(Histogram(4))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (
            "image of 3 x 1,200 px is no text line; check the file",
            "image of … x … px is no text line",
        ),
        (
            "a/page 1.xml: <Page> has no imageFilename; add it",
            "<Page> has no imageFilename",
        ),
        ("p_07.xml: path '../x' leads out of 'd'; name files", "path … leads out of …"),
        ("plain", "plain"),
    ],
)
def test_errors_are_reduced_to_their_kind(error, kind):
    assert kind_of_error(error) == kind
