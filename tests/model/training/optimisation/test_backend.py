"""What is said where a library is missing that training computes with."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from model.training.optimisation import backend
from model.training.optimisation.backend import check_backend


@pytest.fixture
def check(tmp_path, monkeypatch):
    """Return a function that checks with some libraries installed, and returns the error."""

    def check(installed, environment="", settings=""):
        monkeypatch.setattr(backend, "_is_installed", installed.split().__contains__)
        monkeypatch.setenv("KERAS_HOME", str(tmp_path))
        monkeypatch.delenv("KERAS_BACKEND", raising=False)
        if environment:
            monkeypatch.setenv("KERAS_BACKEND", environment)
        if settings:
            (tmp_path / "keras.json").write_text(settings)
        try:
            check_backend()
        except ValueError as error:
            return str(error)
        return ""

    return check


@pytest.mark.parametrize(
    ("installed", "environment", "settings", "message"),
    [
        ("keras onnx tensorflow", "", "", ""),
        ("keras onnx torch", "torch", "", ""),
        ("keras onnx torch", "", '{"backend": "torch"}', ""),
        ("keras onnx tensorflow", "", "no JSON", ""),
        (
            "keras onnx tensorflow",
            "torch",
            "",
            "KERAS_BACKEND=torch needs torch, which is not installed: pip install "
            "'quire-htr[torch]', or set KERAS_BACKEND=tensorflow, which is installed",
        ),
        (
            "",
            "jax",
            "",
            "KERAS_BACKEND=jax needs jax, which is not installed: pip install 'quire-htr[jax]'",
        ),
        (
            "keras onnx torch",
            "",
            "",
            "the backend tensorflow of Keras needs tensorflow, which is not installed: pip install "
            "'quire-htr[train]', or set KERAS_BACKEND=torch, which is installed",
        ),
        (
            "torch onnx",
            "torch",
            "",
            "training needs keras, which is not installed: pip install 'quire-htr[torch]'",
        ),
        (
            "torch keras",
            "torch",
            "",
            "training needs onnx, which is not installed: pip install 'quire-htr[torch]'",
        ),
        (
            "keras onnx torch",
            "pytorch",
            "",
            "KERAS_BACKEND=pytorch is no backend of Keras that can be used here; give jax, "
            "tensorflow, torch",
        ),
    ],
)
def test_what_is_missing_is_named_with_its_cure(check, installed, environment, settings, message):
    assert check(installed, environment, settings) == message


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("model.training.lines", "--train a --eval b --output c"),
        ("model.training.lines.writing", "--train a --output b"),
        ("model.training.lines.ensemble", "a b --output c"),
    ],
)
def test_a_command_says_what_is_missing_in_one_line(module, arguments, tmp_path):
    # As if neither Keras nor ONNX were installed.
    code = (
        "import runpy, sys\n"
        "from model.training.optimisation import backend\n"
        "backend._is_installed = lambda module: module == 'tensorflow'\n"
        "sys.modules['keras'] = sys.modules['onnx'] = None\n"
        f"sys.argv[1:] = {arguments.split()!r}\n"
        f"runpy.run_module({module!r}, run_name='__main__')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_HOME": str(tmp_path), "KERAS_BACKEND": "tensorflow"},
    )
    assert ended.returncode == 2
    assert re.fullmatch(r"training needs (keras|onnx), which is not .*\n", ended.stderr)
