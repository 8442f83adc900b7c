"""What the tests on buckets share: each runs on both servers."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.fakes import write_fake_bundle
from tests.pipelines.buckets.bucket_servers import REPOSITORY, serving
from tests.pipelines.drawn_archive import write_page


@pytest.fixture(params=["gs", "s3"], scope="session")
def bucket(request, tmp_path_factory):
    """Return a bucket on a server that runs for all tests."""
    with serving(request.param, tmp_path_factory.mktemp(request.param)) as found:
        yield found


@pytest.fixture(scope="session")
def archive(tmp_path_factory):
    """Return eight pages, one of them damaged, a model, and what is read of them on a disk."""
    folder = tmp_path_factory.mktemp("archive")
    for number in range(7):
        write_page(folder / "in", f"p{number}", (f"acte {number}",))
    (folder / "in" / "bad.jpg").write_bytes(b"no image")
    write_fake_bundle(folder / "m")
    flags = [f"--input={folder / 'in'}", f"--model={folder / 'm'}", f"--output={folder / 'out'}"]
    command = [sys.executable, "-m", "pipelines.transcribe", *flags, "--jobs=1"]
    command += [f"--root={folder}", "--max_failure_rate=1"]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, env=os.environ)
    return folder
