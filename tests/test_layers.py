"""The packages keep their layers and their size."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from tests.layers import LAYERS, violations

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGES = LAYERS[:-1]
MODULES = sorted(path for package in PACKAGES for path in (REPOSITORY / package).rglob("*.py"))
LONGEST_FILE_LINES = 350
MEDIAN_FILE_LINES = 150


def _name(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def _line_count(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("module", MODULES, ids=_name)
def test_module_keeps_to_its_layer(module):
    layer = module.relative_to(REPOSITORY).parts[0]
    source = module.read_text(encoding="utf-8")
    assert violations(source, layer) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_was_looked_at(package):
    assert REPOSITORY / package / "__init__.py" in MODULES


def test_no_file_is_too_long():
    tests_and_tools = [
        path for name in ("tests", "locks") for path in (REPOSITORY / name).rglob("*.py")
    ]
    lines_by_file = {_name(p): _line_count(p) for p in [*MODULES, *tests_and_tools]}
    too_long = {n: c for n, c in lines_by_file.items() if c > LONGEST_FILE_LINES}
    assert too_long == {}


def test_median_file_is_short():
    # Package markers would lower the median without making anything shorter.
    counts = [_line_count(path) for path in MODULES if path.name != "__init__.py"]
    assert statistics.median(counts) < MEDIAN_FILE_LINES


@pytest.mark.parametrize(
    ("layer", "source", "expected"),
    [
        ("schemas", "from model import ctc", "1: schemas imports model, a later layer"),
        ("schemas", "import keras", "1: schemas imports keras, which it must not need"),
        (
            "schemas",
            "def f():\n    import tensorflow as tf",
            "2: schemas imports tensorflow, which it must not need",
        ),
        (
            "schemas",
            "import apache_beam as beam",
            "1: schemas imports apache_beam, which it must not need",
        ),
        (
            "model",
            "import pipelines.cli.options",
            "1: model imports pipelines.cli.options, a later layer",
        ),
        (
            "model",
            "class A:\n    def f(self):\n        from tfx.v1 import dsl",
            "3: model imports tfx.v1, which it must not need",
        ),
        (
            "model",
            "import tensorflow as tf",
            "1: imports tensorflow outside the function that writes a SavedModel",
        ),
        (
            "model",
            "if True:\n    import importlib\n    importlib.import_module('tfx')",
            "3: model imports tfx, which it must not need",
        ),
        (
            "components",
            "from pipelines.formats import alto",
            "1: components imports pipelines.formats, a later layer",
        ),
        (
            "pipelines",
            "from tests.layers import LAYERS",
            "1: pipelines imports tests.layers, a later layer",
        ),
        (
            "pipelines",
            "from . import options",
            "1: relative import of .; name the package",
        ),
        (
            "pipelines",
            "from ..model import ctc",
            "1: relative import of ..model; name the package",
        ),
        ("pipelines", "import pickle", "1: imports pickle, which runs code from data"),
        (
            "model",
            "from joblib import load",
            "1: imports joblib, which runs code from data",
        ),
        ("pipelines", "import sys\nsys.path.insert(0, '..')", "2: uses sys.path"),
        ("pipelines", "import sys as s\ns.path.append('..')", "2: uses sys.path"),
        ("pipelines", "from sys import path", "1: uses sys.path"),
    ],
)
def test_checker_catches(layer, source, expected):
    assert violations(source, layer) == [expected]


@pytest.mark.parametrize(
    ("layer", "source"),
    [
        ("schemas", "import sys\nfrom schemas.records import Line\nsys.exit(0)"),
        ("model", "import keras\nfrom schemas import records"),
        ("model", "def save():\n    import tensorflow as tf\n    return tf"),
        ("components", "import tfx\nimport tensorflow\nfrom model import ctc"),
        ("pipelines", "import apache_beam\nfrom components import charset_gen"),
        ("pipelines", "import os\nimport pipelines_of_others\nos.path.join('a', 'b')"),
        ("model", "message = 'import pickle'"),
    ],
)
def test_checker_lets_pass(layer, source):
    assert violations(source, layer) == []


def test_checker_lists_all_in_order():
    source = "import pickle\nimport numpy\nfrom components import charset_gen\n"
    lines = [found.split(":")[0] for found in violations(source, "model")]
    assert lines == ["1", "3"]
