"""The report of an evaluation."""

from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from model.evaluation.error_summary import summarise
from model.evaluation.error_tally import ErrorTally, EvaluatedLine
from model.evaluation.report import EvaluationReport, build_evaluation_report
from tests.drawn import png, text_strip

VOID = {"meta", "img", "br"}
ANY_TEXT = st.text(max_size=20) | st.sampled_from(
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a\u0301 \x00 \u202e]]>"]
)


class Reader(HTMLParser):
    """Checks that elements nest, and collects tags, attributes and text."""

    def __init__(self, document):
        super().__init__()
        self.open, self.tags, self.attributes, self.text, self.marks = [], [], [], "", []
        self.feed(document)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if self.open[-1:] == ["mark"]:
            self.marks.append(data)


def report_of(*lines, title="Letters", facts=()):
    tally = ErrorTally()
    for line in lines:
        tally.add(line)
    return build_evaluation_report(EvaluationReport(title, tuple(facts), summarise(tally)))


def picture():
    return png(text_strip("Anna"))


@settings(max_examples=60)
@given(ANY_TEXT, ANY_TEXT, st.sampled_from([b"", b"<svg onload=x>", b'\x89PNG\r\n\x1a\n\0"']))
def test_texts_are_escaped(text, read, image):
    line = EvaluatedLine(text, text, text, read, text, text, image)
    document = report_of(line, title=text, facts=[(text, text)])
    document.encode("utf-8")
    page = Reader(document)
    assert "script" not in page.tags
    assert not any(name.startswith("on") for name, _ in page.attributes)
    addresses = [value for name, value in page.attributes if name in ("src", "href")]
    assert all(a.startswith(("#", "data:image/png;base64,")) for a in addresses)


def test_the_page_is_self_contained_and_has_no_scripts():
    document = report_of(EvaluatedLine("p", "l", "Anna", "Ana", image=picture()))
    assert "default-src 'none'" in document
    assert not any(word in document for word in ("url(", "@import", "http:", "https:", "<script"))


def test_errors_are_marked_and_spaces_visible():
    page = Reader(report_of(EvaluatedLine("p.png", "l1", "le 12 mai", "le12 mni", image=picture())))
    assert page.marks == ["␣", "a", "n"]
    assert "2 errors, CER 22.22 %" in page.text
    assert "p.png l1" in page.text
    assert page.tags.count("img") == 1


def test_lines_that_were_not_read_or_read_as_empty_are_shown_as_such():
    page = Reader(
        report_of(EvaluatedLine("p", "l1", "mai", None), EvaluatedLine("p", "l2", "le", ""))
    )
    assert "not transcribed" in page.text
    assert "1lines not read, counted as deleted" in page.text
    assert "nothing" in page.text


def test_views_slices_and_confusions_are_shown():
    lines = [
        EvaluatedLine(f"p{i}", "l", "Été, à", read, "alto", document)
        for i, (read, document) in enumerate([("Ete à", "a"), ("Été, à", "b"), ("été, à", "b")])
    ]
    text = Reader(report_of(*lines)).text
    for words in ("without punctuation", "without diacritics", "documentpageslines", "b22"):
        assert words in text
    assert "latin small letter e for latin small letter e with acute" in text
    assert "comma not read" in text
    assert "one page" in text


def test_a_report_without_errors():
    text = Reader(report_of(EvaluatedLine("p", "l", "mai", "mai"))).text
    assert "No line has an error." in text
    assert "No character was read wrongly." in text
    assert "A single page cannot be resampled" in text
