"""The demonstration of Flink: its steps, what may be missing, and that all is stopped."""

from __future__ import annotations

import re
import socket
import sys
import time

import pytest

from benchmarks.flink.__main__ import main
from benchmarks.flink.cluster import ClusterConfig, check_cluster, overview
from benchmarks.flink.comparison import compare
from benchmarks.flink.processes import Processes, StepFailed, answers, free_port
from tests.fakes import write_fake_bundle
from tests.pipelines.drawn_archive import write_page
from tests.pipelines.engines.flink_cluster import answering, write_java
from tests.pipelines.engines.flink_cluster import overview as said_by_flink
from tests.pipelines.written_tables import page, write_run

JAVA_17 = 'openjdk version "17.0.15" 2025-04-15'


def test_with_beams_job_service_in_flinks_place_the_rows_are_those_of_one_process(tmp_path, capsys):
    write_fake_bundle(tmp_path / "m")
    for name in ("a", "b", "c"):
        write_page(tmp_path / "in", name)
    (tmp_path / "in" / "d.jpg").write_bytes(b"no image")
    flags = ["--input", str(tmp_path / "in"), "--model", str(tmp_path / "m"), "--cluster", "beam"]
    assert main([*flags, "--output", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    # The three descriptions are pages, too, that are skipped.
    assert said.splitlines()[-1] == "the same rows: 9 lines, 7 pages, 1 failures"
    ports = re.findall(r"localhost:(\d+)", said)
    assert len(ports) == 2 and not any(answers(int(port)) for port in ports)


@pytest.fixture
def flink(tmp_path):
    """A configuration whose Java and jars are there, as far as can be seen from outside."""
    (tmp_path / "flink" / "lib").mkdir(parents=True)
    (tmp_path / "flink" / "lib" / "flink-dist-1.20.5.jar").touch()
    java = write_java(tmp_path, JAVA_17)
    return ClusterConfig(tmp_path / "flink", str(java), free_port())


def demo(config, output):
    flags = ["--flink_home", str(config.flink_home), "--java", config.java, "--output", str(output)]
    return main([*flags, "--port", str(config.port)])


def no_java(config):
    (config.flink_home.parent / "java").unlink()


def no_jars(config):
    (config.flink_home / "lib" / "flink-dist-1.20.5.jar").unlink()


def old_java(config):
    write_java(config.flink_home.parent, 'java version "1.8.0_402"')


def other_program(config):
    write_java(config.flink_home.parent, "command not known")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            no_java,
            "java: No such file or directory; install Java 11 or later, or give it by --java",
        ),
        (old_java, "java is Java 8, which is too old; install Java 11 or later"),
        (other_program, "java does not tell its version, as Java does; install Java 11"),
        (no_jars, "lib has no flink-dist-*.jar; give the folder of Flink by --flink_home, or run"),
    ],
)
def test_what_is_missing_is_told_before_anything_is_made(spoil, message, flink, tmp_path, capsys):
    check_cluster(flink)
    spoil(flink)
    assert demo(flink, tmp_path / "out") == 1
    said = capsys.readouterr().err.strip()
    assert message in said and "\n" not in said and not (tmp_path / "out").exists()


def test_a_port_in_use_is_told(flink, tmp_path, capsys):
    with socket.create_server(("127.0.0.1", flink.port)):
        assert demo(flink, tmp_path / "out") == 1
    said = capsys.readouterr().err
    assert f"port {flink.port}: Address already in use; stop what uses it, or give another" in said


def test_results_of_before_are_not_written_over(tmp_path, capsys):
    assert main(["--output", str(tmp_path)]) == 1
    assert "exists; delete it, or give another --output" in capsys.readouterr().err


def test_the_cluster_is_asked_for_its_slots():
    with answering(said_by_flink(slots=4)) as address:
        assert overview(address)["slots-total"] == 4
    with answering("<html>") as address:
        assert overview(address) == {}
    assert overview(address) == {}


def test_a_process_that_ends_is_told_with_its_last_words(tmp_path):
    code = "print('Caused by: no memory\\n  at Main.java:7'); raise SystemExit(3)"
    with Processes(tmp_path) as processes:
        processes.start("jobmanager", [sys.executable, "-c", code])
        with pytest.raises(StepFailed, match="jobmanager ended with status 3: Caused by: no memor"):
            processes.wait_for("waiting for slots", lambda: False, 60)


def test_what_a_process_has_started_is_stopped_too(tmp_path):
    port = free_port()
    server = (
        f"import socket, time; s = socket.create_server(('127.0.0.1', {port})); time.sleep(600)"
    )
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {server!r}])"
    with Processes(tmp_path) as processes:
        processes.start("pool", [sys.executable, "-c", code])
        processes.wait_for("waiting for the pool", lambda: answers(port), 60)
    # What was killed is gone a moment later.
    end = time.monotonic() + 60
    while answers(port) and time.monotonic() < end:
        time.sleep(0.05)
    assert not answers(port)


def test_a_program_that_is_missing_is_told(tmp_path):
    with Processes(tmp_path) as processes, pytest.raises(StepFailed, match="no_such_program: No"):
        processes.start("x", ["no_such_program"])


@pytest.mark.parametrize(
    ("pages", "message"),
    [
        (
            [page("a.jpg", lines_ok=2)],
            "pages: row 0 is .*a.jpg', 'ok', 1.* and .*a.jpg', 'ok', 2",
        ),
        ([page("a.jpg", lines_ok=1), page("b.jpg")], "pages: 1 rows in .*one, 2 in .*other"),
    ],
)
def test_rows_that_differ_are_told(pages, message, tmp_path):
    write_run(tmp_path / "one", {"run_id": "r1"}, pages=[page("a.jpg", lines_ok=1)])
    write_run(tmp_path / "other", {"run_id": "r2"}, pages=pages)
    assert (
        compare(tmp_path / "one", tmp_path / "one") == "the same rows: 0 lines, 1 pages, 0 failures"
    )
    with pytest.raises(StepFailed, match=message):
        compare(tmp_path / "one", tmp_path / "other")
