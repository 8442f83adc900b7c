"""Evaluation of confidences, and its section in the report."""

import pytest
from lxml import etree

from model.decoding.calibration import expected_calibration_error, temper
from model.decoding.config import BEAM, GREEDY
from model.decoding.page_error import PageErrorModel
from model.decoding.settings import Calibration
from model.evaluation.confidence_summary import ConfidenceTally
from model.evaluation.report_confidence import confidence_section, reliability_diagram
from schemas.records import Character, Line, Transcript


def transcript(page, text, *confidences):
    characters = tuple(map(Character, text, confidences))
    mean = sum(confidences) / len(confidences) if confidences else 1.0
    return Transcript(page, Line("l", 0), text, mean, characters)


def summary_of(method, *lines, calibration=None):
    tally = ConfidenceTally(method, calibration or Calibration(2.0))
    for truth, read in lines:
        tally.add(truth, read)
    return tally.summary()


def mean_confidence(bins):
    return sum(bin.count * bin.confidence for bin in bins) / sum(bin.count for bin in bins)


@pytest.mark.parametrize("method", [GREEDY, BEAM])
def test_confidences_of_a_beam_search_are_tempered_and_those_of_the_best_path_are_not(method):
    found = summary_of(method, ("abc", transcript("p", "abd", 0.9, 0.9, 0.9)))
    given, other = (found.plain, found.tempered)[:: 1 if method == GREEDY else -1]
    assert mean_confidence(given) == pytest.approx(0.9)
    assert mean_confidence(other) == pytest.approx(temper(0.9, 2 if method == GREEDY else 0.5))
    assert expected_calibration_error(given) == pytest.approx(0.9 - 2 / 3)
    assert sum(bin.count for bin in found.plain) == 3


def test_the_cer_of_pages_is_predicted_if_the_bundle_has_a_model():
    line = ("abcd", transcript("p", "abcx", 0.8, 0.8, 0.8, 0.8))
    assert summary_of(GREEDY, line).pages == {}
    calibration = Calibration(1.0, PageErrorModel((0.0, 1.0), (0.0, 1.0)))
    good = ("abcde", transcript("q", "abcde", 1, 1, 1, 1, 1))
    found = summary_of(GREEDY, line, good, calibration=calibration)
    assert found.pages["p"].predicted == pytest.approx(0.2)
    assert found.pages["p"].measured == 0.25
    assert found.near_pages == 1 and found.mean_page_error == pytest.approx(0.025)
    facts = found.to_dict()
    assert facts["pages_predicted"] == 2 and facts["pages_predicted_within_2_points"] == 1


def test_lines_without_characters_give_an_empty_diagram():
    found = summary_of(BEAM, ("abc", transcript("p", "")))
    assert expected_calibration_error(found.plain) == 0
    assert "<svg" in confidence_section(found)[1]


def test_the_diagram_has_a_bar_for_each_bin_that_is_not_empty():
    found = summary_of(GREEDY, ("abcd", transcript("p", "abcx", 0.99, 0.98, 0.5, 0.2)))
    svg = etree.fromstring(reliability_diagram(found.plain, 'a "label" <b>'))
    assert svg.attrib["aria-label"] == 'a "label" <b>'
    heights = [float(bar.attrib["height"]) for bar in svg.iter("rect")]
    assert len(heights) == 3 and heights[0] < heights[1] == heights[2]
    assert "2 characters of confidence 0.98: 100.00 % correct" in [
        t.text for t in svg.iter("title")
    ]


def test_page_uris_are_escaped():
    calibration = Calibration(1.0, PageErrorModel((0.0,), (0.0,)))
    found = summary_of(GREEDY, ("a", transcript("<b>", "a", 0.9)), calibration=calibration)
    lead, html = confidence_section(found)
    assert "before the temperature of 1.00" in lead
    assert "&lt;b&gt;" in html and "<b>" not in html
    assert "CER of 1 of 1 pages was predicted within 2 percentage points" in html
