"""The light installation resolves for the platforms that docs/install.md names, from wheels."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
UV = os.environ.get("UV") or shutil.which("uv")
NO_NETWORK = re.compile(r"dns error|error sending request|Could not connect|client error", re.I)
HEAVY = ("keras", "tensorflow", "tfx", "torch")
# Older versions of macOS have no wheels of ONNX Runtime.
ENVIRONMENT = os.environ | {"MACOSX_DEPLOYMENT_TARGET": "14.0"}


@pytest.mark.skipif(UV is None, reason="needs uv: pip install uv")
@pytest.mark.parametrize("python", ["3.10", "3.13"])
@pytest.mark.parametrize(
    "platform",
    [
        "x86_64-manylinux_2_28",
        "aarch64-manylinux_2_28",
        "aarch64-apple-darwin",
        "x86_64-pc-windows-msvc",
    ],
)
def test_the_light_installation_resolves(platform, python):
    command = [UV, "pip", "compile", "--quiet", "--no-config", "pyproject.toml"]
    command += ["--constraint", "locks/data-plane.txt", "--only-binary", ":all:"]
    command += ["--python-version", python, "--python-platform", platform]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, env=ENVIRONMENT)
    if done.returncode and NO_NETWORK.search(done.stderr):
        pytest.skip("no network")
    assert done.returncode == 0, done.stderr
    names = re.findall(r"^([a-z0-9-]+)==", done.stdout, re.M)
    assert {"apache-beam", "duckdb", "onnxruntime", "pyarrow"} <= set(names)
    assert ("tomli" in names) == (python == "3.10")
    assert set(names).isdisjoint(HEAVY)


def test_every_platform_of_the_test_is_documented():
    page = (REPOSITORY / "docs" / "install.md").read_text("utf-8")
    for name in ("Linux x86_64", "Linux aarch64", "macOS 14", "Windows 10", "WSL 2", "container"):
        assert name in page
