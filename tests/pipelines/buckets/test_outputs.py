"""What commands write into a bucket appears as a whole, and can be read there."""

from __future__ import annotations

import json

import pytest

from pipelines.files.output import move_folder, whole_output
from tests.pipelines.drawn_archive import write_page

_COUNT = "SELECT count(*) AS pages FROM pages WHERE status = 'ok'"

_FAILED = "SELECT count(*) AS failed FROM failures"


@pytest.fixture(scope="module")
def transcripts(bucket, archive):
    """Return a transcription in the bucket, whose images are on a disk."""
    return bucket.put(archive / "out", bucket.place())


def done(child, status=0):
    assert child.returncode == status and "Traceback" not in child.stderr, child.stderr
    return child.stdout


def test_a_dataset_in_a_bucket_is_made_read_and_replaced(bucket, archive, tmp_path):
    pages = {"train/p0": "acte de mariage", "train/p1": "fils de Jean", "test/p2": "le maire"}
    for name, text in pages.items():
        folder, _, page = name.partition("/")
        write_page(tmp_path / "in" / folder, page, (text,))
    place = bucket.place()
    inputs = bucket.put(tmp_path / "in", f"{place}/in")
    flags = [f"--input={inputs}", f"--output={place}/set", "--jobs=1"]
    done(bucket.run("ingest", *flags))
    names = bucket.names(f"{place}/set")
    assert {".quire", "manifest.json", "report.html"} <= {*names}
    assert any(name.startswith("test/") for name in names)
    assert not [name for name in names if "unfinished" in name or "copying" in name]
    # Nothing is left beside it.
    assert {name.partition("/")[0] for name in bucket.names(place)} == {"in", "set"}
    model = f"--model={archive / 'm'}"
    evaluate = ["evaluate", f"--dataset={place}/set", model]
    report = bucket.run(*evaluate, f"--report={place}/report.html", "--json")
    assert json.loads(done(report))["lines"] > 0
    assert bucket.store.read(f"{place}/report.html").content.startswith(b"<!doctype html>")
    again = bucket.run("ingest", *flags)
    assert again.returncode == 2 and "exists; give --overwrite to replace it" in again.stderr
    bucket.store.write(f"{place}/set/train/stray", b"of the older output")
    done(bucket.run("ingest", *flags, "--overwrite"))
    assert bucket.names(f"{place}/set") == names
    # One that was cut off as it was copied is no dataset, and is in nobody's way.
    bucket.store.write(f"{place}/set/.quire-copying", b"")
    bucket.store.delete(f"{place}/set/.quire")
    cut_off = bucket.run(*evaluate)
    assert cut_off.returncode == 2 and cut_off.stderr.count("\n") == 1
    assert "is not complete (there is no .quire in it)" in cut_off.stderr
    done(bucket.run("ingest", *flags))
    assert bucket.names(f"{place}/set") == names


def test_lines_in_a_bucket(bucket, archive):
    place = bucket.place()
    out = done(
        bucket.run(
            "lines", f"--input={archive / 'in'}", f"--output={place}", "--max_failure_rate=1"
        )
    )
    assert "= 7 ok + 1 failed" in out
    names = bucket.names(place)
    assert [name for name in names if name.startswith("page/")] == [
        f"page/p{number}.jpg.xml" for number in range(7)
    ]
    assert ".quire" in names
    rows = done(bucket.run("query", f"--transcripts={place}", "--format=csv", _COUNT))
    assert rows.split() == ["pages", "7"]


def test_workers_elsewhere_write_in_its_place(bucket):
    place = bucket.place()
    with whole_output(place, is_elsewhere=True) as folder:
        assert folder == place
        bucket.store.write(f"{place}/a", b"x")
        assert bucket.names(place) == [".quire-copying", "a"]
    assert bucket.names(place) == [".quire", "a"]
    move_folder(place, f"{place}-moved")
    assert bucket.names(place) == [] and bucket.names(f"{place}-moved") == [".quire", "a"]
    with (
        pytest.raises(ZeroDivisionError),
        whole_output(f"{place}-moved", overwrite=True, is_elsewhere=True),
    ):
        bucket.store.write(f"{place}-moved/b", b"%d" % (1 // 0))
    assert bucket.names(f"{place}-moved") == []


def test_lines_in_parts_in_a_bucket(bucket, archive):
    place = f"{bucket.place()}/lines"
    flags = [f"--input={archive / 'in'}", f"--output={place}", "--max_failure_rate=1", "--jobs=1"]
    first = bucket.run("lines", *flags, "--part=2/2")
    assert "1 of 2 parts is done (not yet 1)" in done(first)
    # What is there is not complete yet.
    asked = bucket.run("query", f"--transcripts={place}", _COUNT)
    assert asked.returncode == 2 and "is not complete" in asked.stderr
    assert "= 7 ok + 1 failed" in done(bucket.run("lines", *flags, "--part=1/2"))
    rows = done(bucket.run("query", f"--transcripts={place}", "--format=csv", _COUNT))
    assert rows.split() == ["pages", "7"]
    failed = bucket.run("query", f"--transcripts={place}/failures", "--format=csv", _FAILED)
    assert done(failed).split() == ["failed", "1"]
    assert len([name for name in bucket.names(place) if name.startswith("page/")]) == 7
    # Nothing is left beside it.
    assert bucket.names(f"{place}.parts") == []


def test_transcripts_in_a_bucket_are_queried_shown_and_exported(bucket, transcripts, tmp_path):
    where = f"--transcripts={transcripts}"
    assert done(bucket.run("query", where, "--format=csv", _COUNT)).split() == ["pages", "7"]
    done(bucket.run("show", where, f"--output={tmp_path / 'page.html'}"))
    assert b"data:image/" in (tmp_path / "page.html").read_bytes()
    output = f"{bucket.place()}/xml"
    export = ["export", where, "--to", "page", "text", "--output", output, "--max_failure_rate=1"]
    done(bucket.run(*export))
    names = bucket.names(output)
    assert ".quire" in names and sum(name.startswith("text/") for name in names) == 7
    page = next(name for name in names if name.startswith("text/"))
    bucket.store.delete(f"{output}/{page}")
    update = bucket.run(*export, "--changed_since=last")
    assert "7" in done(update)


def test_a_change_in_a_bucket_is_seen_by_the_next_query(bucket, archive, tmp_path):
    place = bucket.place()
    write_page(tmp_path / "in", "one")
    flags = [f"--input={tmp_path / 'in'}", f"--model={archive / 'm'}", f"--output={place}"]
    done(bucket.run("transcribe", *flags, "--jobs=1"))
    ask = ["query", f"--transcripts={place}", "--format=csv", _COUNT]
    assert done(bucket.run(*ask)).split() == ["pages", "1"]
    write_page(tmp_path / "in", "two")
    done(bucket.run("transcribe", *flags, "--jobs=1"))
    assert done(bucket.run(*ask)).split() == ["pages", "2"]
    compacted = done(bucket.run("compact", f"--transcripts={place}"))
    assert compacted.endswith("complete\n")
    assert done(bucket.run(*ask)).split() == ["pages", "2"]
    forgotten = bucket.run("forget", f"--transcripts={place}", "--page", "two.jpg", "--dry_run")
    assert forgotten.returncode == 2 and "no page has this name" in forgotten.stderr
