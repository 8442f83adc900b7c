"""Exports tell pages that are gone from failures, and say what they lack."""

import pytest

from schemas.records import SkipReason
from tests.pipelines.exported import NOW, export, files, write_archive
from tests.pipelines.written_tables import write_run


@pytest.fixture
def archive(tmp_path):
    return write_archive(tmp_path)


# What happens to the images, the flags, the exit status and the last line.
ENDS = (
    ({}, ["--to", "text"], 0, "complete"),
    ({"a/x.jpg": None}, ["--to", "text"], 0, "complete"),
    ({"a/x.jpg": None}, ["--to", "pdf"], 0, "complete, without 1 page that is gone"),
    (
        {"b/x.jpg": b"no image"},
        ["--to", "pdf", "--max_failure_rate", "1"],
        0,
        "complete, except 1 page that failed; {out}/failures lists each",
    ),
    (
        {"a/x.jpg": None, "b/x.jpg": b"no image"},
        ["--to", "pdf", "--max_failure_rate", "1"],
        0,
        "complete, without 1 page that is gone and except 1 page that failed; "
        "{out}/failures lists each",
    ),
)


@pytest.mark.parametrize(("images", "flags", "status", "last"), ENDS)
def test_an_export_says_what_it_lacks(archive, capsys, images, flags, status, last):
    for name, data in images.items():
        path = archive / "in" / name
        path.unlink() if data is None else path.write_bytes(data)
    assert export(archive, *flags) == status
    assert capsys.readouterr().out.splitlines()[-1] == last.format(out=archive / "out")


def test_an_export_leaves_out_pages_that_are_gone(archive, capsys):
    uri = f"{archive}/in/a/x.jpg"
    gone = {"page_uri": uri, "status": "skipped", "reason": SkipReason.GONE, "change": "gone"}
    write_run(archive / "t", {"run_id": "r2", "started": NOW, "finished": NOW}, pages=[gone])
    assert export(archive, "--to", "text") == 0
    said = capsys.readouterr().out
    assert "pages: 5 in = 5 ok" in said and "left out: 1 page that is gone" in said
    assert said.splitlines()[-1] == "complete, without 1 page that is gone"
    assert not (archive / "out/text/a/x.jpg.txt").exists()


def test_an_export_without_any_image_is_of_no_use(archive, capsys):
    (archive / "in").rename(archive / "moved")
    assert export(archive, "--to", "pdf") == 3
    assert "no page could be written, as their images do not exist" in capsys.readouterr().err


def test_a_page_that_is_back_is_in_an_export_that_is_kept_up_to_date(archive):
    uri, name = f"{archive}/in/a/x.jpg", "a/x.jpg.txt"
    assert export(archive, "--to", "text") == 0 and name in files(archive / "out/text")
    rows = (("r2", SkipReason.GONE, "gone", False), ("r3", SkipReason.RETURNED, "back", True))
    for run_id, reason, change, is_there in rows:
        page = {"page_uri": uri, "status": "skipped", "reason": reason, "change": change}
        run = {"run_id": run_id, "started": NOW, "finished": NOW}
        write_run(archive / "t", run, pages=[page])
        assert export(archive, "--to", "text", "--changed_since", "last") == 0
        assert (name in files(archive / "out/text")) == is_there
