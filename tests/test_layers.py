"""The packages keep their layers and their size."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from tests.layers import FOLDERS, LAYERS, MOST_FILES, crowded_folders, violations

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
def test_module_keeps_the_rules(module):
    source = module.read_text(encoding="utf-8")
    assert violations(source, _name(module)) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_is_checked(package):
    assert REPOSITORY / package / "__init__.py" in MODULES


@pytest.mark.parametrize("package", FOLDERS)
def test_every_folder_has_one_place_in_the_order(package):
    folders = {_name(path.parent) for path in MODULES if _name(path).startswith(f"{package}/")}
    assert sorted(FOLDERS[package]) == sorted(folders)


def test_no_folder_holds_too_many_files():
    paths = [
        _name(path)
        for package in PACKAGES
        for path in (REPOSITORY / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    assert crowded_folders(paths) == {}


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
    ("path", "source", "expected"),
    [
        ("schemas/a.py", "from model import ctc", "1: schemas imports model, a later layer"),
        (
            "schemas/a.py",
            "import keras",
            "1: schemas imports keras, which it must not need",
        ),
        (
            "schemas/a.py",
            "def f():\n    import tensorflow as tf",
            "2: schemas imports tensorflow, which it must not need",
        ),
        (
            "schemas/a.py",
            "import apache_beam as beam",
            "1: schemas imports apache_beam, which it must not need",
        ),
        (
            "model/text/a.py",
            "import pipelines.cli.options",
            "1: model imports pipelines.cli.options, a later layer",
        ),
        (
            "model/text/a.py",
            "class A:\n    def f(self):\n        from tfx.v1 import dsl",
            "3: model imports tfx.v1, which it must not need",
        ),
        (
            "model/text/a.py",
            "if True:\n    import importlib\n    importlib.import_module('tfx')",
            "3: model imports tfx, which it must not need",
        ),
        (
            "components/a.py",
            "from pipelines.formats import alto",
            "1: components imports pipelines.formats, a later layer",
        ),
        (
            "pipelines/cli/a.py",
            "from tests.layers import LAYERS",
            "1: pipelines imports tests.layers, a later layer",
        ),
        (
            "pipelines/cli/a.py",
            "from . import options",
            "1: relative import of .; name the package",
        ),
        (
            "pipelines/cli/a.py",
            "from ..model import ctc",
            "1: relative import of ..model; name the package",
        ),
        (
            "pipelines/cli/a.py",
            "import pickle",
            "1: imports pickle, which runs code from data",
        ),
        (
            "model/text/a.py",
            "from joblib import load",
            "1: imports joblib, which runs code from data",
        ),
        ("pipelines/cli/a.py", "import sys\nsys.path.insert(0, '..')", "2: uses sys.path"),
        ("pipelines/cli/a.py", "import sys as s\ns.path.append('..')", "2: uses sys.path"),
        ("pipelines/cli/a.py", "from sys import path", "1: uses sys.path"),
    ],
)
def test_checker_catches(path, source, expected):
    assert violations(source, path) == [expected]


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        (
            "model/__init__.py",
            "import model.text",
            "1: model imports model.text, a later folder",
        ),
        (
            "model/text/a.py",
            "from model.decoding import prefixes",
            "1: model/text imports model.decoding.prefixes, a later folder",
        ),
        (
            "model/text/a.py",
            "from model.decoding.prefixes import Prefix",
            "1: model/text imports model.decoding.prefixes.Prefix, a later folder",
        ),
        (
            "model/text/a.py",
            "from model import language",
            "1: model/text imports model.language, a later folder",
        ),
        (
            "model/text/a.py",
            "def f():\n    import model.images.reading",
            "2: model/text imports model.images.reading, a later folder",
        ),
        (
            "model/training/language/a.py",
            "from model.training import loop",
            "1: model/training/language imports model.training.loop, a later folder",
        ),
        (
            "model/training/networks/a.py",
            "from model.training.lines import loop",
            "1: model/training/networks imports model.training.lines.loop, a later folder",
        ),
        (
            "model/training/networks/a.py",
            "from model.training import lines",
            "1: model/training/networks imports model.training.lines, a later folder",
        ),
        (
            "pipelines/formats/a.py",
            "from pipelines.formats import alto",
            "1: pipelines/formats imports pipelines.formats.alto, a later folder",
        ),
        (
            "pipelines/formats/alto/a.py",
            "from pipelines.formats.pdf import reading",
            "1: pipelines/formats/alto imports pipelines.formats.pdf.reading, a later folder",
        ),
        (
            "pipelines/formats/a.py",
            "__import__('pipelines.files')",
            "1: pipelines/formats imports pipelines.files, a later folder",
        ),
    ],
)
def test_checker_catches_the_order_of_folders(path, source, expected):
    assert violations(source, path) == [expected]


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        (
            "model/decoding/a.py",
            "import keras",
            "1: imports keras outside a function; only model/training may",
        ),
        (
            "model/networks/a.py",
            "from onnx import helper",
            "1: imports onnx outside a function; only model/training may",
        ),
        (
            "components/a.py",
            "class A:\n    import tensorflow as tf",
            "2: imports tensorflow outside a function; only model/training may",
        ),
        (
            "pipelines/training/a.py",
            "if True:\n    import torch.nn",
            "2: imports torch.nn outside a function; only model/training may",
        ),
        (
            "pipelines/training/a.py",
            "def f():\n    import keras\nfrom keras import ops",
            "3: imports keras outside a function; only model/training may",
        ),
        (
            "model/training/networks/a.py",
            "import keras\nimport tensorflow as tf",
            "2: imports tensorflow outside the function that writes a SavedModel",
        ),
    ],
)
def test_checker_catches_frameworks_imported_too_early(path, source, expected):
    assert violations(source, path) == [expected]


COMMAND = """
def main(argv=None):
    return 0

