"""What deploy/Dockerfile makes: `make test-image` builds it in a bare Debian root and runs this.

As its user, with its environment: the command line, a pool of workers, and a job that they do.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pipelines.transcripts.tables import open_tables
from tests.image.build import build, inside
from tests.pipelines.drawn_archive import write_page
from tests.pipelines.servers import await_port, free_port

ROOT = os.environ.get("QUIRE_TEST_IMAGE", "")
pytestmark = pytest.mark.skipif(not ROOT, reason="make test-image builds the image")
# A user of the image has no other name outside.
UID = 10001
# A pool by Beam's starter has this port.
POOL_PORT = 50000


@pytest.fixture(scope="module")
def image():
    return build(None, {})


@pytest.fixture(scope="module")
def archive():
    """A folder of the root that is the volume of the container: two pages."""
    folder = Path(ROOT) / "srv" / "test"
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("p0", "p1"):
        write_page(folder / "in", name)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, UID, UID)
    yield folder
    shutil.rmtree(folder)


def command(image, *words):
    return inside(Path(ROOT), list(words), image)


def run(image, *words):
    return subprocess.run(command(image, *words), capture_output=True, text=True, check=False)


def start(image, *words, log):
    with open(log, "w") as file:
        return subprocess.Popen(
            command(image, *words), stdout=file, stderr=file, start_new_session=True
        )


def rows(folder):
    return open_tables(str(folder)).sql(
        "SELECT page_uri, line_id, text FROM all_lines ORDER BY ALL"
    )


def test_it_is_not_root_and_has_no_tensorflow(image):
    assert run(image, "id", "-u").stdout.strip() == str(UID)
    assert "No module named 'tensorflow'" in run(image, "python", "-c", "import tensorflow").stderr
    assert run(image, "quire", "--version").stdout.startswith("quire ")
    assert run(image, "sh", "-c", "touch /opt/quire/x").returncode != 0


def test_the_command_line_reads_pages_with_the_model_inside(image, archive):
    done = run(image, "quire", "transcribe", "--input", "/srv/test/in", "--output", "/srv/test/out")
    assert done.returncode == 0, done.stderr
    assert rows(archive / "out").fetchone()


def test_the_starter_is_beams(image):
    assert image.entrypoint == ("/opt/apache/beam/boot",)
    assert "No id provided." in run(image, *image.entrypoint).stderr


def test_a_pool_of_the_image_does_a_job(image, archive, tmp_path):
    port = free_port()
    service = "apache_beam.runners.portability.local_job_service_main"
    processes = [
        start(image, "python", "-m", service, "--port", str(port), log=tmp_path / "jobs.log"),
        start(image, *image.entrypoint, "--worker_pool", log=tmp_path / "pool.log"),
    ]
    try:
        for one in (port, POOL_PORT):
            await_port(one, processes)
        flags = ["--runner", "PortableRunner", "--job_endpoint", f"localhost:{port}"]
        flags += ["--environment_type", "EXTERNAL"]
        flags += ["--environment_config", f"localhost:{POOL_PORT}"]
        paths = ["--input", "/srv/test/in", "--output", "/srv/test/there"]
        done = run(image, "quire", "transcribe", *paths, *flags)
        assert done.returncode == 0, (done.stderr, (tmp_path / "pool.log").read_text()[-2000:])
    finally:
        for process in processes:
            os.killpg(process.pid, 9)
            process.wait()
    assert rows(archive / "there").fetchall() == rows(archive / "out").fetchall()
