"""SIGTERM gives status 4 wherever it comes, and Ctrl-C 130."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import apache_beam as beam
import pytest

from pipelines.cli.options import verb_parser
from pipelines.engines.running import run_beam_verb

ROOT = Path(__file__).parents[3]


def stop_here(element, number):
    os.kill(os.getpid(), number)
    time.sleep(9)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 4), (signal.SIGINT, 130)])
def test_within_a_step_of_beam(number, status, capsys):
    def run(args, options):
        with beam.Pipeline(options=options) as pipeline:
            pipeline | beam.Create([1]) | beam.Map(stop_here, number)
        return 0

    assert run_beam_verb(verb_parser("test", "A test."), run, []) == status
    assert capsys.readouterr().err == "interrupted\n"


def test_an_error_in_place_of_the_signal_is_the_signal(capsys):
    def run(args, options):
        try:
            stop_here(1, signal.SIGTERM)
        except BaseException:
            raise RuntimeError("the bundle failed") from None

    assert run_beam_verb(verb_parser("test", "A test."), run, []) == 4
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 4), (signal.SIGINT, 130)])
@pytest.mark.parametrize("start", [["-m", "pipelines.transcribe"], ["quire", "transcribe"]])
def test_while_modules_are_imported(start, number, status, tmp_path):
    (tmp_path / "apache_beam").mkdir()
    (tmp_path / "apache_beam" / "__init__.py").write_text(
        "import time\nprint('importing', flush=True)\ntime.sleep(60)\n"
    )
    if start[0] == "quire":
        start = [str(tmp_path / "quire"), *start[1:]]
        Path(start[0]).write_text("from pipelines.cli.console import script\nscript()\n")
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    with subprocess.Popen(
        [sys.executable, *start, "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=tmp_path,
    ) as process:
        assert process.stdout.readline() == "importing\n"
        process.send_signal(number)
        assert process.stderr.read() == "interrupted\n"
    assert process.returncode == status


def test_a_program_that_imports_quire_keeps_its_signals():
    code = "import signal, pipelines; print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert ended.stdout == "True\n"
