"""Which pages need not be read again, judging by tables made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.archive.earlier_runs import write_known_pages
from pipelines.archive.folder import Archive
from pipelines.archive.page_keys import content_key, failing_key, older_key, page_key
from pipelines.archive.state import read_state
from pipelines.files.key_set import KeySet
from pipelines.tables.runs import RunStart, digest_of
from schemas.records import SkipReason
from tests.pipelines.written_tables import write_run

DIGEST = digest_of("m1", "p")
# The model of each run, and the status and image digest of each page.
PAGES = st.dictionaries(
    st.sampled_from("abc"),
    st.tuples(
        st.sampled_from(["ok", "failed", "skipped", SkipReason.RETURNED]), st.sampled_from("xy")
    ),
)
RUNS = st.lists(st.tuples(st.sampled_from(["m1", "m2"]), PAGES), max_size=5)


def known_keys(folder: Path) -> list[bytes]:
    archive = Archive(str(folder))
    run = replace(RunStart.now("transcribe", {}, "m1"), preprocess_digest="p")
    write_known_pages(archive, read_state(archive), run, str(folder / "known"))
    return list(KeySet((folder / "known").read_bytes()))


@settings(max_examples=30, deadline=None)
@given(RUNS)
def test_each_reading_makes_a_page_known_and_the_newest_row_makes_it_fail(runs):
    readings, statuses = {}, {}
    with TemporaryDirectory() as folder:
        for number, (model, pages) in enumerate(runs):
            run = {"run_id": f"r{number}", "model_digest": model, "preprocess_digest": "p"}
            rows = [
                {"page_uri": uri, "sha256": sha256}
                | (
                    {"reason": SkipReason.RETURNED}
                    if status == SkipReason.RETURNED
                    else {"status": status}
                )
                for uri, (status, sha256) in pages.items()
            ]
            write_run(Path(folder), run, pages=rows)
            statuses |= {uri: status for uri, (status, _) in pages.items()}
            for uri, (status, sha256) in pages.items():
                if status not in ("failed", SkipReason.RETURNED):
                    readings.setdefault(uri, []).append((model, sha256, status))
        wanted = {failing_key(uri) for uri, status in statuses.items() if status == "failed"}
        for uri, of_page in readings.items():
            for place, (model, sha256, status) in enumerate(of_page, 1):
                if model == "m1":
                    key = page_key if place == len(of_page) else older_key
                    wanted.add(key(uri, sha256, "", DIGEST))
                    wanted |= {content_key(sha256, "", DIGEST)} if status == "ok" else set()
        assert known_keys(Path(folder)) == sorted(wanted)


def test_a_document_fails_until_a_newer_run_finds_its_pages(tmp_path):
    def is_failing(run_id, uri, **columns):
        row = {"page_uri": uri, "reason": SkipReason.RETURNED} | columns
        write_run(tmp_path, {"run_id": run_id}, pages=[row])
        return failing_key("d.pdf") in known_keys(tmp_path)

    assert not is_failing("r1", "d.pdf#page=1", document="d.pdf")
    assert is_failing("r2", "d.pdf", document="d.pdf", status="failed")
    assert is_failing("r3", "e.pdf#page=1", document="e.pdf")
    assert not is_failing("r4", "d.pdf#page=1", document="d.pdf")
