"""--engine flink: what the cluster says fills in Beam's flags, or is told in one line."""

from __future__ import annotations

import socket
import threading
import zipfile

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.cli.options import UsageError, verb_parser
from pipelines.engines import flink
from pipelines.engines.flags import add_engine_flags
from pipelines.engines.flink import prepare_flink
from pipelines.engines.job_server import check_java
from pipelines.engines.running import run_beam_verb
from pipelines.transcribe import main
from tests.pipelines.engines.flink_cluster import answering, overview, write_jar, write_java
from tests.pipelines.servers import free_port

JAVA_17 = 'openjdk version "17.0.15" 2025-04-15'


@pytest.fixture
def fitting(tmp_path):
    """Flags that name a fitting job server and Java."""
    return [
        f"--flink_job_server_jar={write_jar(tmp_path)}",
        f"--job_server_java_launcher={write_java(tmp_path, JAVA_17)}",
    ]


def prepared(*flags):
    options = PipelineOptions(list(flags))
    prepare_flink(options, {flag.partition("=")[0] for flag in flags})
    return options.get_all_options()


def test_slots_and_version_are_those_of_the_cluster(fitting):
    with answering(overview()) as address:
        options = prepared(f"--flink_master={address}", *fitting)
        assert (options["parallelism"], options["flink_version"]) == (6, "1.20")
        assert options["sdk_worker_parallelism"] == 4
        options = prepared(f"--flink_master=http://{address}/", "--parallelism=2", *fitting)
        assert options["parallelism"] == 2


def test_a_cluster_that_starts_task_managers_on_demand_needs_a_parallelism(fitting):
    with answering(overview(task_managers=0, slots=0, free=0)) as address:
        master = f"--flink_master={address}"
        with pytest.raises(UsageError, match="has no slots; start a task manager, or, where they"):
            prepared(master, *fitting)
        assert prepared(master, "--parallelism=4", *fitting)["parallelism"] == 4


@pytest.mark.parametrize(
    ("answer", "flags", "message"),
    [
        (overview(free=0), [], "other jobs use all 8 slots of the cluster; wait for them"),
        (overview("1.16.3"), [], f"is Flink 1.16.3; Beam {beam.__version__} works with "),
        (overview(), ["--flink_version=2.0"], "--flink_version 2.0, but --flink_master"),
        ("<html>A page</html>", [], "what answers there is no Flink (<html>A page</html>)"),
        ('{"taskmanagers": 1}', [], "what answers there is no Flink"),
        ("[]", [], "what answers there is no Flink ([])"),
    ],
)
def test_what_does_not_fit_is_told_by_the_command(answer, flags, message, tmp_path, capsys):
    with answering(answer) as address:
        paths = ["--input", str(tmp_path), "--output", str(tmp_path / "out")]
        engine = ["--engine", "flink", "--flink_master", address, *flags]
        assert main([*paths, *engine]) == 2
    said = capsys.readouterr().err.strip()
    assert message in said and "\n" not in said and not (tmp_path / "out").exists()


def test_another_server_and_no_server_are_told():
    with answering("no", 500) as address, pytest.raises(UsageError, match="HTTP status 500"):
        prepared(f"--flink_master={address}")
    with pytest.raises(UsageError, match=r"no Flink answers there \(Connection refused\)"):
        prepared(f"--flink_master=127.0.0.1:{free_port()}")
    with pytest.raises(UsageError, match="no Flink answers there"):
        prepared("--flink_master=no address:x")


