"""The digest in the key of TFX's cache covers every module."""

from __future__ import annotations

import shutil

import pytest

from components.code_digest import digest_sources


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "model"
    (folder / "text" / "deeper").mkdir(parents=True)
    for name in ("a.py", "text/b.py", "text/deeper/c.py"):
        (folder / name).write_text(f"# {name}\n")
    return folder


@pytest.mark.parametrize("name", ["a.py", "text/b.py", "text/deeper/c.py"])
def test_digest_changes_with_a_module_in_any_folder(package, name):
    before = digest_sources([package])
    (package / name).write_text("changed = True\n")
    assert digest_sources([package]) != before


def test_digest_changes_when_a_module_moves(package):
    before = digest_sources([package])
    (package / "text" / "b.py").rename(package / "b.py")
    assert digest_sources([package]) != before


def test_digest_does_not_depend_on_where_the_package_lies(package, tmp_path):
    moved = tmp_path / "elsewhere" / "model"
    shutil.copytree(package, moved)
    (moved / "text" / "notes.txt").write_text("no module")
    assert digest_sources([moved]) == digest_sources([package])
