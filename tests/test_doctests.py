"""Every module can be imported, and the examples in its docstrings are right."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGES = ("schemas", "model", "components", "pipelines", "locks")
MODULES = sorted(
    ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)
    for package in PACKAGES
    for path in (REPOSITORY / package).rglob("*.py")
    if path.name != "__init__.py"
)
# Packages that the data plane lacks; all others must be installed.
TRAINING_ONLY = {
    "attr",
    "keras",
    "kfp",
    "ml_metadata",
    "onnx",
    "tensorflow",
    "tensorflow_data_validation",
    "tensorflow_metadata",
    "tensorflow_model_analysis",
    "tensorflow_transform",
    "tfx",
    "tfx_bsl",
}
# Of the extra `web`.
OF_PAGES = {"jinja2", "multipart", "starlette", "uvicorn"}
# Of the extras `gcp` and `aws`.
OF_BUCKETS = {"boto3", "botocore", "google"}
# All other commands, and what they import, must run on the data plane.
TRAINING_PIPELINES = ("pipelines.demo", "pipelines.train")


def _may_be_skipped(name, missing):
    on_data_plane = importlib.util.find_spec("tensorflow") is None
    trains = name.startswith(TRAINING_PIPELINES) or not name.startswith("pipelines.")
    if name.startswith("pipelines.web.") and missing in OF_PAGES:
        return True
    if name.startswith("pipelines.buckets.") and missing in OF_BUCKETS:
        return True
    return on_data_plane and trains and missing in TRAINING_ONLY


def _import(name):
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = (error.name or "").split(".")[0]
        if not _may_be_skipped(name, missing):
            raise
        pytest.skip(f"needs {missing}, which is not installed")


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name):
    module = _import(name)
    assert doctest.testmod(module, optionflags=doctest.ELLIPSIS).failed == 0
