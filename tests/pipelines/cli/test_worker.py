"""Worker processes whose main process was killed."""

import os
import subprocess
import sys

from apache_beam.options.pipeline_options import SetupOptions

from pipelines.cli.main_process import MAIN_PROCESS
from pipelines.cli.options import verb_parser
from pipelines.engines.running import run_beam_verb

WAIT_S = 120
WORKER = "import pipelines.cli.worker, time; print(flush=True); time.sleep(600)"


def test_a_worker_ends_after_its_main_process():
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as main:
        environment = {**os.environ, MAIN_PROCESS: str(main.pid)}
        command = [sys.executable, "-c", WORKER]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as worker:
            try:
                worker.stdout.readline()
                assert worker.poll() is None
                # Its status is not asked for: it is no process any more, but not gone.
                main.kill()
                assert worker.wait(WAIT_S) == 1
            finally:
                worker.kill()


def test_workers_are_told_their_main_process(monkeypatch):
    monkeypatch.delenv(MAIN_PROCESS, raising=False)
    given = []
    run = lambda args, options: given.append(options) or 0  # noqa: E731
    assert run_beam_verb(verb_parser("x", "x"), run, ["--beam_plugins", "json"]) == 0
    plugins = given[0].view_as(SetupOptions).beam_plugins
    assert plugins == ["json", "pipelines.cli.worker"]
    assert os.environ[MAIN_PROCESS] == str(os.getpid())