if __name__ == "__main__":
    raise SystemExit(main())
"""
COMMAND_MADE = COMMAND.replace(
    "def main(argv=None):\n    return 0\n", "main = command_main(_parser, _run)\n"
)


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        (
            "pipelines/a.py",
            COMMAND.replace("main(argv=None)", "run(argv=None)"),
            "1: a command without main(argv)",
        ),
        (
            "pipelines/a.py",
            COMMAND.replace("argv=None", "argv, verbose"),
            "1: a command without main(argv)",
        ),
        (
            "pipelines/a.py",
            COMMAND.replace("argv=None", "*argv"),
            "1: a command without main(argv)",
        ),
        (
            "pipelines/a.py",
            COMMAND.replace("if __name__", "if __file__"),
            '1: a command without `if __name__ == "__main__"`',
        ),
        (
            "pipelines/a.py",
            f"import pipelines.ingest\n{COMMAND}",
            "1: imports pipelines.ingest, which is a command",
        ),
        (
            "pipelines/cli/a.py",
            "from pipelines import ingest",
            "1: imports pipelines.ingest, which is a command",
        ),
        (
            "pipelines/cli/a.py",
            "from pipelines.ingest import main",
            "1: imports pipelines.ingest.main, which is a command",
        ),
    ],
)
def test_checker_catches_what_is_wrong_about_commands(path, source, expected):
    assert violations(source, path) == [expected]


def test_checker_catches_crowded_folders():
    files = [f"model/text/{number}.py" for number in range(MOST_FILES)]
    assert crowded_folders([*files, "model/text/inner/a.py"]) == {}
    assert crowded_folders([*files, "model/text/words.json"]) == {"model/text": MOST_FILES + 1}


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("schemas/a.py", "import sys\nfrom schemas.records import Line\nsys.exit(0)"),
        ("model/training/a.py", "import keras\nfrom schemas import records"),
        ("model/training/a.py", "def save():\n    import tensorflow as tf\n    return tf"),
        ("components/a.py", "import tfx\nfrom model import ctc"),
        ("components/a.py", "def f():\n    import tensorflow\n    import keras"),
        ("pipelines/files/a.py", "import apache_beam\nfrom components import charset_gen"),
        ("pipelines/files/a.py", "import os\nimport pipelines_of_others\nos.path.join('a', 'b')"),
        ("model/text/a.py", "message = 'import pickle'"),
        ("model/text/a.py", "import onnxruntime\nfrom model import DEFAULT_MODEL"),
        ("model/text/a.py", "from model.text import charset\nfrom model import text"),
        ("model/training/a.py", "from model.training import lines\nimport model.training.language"),
        ("pipelines/formats/alto/a.py", "from pipelines.formats import line_nodes"),
        ("pipelines/__init__.py", "import logging"),
        ("pipelines/a.py", COMMAND),
        ("pipelines/a.py", COMMAND_MADE),
        ("pipelines/a.py", f"from pipelines.training import runs\n{COMMAND}"),
    ],
)
def test_checker_lets_pass(path, source):
    assert violations(source, path) == []


def test_checker_lists_all_in_order():
    source = "import pickle\nimport numpy\nfrom components import charset_gen\n"
    lines = [found.split(":")[0] for found in violations(source, "model/text/a.py")]
    assert lines == ["1", "3"]
