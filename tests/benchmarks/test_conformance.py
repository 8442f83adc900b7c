"""Ingest compared with an independent reading of the XML."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.conformance.comparison import Dataset, compare
from benchmarks.conformance.xml_reading import Described, find_image, read_corpus
from tests.pipelines.formats import mutated

NO_TEXT = "line has no text; transcribe or remove it"


def test_page_and_alto_are_read(tmp_path):
    folder = tmp_path / "volume"
    (folder / "page").mkdir(parents=True)
    (folder / "p.PNG").write_bytes(mutated.bars_page())
    (folder / "page" / "p.xml").write_bytes(mutated.page_xml())
    (folder / "p.other.xml").write_bytes(mutated.alto())
    (folder / "mets.xml").write_bytes(b"<mets/>")
    (folder / "broken.xml").write_bytes(b"<alto>")
    broken, *both = sorted(read_corpus(str(tmp_path)), key=lambda one: not one.fault)
    assert broken.path.endswith("broken.xml")
    for described in both:
        assert described.image == str(folder / "p.PNG") and described.opens
        assert described.texts == mutated.TEXTS
    assert len(both) == 2


@pytest.mark.parametrize(
    ("path", "name", "image"),
    [
        ("d/page/p.xml", "p.tif", "d/p.JPG"),
        ("d/p.xml", "", "d/p.JPG"),
        ("d/q.xml", "scans/p.jpg", "d/p.JPG"),
        ("data/x.xml", "x.jpg", "images/x.jpg"),
        ("d/gone.xml", "gone.jpg", ""),
    ],
)
def test_images_are_found(tmp_path, path, name, image):
    for file in ("d/p.JPG", "images/x.jpg", "d/page/none", "data/none"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    assert find_image(str(tmp_path / path), name) == (image and str(tmp_path / image))


@pytest.mark.parametrize(
    ("dataset", "difference"),
    [
        (Dataset({"a.png": ["un", "deux"]}, failed_lines={"a.png": [NO_TEXT]}), ""),
        (
            Dataset({"a.png": ["un"]}, Counter({"a.png": 1}), failed_lines={"a.png": [NO_TEXT]}),
            "",
        ),
        (Dataset({"a.png": ["un", "deux"]}), "3 lines in a.xml, 2 came out"),
        (
            Dataset({"a.png": ["un", "trois"]}, failed_lines={"a.png": [NO_TEXT]}),
            "'trois' is no text in a.xml",
        ),
        (
            Dataset({"a.png": ["un"]}, failed_lines={"a.png": [NO_TEXT, NO_TEXT]}),
            "'deux' of a.xml is neither a record nor reported",
        ),
        (Dataset(failed={"a.png": "image is broken"}), "opens, and failed: image is broken"),
    ],
)
def test_what_differs_is_told(dataset, difference):
    made = Dataset()
    made.texts.update(dataset.texts)
    made.dropped.update(dataset.dropped)
    made.failed_lines.update(dataset.failed_lines)
    made.failed.update(dataset.failed)
    described = [Described("a.xml", "a.png", True, ("un", "deux", ""))]
    differences = compare("c", described, made).differences
    assert differences == ([f"a.png: {difference}"] if difference else [])


def test_a_page_without_image_has_to_fail():
    described = [Described("a.xml", texts=("un",))]
    (lost,) = compare("c", described, Dataset()).differences
    assert lost == "a.xml: has no image, and is no failure"
    failed = Dataset(failed={"a.xml": "image a.png is not beside it"})
    assert compare("c", described, failed).differences == []
