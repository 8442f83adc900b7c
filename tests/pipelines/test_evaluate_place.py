"""`python -m pipelines.evaluate` on lines that are matched by place, through its main."""

from datetime import datetime

import pytest

from pipelines.evaluate import main as evaluate
from pipelines.formats.page_text import Origin
from pipelines.formats.page_xml.write import write_description
from pipelines.transcripts.tables import open_tables, to_polyline
from schemas.records import Line, Page
from tests.pipelines.evaluated import measured, write_transcribed_archive

SIZE_PX = (640, 370)
WRITTEN = datetime(2026, 1, 1)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Two pages whose lines were found and one that cannot be read."""
    folder = tmp_path_factory.mktemp("found")
    write_transcribed_archive(folder, "pages/*.jpg", "--lines", "find")
    return folder


@pytest.fixture
def found(archive):
    """Return the lines read on p1 as truth, with other identifiers."""
    query = (
        "SELECT line_index, text, baseline, polygon FROM lines "
        "WHERE page_uri LIKE '%/p1.jpg' ORDER BY line_index"
    )
    rows = open_tables(f"{archive}/out").sql(query).fetchall()
    lines = [
        Line(f"t{index}", index, text.strip(), to_polyline(baseline), to_polyline(polygon))
        for index, text, baseline, polygon in rows
    ]
    assert len(lines) >= 3 and all(line.text for line in lines)
    return lines


def write_truth(folder, lines, name="p1", scale=1):
    def scaled(points):
        return tuple((x * scale, y * scale) for x, y in points)

    lines = tuple(
        Line(line.line_id, i, line.text, scaled(line.baseline), scaled(line.polygon), "r1")
        for i, line in enumerate(lines)
    )
    width_px, height_px = (side * scale for side in SIZE_PX)
    page = Page(f"{name}.jpg", lines, width_px, height_px, "page")
    (folder / f"{name}.xml").write_bytes(write_description(page, Origin("Quire", WRITTEN)))


def test_the_drawn_lines_are_found_on_every_page(archive, capsys):
    figures = measured(archive, archive / "pages" / "p?.xml", capsys)
    assert (figures["lines_found"], figures["lines_true"], figures["order_error"]) == (6, 6, 0)
    assert (figures["lines_missing"], figures["lines_extra"]) == (0, 0)
    assert figures["line_f1"] > 0.9 and figures["baseline_f1"] > 0.9


def test_extra_lines_do_not_count_if_the_truth_is_incomplete(archive, found, tmp_path, capsys):
    write_truth(tmp_path, found[:1])
    whole = measured(archive, tmp_path / "p1.xml", capsys)
    assert whole["lines_extra"] == len(found) - 1 and whole["cer"] > 0
    figures = measured(archive, tmp_path / "p1.xml", capsys, "--incomplete_truth")
    assert (figures["lines"], figures["cer"]) == (1, 0)
    assert figures["lines_without_truth"] == len(found) - 1 and "baseline_f1" not in figures


@pytest.mark.parametrize("scale", [1, 2])
def test_what_was_read_as_truth_has_no_errors(archive, found, tmp_path, capsys, scale):
    write_truth(tmp_path, found, scale=scale)
    figures = measured(archive, tmp_path, capsys)
    shares = [figures[f"{kind}_{of}"] for kind in ("line", "baseline") for of in ("recall", "f1")]
    assert shares == [1, 1, 1, 1]
    assert (figures["cer"], figures["order_error"]) == (0, 0)


def test_missing_lines_are_deleted_and_extra_lines_inserted(archive, found, tmp_path, capsys):
    ghost, *others = found
    below = Line("low", 9, "lost", ((10, 365), (200, 365)), ((10, 340), (200, 340), (200, 368)))
    write_truth(tmp_path, [*others, below])
    figures = measured(archive, tmp_path, capsys)
    assert (figures["lines"], figures["lines_missing"], figures["lines_extra"]) == (
        len(found),
        1,
        1,
    )
    assert figures["deletions"] == len("lost")
    assert figures["insertions"] == len(ghost.text)
    assert figures["cer"] == pytest.approx((4 + len(ghost.text)) / figures["characters"])
    shares = [figures["line_recall"], figures["line_precision"]]
    assert shares == pytest.approx([1 - 1 / len(found)] * 2)


def test_a_line_found_at_a_true_line_without_text_is_not_extra(archive, found, tmp_path, capsys):
    blank, *others = found
    write_truth(tmp_path, [Line("b", 0, "", blank.baseline, blank.polygon), *others])
    figures = measured(archive, tmp_path, capsys)
    assert (figures["lines_without_truth"], figures["lines_extra"], figures["cer"]) == (1, 0, 0)


def test_the_reading_order_is_measured(archive, found, tmp_path, capsys):
    write_truth(tmp_path, found[::-1])
    figures = measured(archive, tmp_path, capsys)
    assert (figures["order_error"], figures["cer"]) == (1, 0)


def test_a_page_that_failed_was_not_found(archive, capsys):
    figures = measured(archive, archive / "pages" / "*.xml", capsys)
    assert (figures["lines_missing"], figures["lines_true"]) == (3, 9)
    assert figures["line_recall"] <= 2 / 3


def test_the_matching_can_be_chosen(archive, found, tmp_path, capsys):
    named = [Line(f"l{i + 1}", i, f.text, f.baseline, f.polygon) for i, f in enumerate(found)]
    write_truth(tmp_path, named)
    figures = measured(archive, tmp_path, capsys, "--match", "id")
    assert figures["cer"] == 0 and "line_f1" not in figures and "lines_extra" not in figures
    write_truth(tmp_path, found)
    assert measured(archive, tmp_path, capsys, "--match", "place")["cer"] == 0


def test_the_report_has_the_line_score_and_the_extra_lines(archive, found, tmp_path, capsys):
    write_truth(tmp_path, found[1:])
    report = tmp_path / "report.html"
    measured(archive, tmp_path / "p1.xml", capsys, "--report", str(report))
    document = report.read_text("utf-8")
    assert ">Line detection<" in document and "F1 of line detection" in document
    # Among the worst lines, and on its page.
    assert document.count(">no line<") == 2
    assert document.count('src="data:image/png;base64,iVBOR') == 1


@pytest.mark.parametrize(
    ("size_px", "geometry", "reason"),
    [
        ((640, 640), True, "image has 640 x 370 px but its lines were drawn on 640 x 640"),
        (SIZE_PX, False, "no line of --truth has a baseline or polygon; give --match id"),
    ],
)
def test_truth_without_usable_geometry_is_refused(
    archive, found, tmp_path, capsys, size_px, geometry, reason
):
    lines = [
        Line(f.line_id, i, f.text, *((f.baseline, f.polygon) if geometry else ()))
        for i, f in enumerate(found)
    ]
    page = Page("p1.jpg", tuple(lines), *size_px, "page")
    (tmp_path / "p1.xml").write_bytes(write_description(page, Origin("Quire", WRITTEN)))
    assert evaluate(["--transcripts", f"{archive}/out", "--truth", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert reason in error and error.count("\n") == 1
