"""Engines that are missing or wrong are told in one line, before the first page."""

from __future__ import annotations

import socket

import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.cli import engine
from pipelines.cli.engine import check_engine, compare_facts, own_facts
from pipelines.cli.options import UsageError
from pipelines.transcribe import main

NOBODY = "127.0.0.1:9"


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
        (
            ["--runner", "PrismRunner", "--environment_type", "external"]
            + ["--environment_config", NOBODY],
            f"--environment_config {NOBODY}: nobody answers there",
        ),
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


def test_a_pool_that_never_starts_a_worker_is_given_up(address, monkeypatch):
    monkeypatch.setattr(engine, "_START_S", 0.5)
    pool = ["--environment_type", "EXTERNAL", "--environment_config", address]
    with pytest.raises(UsageError, match=r"no worker has started within .* `python` of its PATH"):
        check("--runner", "PortableRunner", "--job_endpoint", address, *pool)


@pytest.mark.parametrize("name", sorted(own_facts()))
def test_a_worker_that_is_another_is_named(monkeypatch, name, address):
    compare_facts(own_facts())
    others = own_facts() | {name: "9.9"}
    with pytest.raises(RuntimeError, match=f"another worker: .* has {name} .*, the run is of 9.9"):
        compare_facts(others)
    # Beam's local runner stands for an engine: its workers are this process.
    monkeypatch.setattr(engine, "own_facts", lambda: dict(others))
    monkeypatch.setattr(engine, "compare_facts", _compare_with_these)
    local = ["--runner", "apache_beam.runners.portability.fn_api_runner.FnApiRunner"]
    pool = ["--environment_type", "EXTERNAL", "--environment_config", address]
    with pytest.raises(UsageError) as raised:
        check(*local, *pool)
    said = str(raised.value)
    assert f"{name} " in said and said.endswith("install the same versions there")


FACTS = own_facts()


def _compare_with_these(wanted):
    differing = [name for name in wanted if FACTS[name] != wanted[name]]
    if differing:
        raise RuntimeError(f"another worker: here has {differing[0]} 1, the run is of 9.9")


def test_tracebacks_that_an_engine_sends_stay_off_the_screen(caplog):
    import logging

    with engine.tracebacks_aside():
        logging.error("Traceback (most recent call last):\n  File x")
        logging.error("short")
    logging.error("Traceback (most recent call last): later")
    assert [record.message for record in caplog.records] == [
        "short",
        "Traceback (most recent call last): later",
    ]
