"""The public names of `model`, each imported when it is first used."""

from __future__ import annotations

import doctest
import subprocess
import sys

import pytest

import model

LIBRARIES = ("cv2", "keras", "numpy", "onnxruntime", "PIL", "rapidfuzz", "tensorflow", "torch")


@pytest.mark.parametrize("name", model.__all__)
def test_each_name_is_what_its_module_defines(name):
    value = getattr(model, name)
    assert getattr(value, "__name__", name) == name
    assert getattr(model, name) is value


def test_dir_lists_the_public_names():
    assert dir(model) == sorted(model.__all__)
    assert len(set(model.__all__)) == len(model.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"module 'model' has no attribute 'recognizer'"):
        model.recognizer  # noqa: B018
    with pytest.raises(ImportError, match="recognizer"):
        from model import recognizer  # noqa: F401


def test_packages_are_imported_from_model_as_ever():
    from model import text

    assert text.__name__ == "model.text"


def test_the_example_holds():
    assert doctest.testmod(model).failed == 0


def test_import_needs_no_library():
    code = (
        "import sys, model; before = set(sys.modules); dir(model); "
        f"print([name for name in {LIBRARIES} if name in sys.modules]); "
        "print([name for name in before if name.startswith('model.')]); "
        "from model import error_rates; print('model.evaluation.metrics' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == ["[]", "[]", "True", ""]
