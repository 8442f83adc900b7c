"""CONTRIBUTING lists every folder, in the order in which they import each other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import model
from tests.layers import MODEL_FOLDERS, PIPELINES_FOLDERS, imports_of

REPOSITORY = Path(__file__).resolve().parents[1]
CONTRIBUTING = (REPOSITORY / "CONTRIBUTING.md").read_text("utf-8")
ORDER = re.findall(r"^\| `([a-z_/]+)` \|", CONTRIBUTING.split("\n### ")[0], re.M)
MODULES = sorted(
    path
    for package in ("schemas", "model", "components", "pipelines")
    for path in (REPOSITORY / package).rglob("*.py")
)


def test_every_folder_is_listed_once():
    folders = {path.parent.relative_to(REPOSITORY).as_posix() for path in MODULES}
    assert sorted(ORDER) == sorted(folders)


def test_folders_are_listed_in_the_order_in_which_imports_may_run():
    assert ["schemas", *MODEL_FOLDERS, "components", *PIPELINES_FOLDERS] == ORDER


def imported_names(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {name for found in imports_of(tree) for name in found.candidates()}


def test_no_package_imports_the_public_names():
    # They are for users; they would hide which folder imports which.
    public = {f"model.{name}" for name in model._MODULES}
    found = {path: public & imported_names(path) for path in MODULES}
    assert {path: names for path, names in found.items() if names} == {}


def test_every_path_of_the_walk_exists():
    walk = CONTRIBUTING.split("\n### ")[1].split("\n## ")[0]
    paths = [path for path in re.findall(r"`([a-z_/]+(?:\.py|/))`", walk) if "/" in path]
    roots = (REPOSITORY, REPOSITORY / "pipelines")
    assert len(paths) > 12
    assert [path for path in paths if not any((root / path).exists() for root in roots)] == []
