"""Runs on an engine whose workers share nothing with this process but inputs, output and model.

Beam's own job service speaks the protocol of Flink, Prism and Dataflow. The pool that starts its
workers has a folder, a home and a copy of Quire of its own.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pipelines
from pipelines.lines import main as find_lines
from pipelines.transcribe import main
from pipelines.transcripts.tables import open_tables
from tests.fakes import write_fake_bundle
from tests.pipelines.drawn_archive import write_page
from tests.pipelines.servers import await_port, free_port

_PORTABILITY = "apache_beam.runners.portability.local_job_service_main"
_POOL = "apache_beam.runners.worker.worker_pool_main"
# Put into the pool's copy of Quire: a worker that finds the file dies at its fourth page, or the
# process whose number is in the file does.
_DYING = """
_read_page, _count = read_page, 0


def read_page(source, reading):
    global _count
    _count += 1
    if os.path.exists({marker!r}) and _count == 4:
        number = open({marker!r}).read()
        os.unlink({marker!r})
        os.kill(int(number or os.getpid()), 9)
    return _read_page(source, reading)
"""


class Engine:
    """A job service and a pool of workers, as processes.

    Attributes:
        folder: Folder of the pool, with its copy of Quire.
        dies: A file; while it is there, the next worker dies, or the process whose number it holds.
        job_service: The process of the job service.
        flags: Flags of a command that runs there.
    """

    def __init__(self, folder: Path):
        self.folder, self._processes = folder, []
        self.dies = folder / "dies"
        root = Path(pipelines.__file__).parent.parent
        for name in ("schemas", "model", "pipelines"):
            shutil.copytree(
                root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.keras")
            )
        with open(folder / "pipelines/transcription/read_pages.py", "a", encoding="utf-8") as code:
            code.write("import os\n" + _DYING.format(marker=str(self.dies)))
        jobs, pool = free_port(), free_port()
        self._start(_PORTABILITY, "--port", str(jobs))
        self._start(_POOL, "--service_port", str(pool))
        self.flags = ["--runner", "PortableRunner", "--job_endpoint", f"localhost:{jobs}"]
        self.flags += ["--environment_type", "EXTERNAL"]
        self.flags += ["--environment_config", f"localhost:{pool}"]
        for port in (jobs, pool):
            await_port(port, self._processes)

    @property
    def job_service(self) -> subprocess.Popen:
        return self._processes[0]

    def _start(self, module: str, *flags: str) -> None:
        # The pool starts the first `python` of its PATH.
        binaries = self.folder / "bin"
        binaries.mkdir(exist_ok=True)
        if not (binaries / "python").exists():
            script = f'#!/bin/sh\nexec {sys.executable} "$@"\n'
            (binaries / "python").write_text(script)
            (binaries / "python").chmod(0o755)
        own = {"HOME": str(self.folder), "TMPDIR": str(self.folder), "PYTHONPATH": "."}
        environment = os.environ | own | {"PATH": f"{binaries}:{os.environ['PATH']}"}
        with open(self.folder / f"{module.rpartition('.')[2]}.log", "w") as log:
            command = [sys.executable, "-m", module, *flags]
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)

    def stop(self) -> None:
        """End all processes, the workers too."""
        for process in self._processes:
            os.killpg(process.pid, 9)
            process.wait()


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    engine = Engine(tmp_path_factory.mktemp("pool"))
    yield engine
    engine.stop()


def prism() -> str:
    """Return Beam's own engine in Go; empty if it is not installed.

    go install github.com/apache/beam/sdks/v2/go/cmd/prism@v2.77.0
    """
    return os.environ.get("PRISM") or shutil.which("prism") or ""


@pytest.fixture(params=["job service", "Prism"])
def there(request, engine):
    """The flags of a run by Beam's job service, and by Prism, with the pool of `engine`."""
    if request.param == "job service":
        return engine.flags
    if not prism():
        pytest.skip("prism is not installed")
    pool = engine.flags[engine.flags.index("--environment_type") :]
    return ["--runner", "PrismRunner", "--prism_location", prism(), *pool]


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Ten pages, one of them damaged, a model, and what one process reads."""
    folder = tmp_path_factory.mktemp("archive")
    write_fake_bundle(folder / "m")
    for number in range(9):
        write_page(folder / "in", f"p{number}")
    (folder / "in" / "bad.jpg").write_bytes(b"no image")
    assert transcribe(folder, "alone") == 3
    return folder


def transcribe(archive, name, *flags, model="m"):
    inputs = ["--input", str(archive / "in"), "--output", str(archive / name)]
    paths = [*inputs, "--model", str(archive / model) if model == "m" else model]
    return main([*paths, *(flags or ["--runner", "DirectRunner"])])


def rows(folder):
    connection = open_tables(str(folder))
    return [
        connection.sql(sql).fetchall()
        for sql in (
            "SELECT page_uri, line_id, text, confidence FROM all_lines ORDER BY ALL",
            "SELECT page_uri, status, lines_ok, lines_failed FROM all_pages ORDER BY ALL",
            "SELECT uri, line_id, stage, error FROM all_failures ORDER BY ALL",
            "SELECT pages_in, pages_ok, pages_failed, lines_in FROM runs ORDER BY run_id",
        )
    ]


def test_workers_elsewhere_give_the_rows_of_one_process(there, engine, archive, tmp_path, capfd):
    assert transcribe(archive, tmp_path / "out", *there) == 3
    assert rows(tmp_path / "out") == rows(archive / "alone")
    # Nothing but the outcome is shown.
    assert "INFO" not in capfd.readouterr().err


def test_a_worker_that_is_killed_is_told_and_the_next_run_goes_on(
    there, engine, archive, tmp_path, capfd
):
    engine.dies.touch()
    assert transcribe(archive, tmp_path / "out", *there) == 4
    said = capfd.readouterr().err.strip()
    assert said.splitlines()[-1].startswith("the job failed, as a worker or the engine went away (")
    assert said.endswith("run the same command again to go on") and "Traceback" not in said
    assert not engine.dies.exists() and not list((tmp_path / "out").glob("runs/*"))
    assert transcribe(archive, tmp_path / "out", "--runner", "DirectRunner") == 3
    assert rows(tmp_path / "out")[:3] == rows(archive / "alone")[:3]


def test_an_engine_that_goes_away_is_told_and_the_next_run_goes_on(archive, tmp_path, capfd):
    engine = Engine(tmp_path)
    try:
        engine.dies.write_text(str(engine.job_service.pid))
        assert transcribe(archive, tmp_path / "out", *engine.flags) == 4
    finally:
        engine.stop()
    said = capfd.readouterr().err.strip()
    assert said.splitlines()[-1].startswith("the job failed, as a worker or the engine went away (")
    assert "Traceback" not in said
    assert not engine.dies.exists() and not list((tmp_path / "out").glob("runs/*"))
    assert transcribe(archive, tmp_path / "out", "--engine", "local") == 3
    assert rows(tmp_path / "out")[:3] == rows(archive / "alone")[:3]


def test_a_worker_with_another_bundled_model_is_refused(engine, archive, capfd):
    charset = engine.folder / "model" / "default" / "charset.json"
    before = charset.read_bytes()
    charset.write_bytes(before + b" ")
    try:
        status = transcribe(archive, "other", *engine.flags, model="default")
    finally:
        charset.write_bytes(before)
    said = capfd.readouterr().err
    assert status == 2 and "Traceback" not in said
    assert "a worker cannot begin: " in said and "charset.json has" in said
    assert not list((archive / "other").glob("runs/*"))


def without_times(path):
    return re.sub(r"<(Created|LastChange)>[^<]*", "", path.read_text("utf-8"))


def test_lines_are_found_by_workers_elsewhere(engine, archive, tmp_path):
    for name, flags in (("alone", ["--runner", "DirectRunner"]), ("engine", engine.flags)):
        pages = str(archive / "in" / "p[0-2].jpg")
        assert find_lines(["--input", pages, "--output", str(tmp_path / name), *flags]) == 0
    alone, there = (
        {path.name: without_times(path) for path in (tmp_path / name).glob("**/p*.xml")}
        for name in ("alone", "engine")
    )
    assert alone and alone == there


def test_a_pool_without_quire_is_told(engine, archive, capsys):
    package = engine.folder / "pipelines"
    package.rename(engine.folder / "hidden")
    try:
        assert transcribe(archive, "none", *engine.flags) == 2
    finally:
        (engine.folder / "hidden").rename(package)
    said = capsys.readouterr().err.strip()
    assert "a worker has no module pipelines; install Quire in the environment of the pool" in said
    assert "\n" not in said and not (archive / "none").exists()
