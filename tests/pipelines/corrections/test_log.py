"""The log of corrections: nothing that was acknowledged is lost, nobody is overwritten."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.cli.options import UsageError
from pipelines.corrections.log import Conflict, CorrectionLog
from schemas.corrections import Correction, CorrectionKind

ROOT = Path(__file__).parents[3]


def correction(line="l1", text="acte", page="p.jpg", kind=CorrectionKind.TEXT, author="eva"):
    return Correction("", "", author, page, line, "r-1", kind, "acto", text, ((1.0, 2.0), (9.5, 2)))


def file_of(folder):
    return Path(folder, "corrections", "corrections.jsonl")


def test_what_was_written_is_read(tmp_path):
    log = CorrectionLog(tmp_path)
    assert log.state().all == []
    first = log.append(correction())
    again = log.append(correction(text="acté"), seen=first.correction_id)
    other = log.append(correction("l2", "", kind=CorrectionKind.ILLEGIBLE))
    done = log.append(correction("", "", kind=CorrectionKind.PAGE_DONE))
    for state in (log.state(), CorrectionLog(tmp_path).state()):
        assert state.all == [first, again, other, done] and not state.damaged
        assert state.latest == {("p.jpg", "l1"): again, ("p.jpg", "l2"): other, ("p.jpg", ""): done}
    assert again.supersedes == first.correction_id != again.correction_id
    assert first.time < again.time and first.time.endswith("+00:00")
    # Texts are NFC.
    assert log.append(correction("l3", "e\u0301")).text == "é"


def test_a_log_that_another_wrote_to_is_read_on(tmp_path):
    one, other = CorrectionLog(tmp_path), CorrectionLog(tmp_path)
    assert one.state().all == []
    written = [other.append(correction(f"l{number}")) for number in range(3)]
    assert one.state().all == written


def test_a_person_who_did_not_see_the_newest_correction_is_told(tmp_path):
    log = CorrectionLog(tmp_path)
    first = log.append(correction())
    for seen in ("", "something else"):
        with pytest.raises(Conflict, match="eva corrected line l1 of p.jpg meanwhile") as raised:
            CorrectionLog(tmp_path).append(correction(text="other", author="max"), seen)
        assert raised.value.newer == first
    batch = [(correction("l2"), ""), (correction(), "")]
    with pytest.raises(Conflict):
        log.append_all(batch)
    assert log.state().all == [first]


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_log_that_was_cut_off_keeps_what_is_whole(data):
    with TemporaryDirectory() as folder:
        written = [CorrectionLog(folder).append(correction(f"l{n}")) for n in range(3)]
        path = file_of(folder)
        whole = path.read_bytes()
        cut = data.draw(st.integers(0, len(whole)))
        path.write_bytes(whole[:cut])
        ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
        kept = written[: sum(end <= cut for end in ends)]
        assert CorrectionLog(folder).state().all == kept
        new = CorrectionLog(folder).append(correction("new"))
        state = CorrectionLog(folder).state()
        # Only the end of the line is missing where the cut lies just before it.
        assert state.all in ([*kept, new], [*written[: len(kept) + 1], new])
        assert state.damaged == (cut not in (0, *ends)) - (len(state.all) - 1 - len(kept))


def test_a_line_that_holds_no_correction_is_counted(tmp_path):
    log = CorrectionLog(tmp_path)
    written = log.append(correction())
    good = file_of(tmp_path).read_text()
    bad = ["{}", "[]", "x", '"', "\x00" * 9, good.replace('"text"', '"kind"', 1).strip(), ""]
    bad += [good.replace("[[1.0, 2.0], [9.5, 2]]", points).strip() for points in ("1", "[1]")]
    file_of(tmp_path).write_text("\n".join([*bad, good]))
    state = CorrectionLog(tmp_path).state()
    assert state.all == [written] and state.damaged == len(bad) - 1


def _append(folder: str, name: str) -> None:
    log = CorrectionLog(folder)
    for number in range(20):
        log.append(correction(f"{name}-{number}"))


def test_several_processes_write_at_once(tmp_path):
    context = get_context("spawn")
    processes = [context.Process(target=_append, args=(str(tmp_path), str(n))) for n in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    state = CorrectionLog(tmp_path).state()
    assert {one.line_id for one in state.all} == {f"{n}-{k}" for n in range(3) for k in range(20)}
    assert len(state.all) == 60 and not state.damaged


FULL = """
import sys, signal, resource
from pipelines.corrections.log import CorrectionLog
from tests.pipelines.corrections.test_log import correction
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log = CorrectionLog(sys.argv[1])
written = [log.append(correction("l1"))]
size = log._path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, size + 20))
try:
    log.append(correction("l2"))
except OSError as error:
    print(error.strerror)
assert log.state().all == written and log._path.stat().st_size == size
"""


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="needs limits of file sizes")
def test_a_disk_that_is_full_loses_nothing(tmp_path):
    assert resource.RLIMIT_FSIZE is not None
    run = [sys.executable, "-c", FULL, str(tmp_path)]
    ended = subprocess.run(run, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "File too large\n"
    assert len(CorrectionLog(tmp_path).state().all) == 1


def test_pages_are_forgotten_while_others_read_and_write(tmp_path):
    log, other = CorrectionLog(tmp_path), CorrectionLog(tmp_path)
    assert log.forget(["p.jpg"]) == 0 and not (tmp_path / "corrections").exists()
    kept = log.append(correction(page="q.jpg"))
    gone = [log.append(correction(f"l{number}")) for number in range(3)]
    assert other.state().all == [kept, *gone]
    assert log.forget(["p.jpg", "x.jpg"]) == 3
    assert log.state().all == other.state().all == [kept]
    new = other.append(correction())
    assert log.state().all == [kept, new] and log.forget(["p.jpg"]) == 1
    assert b"p.jpg" not in file_of(tmp_path).read_bytes()


def test_a_bucket_is_refused():
    with pytest.raises(UsageError, match="gs://b/t: corrections are kept on a disk"):
        CorrectionLog("gs://b/t")


@pytest.mark.parametrize(
    ("kind", "line", "text"),
    [("text", "", "a"), ("page_done", "l", ""), ("illegible", "l", "a"), ("no_line", "l", "a")],
)
def test_kind_line_and_text_belong_together(kind, line, text):
    with pytest.raises(ValueError, match=kind):
        correction(line, text, kind=CorrectionKind(kind))
