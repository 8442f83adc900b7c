"""The files in deploy/schedule: systemd, cron, a dashboard; and the command without a shell.

The DAG is loaded and run in tests/airflow.
"""

from __future__ import annotations

import json
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pipelines.cli.metrics import _HELP
from pipelines.files.lock import run_lock
from tests.documented import parser_of
from tests.drawn import png, text_strip

ROOT = Path(__file__).resolve().parents[1]
SCHEDULE = ROOT / "deploy" / "schedule"


def commands():
    """Return the command lines in the files, without redirections."""
    service = (SCHEDULE / "quire-transcribe.service").read_text()
    cron = (SCHEDULE / "quire.cron").read_text()
    return [
        re.search(r"^ExecStart=\S+/quire (.*)$", service, re.MULTILINE)[1],
        re.search(r"\$\(\S+/quire (.*?) 2>&1\)", cron)[1],
    ]


@pytest.mark.parametrize("command", commands())
def test_flags_are_those_of_the_command(command):
    verb, *flags = shlex.split(command)
    parser = parser_of(f"pipelines.{verb}")
    assert {one for one in flags if one.startswith("--")} <= set(parser._option_string_actions)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_accepts_service_and_timer(tmp_path):
    program = tmp_path / "quire"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for name in ("quire-transcribe.service", "quire-transcribe.timer"):
        text = (SCHEDULE / name).read_text()
        (tmp_path / name).write_text(
            text.replace("/opt/quire/bin/quire", str(program)).replace("User=quire", "User=root")
        )
    files = sorted(map(str, tmp_path.glob("quire-*")))
    run = ["systemd-analyze", "verify", "--man=no", *files]
    verified = subprocess.run(run, capture_output=True, text=True)
    said = [line for line in verified.stderr.splitlines() if str(tmp_path) in line]
    assert said == [] and "Failed" not in verified.stderr, verified.stderr


@pytest.mark.parametrize(("status", "is_mailed"), [(0, False), (4, False), (2, True), (3, True)])
def test_cron_mails_what_needs_somebody(tmp_path, status, is_mailed):
    *_, line = (SCHEDULE / "quire.cron").read_text().splitlines()
    command = line.split(None, 6)[6]
    program = tmp_path / "quire"
    program.write_text(f"#!/bin/sh\necho account of the run\nexit {status}\n")
    program.chmod(0o755)
    command = command.replace("/opt/quire/bin/quire", str(program))
    # As cron starts it.
    ran = subprocess.run(
        ["/bin/sh", "-c", command], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True
    )
    assert (ran.stdout, ran.stderr) == (
        (f"account of the run\nexit status {status}\n", "") if is_mailed else ("", "")
    )


def transcribe_alone(tmp_path, *flags):
    """Run transcribe with nothing in its environment, as a timer might."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom pipelines.transcribe import main\n"
    code += "sys.exit(main())"
    paths = ["--input", str(tmp_path / "scans"), "--output", str(tmp_path / "t")]
    run = [sys.executable, "-c", code, *paths, "--lines", "whole", "--quality", "fast", *flags]
    return subprocess.run(run, cwd="/", env={}, capture_output=True, text=True)


@pytest.fixture
def scans(tmp_path):
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "é.png").write_bytes(png(text_strip("acte")))
    return tmp_path


def test_the_command_needs_nothing_of_its_environment(scans):
    ran = transcribe_alone(scans, "--metrics_file", str(scans / "quire.prom"))
    assert ran.returncode == 0, ran.stderr
    assert "pages: 1 in = 1 ok" in ran.stdout and "Traceback" not in ran.stderr
    assert "quire_run_exit_status" in (scans / "quire.prom").read_text()


def test_a_timer_that_fires_while_a_run_goes_on_harms_nothing(scans):
    unfinished = scans / "t" / ".unfinished"
    unfinished.mkdir(parents=True)
    held, is_done = threading.Event(), threading.Event()

    def hold():
        with run_lock(str(unfinished)):
            held.set()
            is_done.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert held.wait(20)
        ran = transcribe_alone(scans)
    finally:
        is_done.set()
        holder.join()
    assert ran.returncode == 4 and ran.stderr.count("\n") == 1, ran.stderr
    assert "another run" in ran.stderr and "wait for it" in ran.stderr
    assert transcribe_alone(scans).returncode == 0


def test_the_dashboard_asks_for_metrics_that_there_are():
    text = (SCHEDULE / "grafana.json").read_text()
    assert json.loads(text)["panels"]
    asked = set(re.findall(r"quire_\w+", text))
    assert asked and asked <= set(_HELP)


def test_the_dag_tells_what_is_missing_where_there_is_no_airflow():
    with pytest.raises(ImportError, match="airflow.*; this DAG needs Airflow 3: pip "):
        runpy.run_path(str(SCHEDULE / "quire_airflow.py"))
