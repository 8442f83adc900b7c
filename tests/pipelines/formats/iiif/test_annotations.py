"""Writing IIIF annotations as required by Presentation 3 and Web Annotation."""

import json
from dataclasses import replace

from hypothesis import given, settings

from pipelines.formats.iiif.annotations import write_annotations
from pipelines.formats.page_text import normalise_page
from tests.pipelines.formats.written_pages import one_line, pages

BASE = "https://example.org/notes/"
BOX = ((100, 100), (500, 100), (500, 140))


@given(pages())
@settings(max_examples=50)
def test_each_line_is_an_annotation_in_order(page):
    normalised = normalise_page(page)
    found = json.loads(write_annotations(normalised, BASE, "a b/p.jpg"))
    assert found["@context"] == "http://iiif.io/api/presentation/3/context.json"
    assert (found["type"], found["id"]) == ("AnnotationPage", f"{BASE}a%20b/p.jpg.json")
    bodies = [item["body"] for item in found["items"]]
    assert [body["value"] for body in bodies] == [line.text for line in normalised.lines]
    assert {body["type"] for body in bodies} <= {"TextualBody"}


def test_a_line_is_located_on_its_canvas():
    (item,) = json.loads(write_annotations(normalise_page(one_line("x", BOX)), BASE, "p.jpg"))[
        "items"
    ]
    assert (item["type"], item["motivation"]) == ("Annotation", "supplementing")
    assert item["id"] == f"{BASE}p.jpg.json#l1"
    fragment, svg = item["target"]["selector"]
    assert item["target"]["source"] == f"{BASE}p.jpg/canvas"
    assert fragment["value"] == "xywh=100,100,400,40"
    assert '<polygon points="100,100 500,100 500,140"/>' in svg["value"]


def test_a_canvas_of_a_manifest_keeps_its_id():
    canvas = "https://library.example/iiif/7/canvas/p1"
    page = normalise_page(replace(one_line("x", BOX), uri=canvas))
    (item,) = json.loads(write_annotations(page, BASE, "p1"))["items"]
    assert item["target"]["source"] == canvas


def test_lines_with_the_same_name_get_unique_ids():
    page = one_line("x", BOX)
    page = normalise_page(replace(page, lines=page.lines * 2))
    first, second = json.loads(write_annotations(page, BASE, "p"))["items"]
    assert first["id"] != second["id"]


def test_coordinates_are_scaled_to_the_canvas():
    page = one_line("x", BOX)
    canvas_px = (page.width_px * 2, page.height_px * 3)
    (item,) = json.loads(
        write_annotations(normalise_page(replace(page, canvas_px=canvas_px)), BASE, "p.jpg")
    )["items"]
    fragment, svg = item["target"]["selector"]
    assert fragment["value"] == "xywh=200,300,800,120"
    assert '<polygon points="200,300 1000,300 1000,420"/>' in svg["value"]
