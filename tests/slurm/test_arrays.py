"""`deploy/slurm/transcribe.sbatch` on a real Slurm: what happens to tasks harms no page.

`make test-slurm` runs it, as root, where Slurm and munge are installed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pipelines.archive.folder import Archive
from pipelines.cli.parts import Part
from pipelines.transcripts.tables import open_tables
from tests.fakes import write_fake_bundle
from tests.pipelines.drawn_archive import write_page
from tests.slurm.cluster import NODES, Cluster, wait_until

pytestmark = pytest.mark.skipif(
    not os.environ.get("QUIRE_TEST_SLURM"), reason="needs Slurm; run `make test-slurm`"
)

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "deploy" / "slurm" / "transcribe.sbatch"
PARTS, PAGES = 8, 64
# Starting takes a busy machine long.
LIMIT_S = 600
ENDED = {"COMPLETED", "FAILED", "CANCELLED", "NODE_FAIL", "TIMEOUT"}
# `seconds` and the identifier of the run are left out.
CONTENT = {
    "lines": "page_uri, line_id, line_index, text, confidence",
    "pages": "page_uri, status, reason, sha256, change, lines_ok",
}


@pytest.fixture
def cluster():
    folder = Path(tempfile.mkdtemp(prefix="quire-slurm-"))
    started = Cluster(folder)
    try:
        started.start()
        yield started
    finally:
        started.stop()
        shutil.rmtree(folder)


@pytest.fixture
def archive(tmp_path):
    write_fake_bundle(tmp_path / "m")
    for number in range(PAGES):
        write_page(tmp_path / "in", f"p{number}", (f"acte {number}", "fils de Jean"))
    # With --root the names, and so the shares, are the same in any folder.
    names = [f"in/p{number}.jpg" for number in range(PAGES)]
    assert all(sum(map(Part(part + 1, PARTS).takes, names)) > 1 for part in range(PARTS))
    return tmp_path


def flags_of(folder, output):
    places = {"input": folder / "in", "model": folder / "m", "output": folder / output}
    return [f"--{name}={path}" for name, path in places.items()] + [f"--root={folder}"]


def submit(cluster, folder):
    """Submit the array as a user does, with less of the machine."""
    log = f"--output={folder}/log-%A_%a"
    small = [f"--array=1-{PARTS}", "--cpus-per-task=1", "--mem=500M", f"--chdir={ROOT}", log]
    return cluster.submit(*small, str(SCRIPT), *flags_of(folder, "out"))


def pid_of(folder, number):
    lock = folder / "out" / ".unfinished" / "parts" / f"{number}.lock"
    return int(lock.read_text().rpartition(" ")[2])


def waiting(folder):
    return {int(path.suffix[1:]) for path in folder.glob("gate.*")}


def content(folder, output, table):
    tables = open_tables(str(folder / output))
    return tables.sql(f"SELECT {CONTENT[table]} FROM all_{table} ORDER BY ALL").fetchall()


def test_an_array_whose_tasks_are_stopped_killed_and_lose_their_node(cluster, archive):
    gate = archive / "gate"
    cluster.environment |= {"GATE": str(gate), "QUIRE": f"{sys.executable} -m tests.slurm.gated"}
    first = submit(cluster, archive)

    # All begin at the same instant, and one run with it.
    wait_until(lambda: len(waiting(archive)) == PARTS, LIMIT_S, "eight tasks at work")
    pids = {number: pid_of(archive, number) for number in range(1, PARTS + 1)}
    assert set(pids.values()) == waiting(archive)

    # A second array on the same output harms nothing.
    second = submit(cluster, archive)

    def states(job):
        return {number: state for number, (state, _) in cluster.tasks(job).items()}

    def have_ended(job):
        found = states(job)
        # Before they start, all tasks are one job.
        return len(found) == PARTS and set(found.values()) <= ENDED

    wait_until(lambda: have_ended(second), LIMIT_S, "the second array")
    for number in range(1, PARTS + 1):
        said = (archive / f"log-{second}_{number}").read_text()
        assert f"part {number}/{PARTS} runs already" in said, said
        assert f"process {pids[number]}" in said, said
        assert said.count("\n") == 1, said

    # The tasks of a node, of which two are to be stopped otherwise.
    nodes = {number: node for number, (_, node) in cluster.tasks(first).items()}
    lost = next(node for node in reversed(NODES) if list(nodes.values()).count(node) >= 2)
    on_it = [number for number, node in nodes.items() if node == lost]
    stopped, killed, *_ = [number for number in pids if number not in on_it[2:]]
    cluster.ask("scancel", f"{first}_{stopped}")
    os.kill(pids[killed], signal.SIGKILL)
    others = [number for number in on_it if number not in (stopped, killed)]
    cluster.kill_node(lost, [pids[number] for number in others])
    wait_until(
        lambda: states(first)[stopped] in ENDED and states(first)[killed] in ENDED,
        LIMIT_S,
        "the tasks that were stopped",
    )
    assert (
        "interrupted; run the same command again"
        in (archive / f"log-{first}_{stopped}").read_text()
    )
    for number in (stopped, killed):
        cluster.requeue(first, number)
    cluster.bring_back(lost, LIMIT_S)
    gate.touch()

    def is_complete():
        # A task that Slurm still cleans up after when it is told to requeue it stays as it is.
        for number, state in states(first).items():
            if state in ENDED - {"COMPLETED"}:
                cluster.requeue(first, number)
        cluster.hurry(first)
        return set(states(first).values()) == {"COMPLETED"}

    wait_until(is_complete, LIMIT_S, "the array", cluster.said)

    logs = "".join((archive / f"log-{first}_{number}").read_text() for number in pids)
    assert logs.count(f"all {PARTS} parts are done\n") == 1, logs
    assert_like_one_process(archive)


def assert_like_one_process(archive):
    alone = [sys.executable, "-m", "pipelines.transcribe", *flags_of(archive, "alone"), "--jobs=1"]
    subprocess.run(alone, cwd=ROOT, check=True, capture_output=True)
    for table in CONTENT:
        rows = content(archive, "out", table)
        assert rows == content(archive, "alone", table)
        assert rows
    runs = "SELECT status, pages_in, pages_ok, lines_ok, pages_new FROM runs"
    (account,) = open_tables(str(archive / "out")).sql(runs).fetchall()
    assert account == ("complete", 2 * PAGES, PAGES, 2 * PAGES, PAGES)
    names = "SELECT count(*) - count(DISTINCT page_uri) FROM all_pages"
    assert open_tables(str(archive / "out")).sql(names).fetchall() == [(0,)]
    left = Archive(str(archive / "out"))
    assert sorted(path.name for path in Path(left.parts).iterdir()) == ["lock"]
