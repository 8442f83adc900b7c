"""`deploy/schedule/quire_airflow.py`, loaded and run by a real Airflow.

`make test-airflow` runs it, with AIRFLOW_PYTHON, the Python of an environment with Airflow.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.files.lock import run_lock
from tests.airflow.running import LIMIT_S, PYTHON, Airflow
from tests.fakes import write_fake_bundle
from tests.pipelines.drawn_archive import write_page

pytestmark = pytest.mark.skipif(not PYTHON, reason="needs Airflow; run `make test-airflow`")


@pytest.fixture(scope="module")
def airflow(tmp_path_factory):
    started = Airflow(tmp_path_factory.mktemp("airflow"))
    yield started
    started.stop()


class Archive:
    """An archive with its settings file, and the DAG that reads it every night."""

    def __init__(self, folder: Path, airflow: Airflow):
        self.scans, self.output = folder / "scans", folder / "out"
        self.account, self.settings = folder / "account.json", folder / "settings.toml"
        self._airflow = airflow
        write_fake_bundle(folder / "m")
        self.settings.write_text(
            f"[transcribe]\ninput = ['{self.scans}']\noutput = '{self.output}'\n"
            f"model = '{folder / 'm'}'\nlines = 'given'\njobs = 1\n"
        )
        self.use_python(sys.executable)

    def use_python(self, python: Path | str) -> None:
        paths = {
            "/opt/quire/bin/python": python,
            "/etc/quire/registers.toml": self.settings,
            "/var/lib/quire/registers.json": self.account,
        }
        self._airflow.place_dag(paths)


@pytest.fixture
def archive(airflow, tmp_path):
    return Archive(tmp_path, airflow)


def ending(day: dict) -> tuple[str, int]:
    return day["state"], day["tries"]


def counts(day: dict) -> dict[str, int]:
    (posted,) = day["posted"]
    account = posted["account"]["account"]
    return {what: account[f"pages_{what}"] for what in ("ok", "failed", "unchanged")}


def test_new_pages_none_and_a_damaged_one(airflow, archive):
    for name in ("a", "b"):
        write_page(archive.scans, name)
    first = airflow.day()
    assert ending(first) == ("success", 1), first["said"]
    assert counts(first) == {"ok": 2, "failed": 0, "unchanged": 0}
    (posted,) = first["posted"]
    # Two images and their descriptions.
    pages = "4 in, 2 ok, 0 failed, 2 skipped, 0 unchanged"
    assert posted["text"] == f"quire_nightly, try 1: exit status 0; pages: {pages}"
    assert (first["runs_at_once"], first["catchup"], first["schedule"]) == (1, False, "15 2 * * *")
    assert (first["retries"], first["retry_delay_s"]) == (3, 1800)

    second = airflow.day()
    assert ending(second) == ("success", 1), second["said"]
    assert counts(second) == {"ok": 0, "failed": 0, "unchanged": 4}

    write_page(archive.scans, "c")
    (archive.scans / "d.jpg").write_bytes(b"no image")
    third = airflow.day()
    # Another try would fail in the same way, so there is none.
    assert ending(third) == ("failed", 1), third["said"]
    assert counts(third) == {"ok": 1, "failed": 1, "unchanged": 4}
    assert "more than --max_failure_rate" in third["said"]


@contextmanager
def a_run_at_work(archive: Archive, airflow: Airflow) -> Iterator[None]:
    """Hold the lock of the output until the DAG announces another try."""
    unfinished = archive.output / ".unfinished"
    unfinished.mkdir(parents=True)
    is_held = threading.Event()

    def hold() -> None:
        with run_lock(str(unfinished)):
            is_held.set()
            airflow.chat.is_called.wait(LIMIT_S)
        airflow.chat.may_go_on.set()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert is_held.wait(LIMIT_S)
        yield
    finally:
        airflow.chat.is_called.set()
        holder.join()


def test_a_run_that_meets_another_is_tried_again(airflow, archive):
    write_page(archive.scans, "a")
    with a_run_at_work(archive, airflow):
        day = airflow.day(retried=f"{airflow.chat.url}again")
    assert ending(day) == ("success", 2), day["said"]
    assert "another run" in day["said"] and "return code 4" in day["said"]
    assert counts(day) == {"ok": 1, "failed": 0, "unchanged": 0}


def test_a_run_that_is_killed_is_tried_again(airflow, archive, tmp_path):
    write_page(archive.scans, "a")
    marker, program = tmp_path / "dies", tmp_path / "python"
    marker.touch()
    program.write_text(
        f'#!/bin/sh\n[ "$1" = -m ] && rm {marker} 2>&- && kill -9 $$\nexec {sys.executable} "$@"\n'
    )
    program.chmod(0o755)
    archive.use_python(program)
    day = airflow.day()
    assert ending(day) == ("success", 2), day["said"]
    assert "return code -9" in day["said"] and not marker.exists()
    assert counts(day) == {"ok": 1, "failed": 0, "unchanged": 0}


def test_unusable_settings_fail_at_once_and_no_older_account_is_posted(airflow, archive):
    archive.account.write_text(json.dumps({"exit_status": 0, "end_timestamp_seconds": 1.0}))
    archive.settings.write_text("[transcribe]\nimput = ['scans']\n")
    day = airflow.day()
    assert ending(day) == ("failed", 1), day["said"]
    assert "imput" in day["said"] and "return code 2" in day["said"]
    (posted,) = day["posted"]
    assert posted["account"] is None
    assert posted["text"].endswith("no account of this run; see the log of the task")


@pytest.mark.parametrize("provider", ["apache.beam", "google"])
def test_a_missing_provider_is_told_in_one_line(airflow, archive, provider):
    (error,) = airflow.day(without=f"airflow.providers.{provider}")["import_errors"]
    *_, line = error.strip().splitlines()
    assert f"airflow.providers.{provider}" in line
    assert "pip install apache-airflow-providers-apache-beam apache-airflow-providers-goo" in line
