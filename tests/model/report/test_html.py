"""The page of a report, and the style sheet that all reports share."""

import re
from html.parser import HTMLParser

from model.dataset.audit import CharacterAudit
from model.dataset.report import build_report
from model.dataset.report_data import (
    LeakPair,
    OutcomeCounts,
    RejectKind,
    ReportData,
    SourceCount,
)
from model.decoding.config import BEAM
from model.decoding.settings import Calibration
from model.evaluation.confidence_summary import ConfidenceTally
from model.evaluation.error_summary import summarise
from model.evaluation.error_tally import ErrorTally, EvaluatedLine
from model.evaluation.report import EvaluationReport, build_evaluation_report
from model.report.contact_sheet import ReportSample
from model.report.histogram import Histogram
from model.report.html import Figure, page
from schemas.records import Character, Line, Transcript
from tests.drawn import png, text_strip

PICTURE = png(text_strip("Anna"))


def dataset_report():
    """Build a dataset report with something in every section."""
    sample = ReportSample("p.png", "Anna", "train", PICTURE)
    audit = CharacterAudit()
    audit.add("Anna \u146d \t", "p.png")
    widths_px = Histogram(20)
    widths_px.add(300)
    return build_report(
        ReportData(
            title="Letters",
            facts=(("version", "1"),),
            account=(OutcomeCounts("lines", 3, 1, 1, 1),),
            counts=(SourceCount("alto", "train", 1, 1),),
            widths_px=widths_px,
            characters=audit.rows(),
            dominant_script="Latin",
            leak_count=1,
            leaks=(LeakPair("near duplicate", sample, sample),),
            rejects=(RejectKind("cut", "line is too short", 1, (sample,)),),
            accepted=(sample,),
        )
    )


def evaluation_report():
    """Build an evaluation report with something in every section but the lines found."""
    tally, confidences = ErrorTally(), ConfidenceTally(BEAM, Calibration())
    for uri, read in (("p1", "Ana"), ("p2", "Anna"), ("p3", None)):
        tally.add(EvaluatedLine(uri, "l", "Anna", read, image=PICTURE))
    characters = tuple(Character(character, 0.9) for character in "Ana")
    confidences.add("Anna", Transcript("p1", Line("l", 0), "Ana", 0.9, characters))
    report = EvaluationReport(
        "Letters", (("model", "m"),), summarise(tally), confidence=confidences.summary()
    )
    return build_evaluation_report(report)


class ClassReader(HTMLParser):
    """Collects the style sheet and the classes of all elements."""

    def __init__(self, document):
        super().__init__()
        self.style, self.classes, self._is_style = "", set(), False
        self.feed(document)

    def handle_starttag(self, tag, attributes):
        self._is_style = tag == "style"
        self.classes.update(dict(attributes).get("class", "").split())

    def handle_data(self, data):
        if self._is_style:
            self.style += data
            self._is_style = False


def test_both_reports_share_one_style_sheet_without_unused_classes():
    one, other = map(ClassReader, (dataset_report(), evaluation_report()))
    assert one.style == other.style
    selectors = re.sub(r"\{[^{}]*\}", " ", one.style)
    styled = set(re.findall(r"\.([a-z]+)", selectors))
    assert styled == one.classes | other.classes


def test_a_rule_has_one_place_in_the_style_sheet():
    style = ClassReader(dataset_report()).style
    selectors = re.findall(r"^([^{}@\n]+)\{", style, re.MULTILINE)
    assert len(selectors) > 50 and len(set(selectors)) == len(selectors)


def test_the_head_of_a_page():
    figures = [Figure("1,200", "lines"), Figure("3", "<leaks>", is_bad=True)]
    sections = [("a", "One & two", "lead", "<p>body</p>"), ("b", "Three", "lead", "")]
    document = page("Report", "<Letters>", figures, [("model", "m<1>")], sections)
    assert "<title>&lt;Letters&gt;</title>" in document
    assert '<div class="kicker">Report</div><h1>&lt;Letters&gt;</h1>' in document
    assert '<div class="figure"><b>1,200</b>lines</div>' in document
    assert '<div class="figure bad"><b>3</b>&lt;leaks&gt;</div>' in document
    assert '<dl class="facts"><dt>model</dt><dd><bdi>m&lt;1&gt;</bdi></dd></dl>' in document
    assert '<nav><a href="#a">One &amp; two</a><a href="#b">Three</a></nav>' in document
    assert '<section id="a"><h2>One &amp; two</h2>' in document


def test_a_page_without_facts_has_no_list_of_them():
    assert 'class="facts"' not in page("Report", "Letters", [], [], [])
