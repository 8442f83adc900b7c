"""Engines that are missing or wrong are told in one line, before the first page."""

from __future__ import annotations

import logging
import socket
import threading

import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.cli.options import LOCAL_RUNNER, UsageError
from pipelines.engines import checks
from pipelines.engines.checks import check_engine, compare_facts, own_facts
from pipelines.transcribe import main

NOBODY = "127.0.0.1:9"
POOL = ["--runner", "PrismRunner", "--environment_type", "external", "--environment_config"]


def check(*flags):
    check_engine(PipelineOptions(list(flags)))


@pytest.fixture
def address():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--runner", "PrismRuner"], "PrismRuner is not known; did you mean PrismRunner?"),
        (["--runner", "Nothing"], "--runner Nothing is not known"),
        (["--runner", "no.such.module.Runner"], "is not known; No module named 'no'"),
        (["--runner", "os.path.join"], "--runner os.path.join is not known"),
        (["--runner", "DaskRunner"], "drops parts of a pipeline in silence"),
        (
            ["--runner", "apache_beam.runners.dask.dask_runner.DaskRunner"],
            "drops parts of a pipeline in silence",
        ),
        (
            ["--runner", "PortableRunner", "--job_endpoint", NOBODY],
            f"--job_endpoint {NOBODY}: nobody answers there (Connection refused); start the job",
        ),
        (
            ["--runner", "PortableRunner", "--job_endpoint", "localhost"],
            "--job_endpoint 'localhost' is not an address; give host:port",
        ),
        (
            ["--runner", "PrismRunner", "--environment_type", "EXTERNAL"],
            "--environment_config '' is not an address",
        ),
        ([*POOL, NOBODY], f"--environment_config {NOBODY}: nobody answers there"),
        (["--runner", "FlinkRunner", "--flink_master", NOBODY], "--flink_master 127.0.0.1:9: nob"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_told(tmp_path, capsys, flags, message):
    with pytest.raises(UsageError) as raised:
        check(*flags)
    assert message in str(raised.value)
    # The command says the same, and writes nothing.
    assert main(["--input", str(tmp_path), "--output", str(tmp_path / "out"), *flags]) == 2
    said = capsys.readouterr().err.strip()
    assert message in said and "\n" not in said and not (tmp_path / "out").exists()


def test_a_job_server_that_answers_is_enough_for_workers_like_this_process(address):
    check("--runner", "PortableRunner", "--job_endpoint", address)


def test_a_server_that_is_no_job_server_is_given_up(address, monkeypatch):
    monkeypatch.setattr(checks, "_START_S", 0.5)
    pool = ["--environment_type", "EXTERNAL", "--environment_config", address]
    with pytest.raises(UsageError, match=f"{address}: a worker could not start: "):
        check("--runner", "PortableRunner", "--job_endpoint", address, *pool)


def test_a_pool_that_never_starts_a_worker_is_given_up(address, monkeypatch):
    class Waiting:
        """The result of a job that waits for its workers."""

        cancelled = False

        def wait_until_finish(self, duration):
            assert duration == 120_000
            return "RUNNING"

        def cancel(self):
            self.cancelled = True

    job = Waiting()
    monkeypatch.setattr("apache_beam.Pipeline.run", lambda pipeline: job)
    pool = ["--environment_type", "EXTERNAL", "--environment_config", address]
    with pytest.raises(UsageError, match=r"no worker has started within 120 .* of its PATH"):
        check("--runner", "PrismRunner", *pool)
    assert job.cancelled


@pytest.mark.parametrize("name", sorted(own_facts()))
def test_a_worker_that_is_another_is_named(monkeypatch, name, address):
    own = own_facts()
    compare_facts(own)
    others = own | {name: "9.9"}
    with pytest.raises(
        RuntimeError, match=f"this worker cannot begin: .* has {name} .*, the run is of 9.9"
    ):
        compare_facts(others)
    # Beam's local runner stands for an engine: the second to be asked is the worker.
    answers = iter([others, own])
    monkeypatch.setattr(checks, "own_facts", lambda: next(answers))
    pool = ["--environment_type", "EXTERNAL", "--environment_config", address]
    with pytest.raises(UsageError) as raised:
        check("--runner", LOCAL_RUNNER, *pool)
    said = str(raised.value)
    assert f"has {name} {own[name]}, the run is of 9.9; install the same versions there" in said


@pytest.mark.parametrize(("name", "is_told"), [("wait_until_finish_read", False), ("x", True)])
def test_the_listener_of_beam_fails_off_the_screen(name, is_told, monkeypatch):
    told = []
    monkeypatch.setattr(threading, "excepthook", told.append)
    checks._quieten_listener.cache_clear()
    with checks.engine_messages_aside():
        pass
    # It fails when it likes.
    thread = threading.Thread(target=lambda: 1 / 0, name=name)
    thread.start()
    thread.join()
    assert bool(told) == is_told
    checks._quieten_listener.cache_clear()


def test_tracebacks_that_an_engine_sends_stay_off_the_screen(caplog):
    with checks.engine_messages_aside():
        logging.error("Traceback (most recent call last):\n  File x")
        logging.error("short")
    logging.error("Traceback (most recent call last): later")
    assert [record.message for record in caplog.records] == [
        "short",
        "Traceback (most recent call last): later",
    ]