def test_a_server_that_speaks_something_else_or_nothing_is_told(monkeypatch):
    monkeypatch.setattr(flink, "_ANSWER_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        # It takes the connection and is silent.
        with pytest.raises(UsageError, match=r"no Flink answers there \(timed out\)"):
            prepared(f"--flink_master={address}")

        def greet():
            connection, _ = server.accept()
            connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
            connection.close()

        server.accept()[0].close()
        greeter = threading.Thread(target=greet)
        greeter.start()
        with pytest.raises(UsageError, match="no Flink answers there"):
            prepared(f"--flink_master={address}")
        greeter.join()


@pytest.mark.parametrize(
    ("jar", "message"),
    [
        (lambda folder: write_jar(folder, version="2.60.0"), "is of Beam 2.60.0, and this is Beam"),
        (lambda folder: write_jar(folder, flink="1.19"), "is for Flink 1.19, and the cluster is"),
        (lambda folder: folder / "none.jar", "none.jar: No such file or directory; give beam-"),
        (lambda folder: folder, "Is a directory; give beam-runners-flink-1.20-job-server-"),
    ],
)
def test_a_job_server_that_does_not_fit_is_told(jar, message, tmp_path):
    flags = [f"--flink_job_server_jar={jar(tmp_path)}"]
    with answering(overview()) as address, pytest.raises(UsageError) as raised:
        prepared(f"--flink_master={address}", *flags)
    assert message in str(raised.value) and "\n" not in str(raised.value)


def test_files_that_are_no_job_server_are_told(tmp_path):
    (tmp_path / "half.jar").write_bytes(write_jar(tmp_path).read_bytes()[:40])
    with answering(overview()) as address:
        with pytest.raises(UsageError, match="half.jar is no jar, or a part of one"):
            prepared(f"--flink_master={address}", f"--flink_job_server_jar={tmp_path}/half.jar")
        wheel = tmp_path / "other.jar"
        with zipfile.ZipFile(wheel, "w") as file:
            file.writestr("a.txt", "a")
        with pytest.raises(UsageError, match="other.jar is no job server of Beam for Flink"):
            prepared(f"--flink_master={address}", f"--flink_job_server_jar={wheel}")


def test_a_job_server_that_cannot_be_fetched_is_told(tmp_path, monkeypatch):
    def refuse(url, *more):
        raise RuntimeError(f"Unable to fetch remote job server jar at {url}: <refused>. If no ...")

    monkeypatch.setattr("pipelines.engines.job_server.JavaJarJobServer.local_jar", refuse)
    with answering(overview()) as address, pytest.raises(UsageError) as raised:
        prepared(f"--flink_master={address}")
    said = str(raised.value)
    assert said.startswith("the job server cannot be fetched from https://repo.maven.apache.org/")
    assert said.endswith("by --flink_job_server_jar, or start one and give its --job_endpoint")


@pytest.mark.parametrize(
    ("says", "message"),
    [
        ('java version "1.8.0_392"', "is Java 8, and the job server needs more; install Java 11"),
        ("hello", "does not tell its version, as Java does; install Java 11 or later"),
    ],
)
def test_a_java_that_does_not_fit_is_told(says, message, tmp_path):
    with pytest.raises(UsageError, match=message):
        check_java(str(write_java(tmp_path, says)), 11)


def test_a_missing_java_is_told(tmp_path):
    with answering(overview()) as address, pytest.raises(UsageError) as raised:
        prepared(
            f"--flink_master={address}",
            f"--flink_job_server_jar={write_jar(tmp_path)}",
            f"--job_server_java_launcher={tmp_path}/no_java",
        )
    assert "no such program, and Flink's job server needs Java; install Java 11" in str(
        raised.value
    )


def test_a_job_server_elsewhere_needs_neither_jar_nor_java_nor_cluster():
    options = prepared("--job_endpoint=jobs:8099")
    assert options["parallelism"] == -1 and options["flink_job_server_jar"] is None


def test_a_cluster_that_goes_away_ends_the_run(monkeypatch, capsys):
    """The work stands still, as Beam's job server asks for its cluster without end."""
    monkeypatch.setattr(flink, "_ASK_EVERY_S", 0.05)
    monkeypatch.setattr(flink, "_GONE_S", 0.3)
    monkeypatch.setattr("pipelines.engines.checks.check_engine", lambda options: None)
    parser = verb_parser("test", "A test.")
    add_engine_flags(parser)
    cluster = answering(overview())
    address = cluster.__enter__()

    def run(args, options):
        cluster.__exit__(None, None, None)
        threading.Event().wait(60)
        raise AssertionError("the run went on")

    flags = ["--engine", "flink", "--flink_master", address, "--job_endpoint", "localhost:1"]
    assert run_beam_verb(parser, run, flags) == 4
    said = capsys.readouterr().err.strip()
    assert said.startswith(f"Flink at {address} has not answered for ") and "\n" not in said
    assert said.endswith("run the same command again once it is back")


def test_an_estimate_is_for_the_slots_of_the_cluster():
    parser = verb_parser("test", "A test.")
    parser.add_argument("--dry_run", action="store_true")
    parser.add_argument("--workers", type=int)
    add_engine_flags(parser)
    seen = []

    def run(args, options):
        seen.append((args.workers, options.get_all_options()["environment_type"]))
        return 0

    with answering(overview()) as address:
        flags = ["--dry_run", "--engine", "flink", "--flink_master", address]
        assert run_beam_verb(parser, run, flags) == 0
        assert run_beam_verb(parser, run, [*flags, "--workers", "3"]) == 0
    assert seen == [(8, None), (3, None)]
