"""CONTRIBUTING lists every folder, in the order in which they import each other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import model
from tests.layers import imported_modules

REPOSITORY = Path(__file__).resolve().parents[1]
CONTRIBUTING = (REPOSITORY / "CONTRIBUTING.md").read_text("utf-8")
ORDER = re.findall(r"^\| `([a-z_/]+)` \|", CONTRIBUTING.split("\n### ")[0], re.M)
MODULES = sorted(
    path
    for package in ("schemas", "model", "components", "pipelines")
    for path in (REPOSITORY / package).rglob("*.py")
)


def folder_of(module: str) -> str:
    """Return the folder of a dotted name: that of its file, or itself where it is a folder."""
    path = REPOSITORY.joinpath(*module.split("."))
    return (path if path.is_dir() else path.parent).relative_to(REPOSITORY).as_posix()


def test_every_folder_is_listed_once():
    folders = {path.parent.relative_to(REPOSITORY).as_posix() for path in MODULES}
    assert sorted(ORDER) == sorted(folders)


@pytest.mark.parametrize("folder", ORDER)
def test_a_folder_imports_only_folders_above_it(folder):
    below = set(ORDER[ORDER.index(folder) + 1 :])
    found = {
        (path.name, module)
        for path in MODULES
        if path.parent == REPOSITORY / folder
        for module in imported_modules(path.read_text("utf-8"))
        if module.split(".")[0] in ("schemas", "model", "components", "pipelines")
        and folder_of(module) in below
    }
    assert found == set()


def test_no_package_imports_the_public_names():
    # They are for users; they would hide which folder imports which.
    public = {f"model.{name}" for name in model._MODULES}
    found = {path: public & imported_modules(path.read_text("utf-8")) for path in MODULES}
    assert {path: names for path, names in found.items() if names} == {}


def test_every_path_of_the_walk_exists():
    walk = CONTRIBUTING.split("\n### ")[1].split("\n## ")[0]
    paths = [path for path in re.findall(r"`([a-z_/]+(?:\.py|/))`", walk) if "/" in path]
    roots = (REPOSITORY, REPOSITORY / "pipelines")
    assert len(paths) > 12
    assert [path for path in paths if not any((root / path).exists() for root in roots)] == []
