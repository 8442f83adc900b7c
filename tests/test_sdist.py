"""The package that Beam sends to its workers has every file that they read."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.stager import Stager

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGES = ("schemas", "model", "components", "pipelines")
BUILD_FILES = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE")


def _package_files(root: Path) -> set[str]:
    """List the files of the packages, modules and data, from a root folder."""
    return {
        path.relative_to(root).as_posix()
        for package in PACKAGES
        for path in (root / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc" and not path.name.startswith(".")
    }


def _sdist_files(archive: Path) -> set[str]:
    """List the package files in an sdist, from the package's root."""
    with tarfile.open(archive) as tar:
        names = [PurePosixPath(m.name) for m in tar.getmembers() if m.isfile()]
    inside = [PurePosixPath(*name.parts[1:]) for name in names]
    return {str(name) for name in inside if name.parts[0] in PACKAGES}


@pytest.fixture
def tree(tmp_path):
    """Copy what builds the package, so that the working tree stays clean."""
    root = tmp_path / "tree"
    root.mkdir()
    for name in BUILD_FILES:
        shutil.copy(REPOSITORY / name, root)
    for package in PACKAGES:
        shutil.copytree(
            REPOSITORY / package,
            root / package,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    for package in PACKAGES:
        (root / package / "drawn_by_the_test.json").write_text("{}")
        deep = root / package / "drawn_folder" / "deeper"
        deep.mkdir(parents=True)
        for folder in (deep.parent, deep):
            (folder / "__init__.py").touch()
            (folder / "drawn_module.py").touch()
            (folder / "drawn_data.onnx").touch()
    return root


@pytest.fixture
def staging(tmp_path):
    folder = tmp_path / "staging"
    folder.mkdir()
    return folder


def test_beam_stages_every_file(tree, staging):
    options = PipelineOptions(["--setup_file", str(tree / "setup.py")])
    Stager.create_job_resources(options, str(staging), log_submission_env_dependencies=False)
    (archive,) = staging.glob("*.tar.gz")
    assert _sdist_files(archive) == _package_files(tree)


def test_setup_py_packs_every_file(tree, staging):
    # Beam falls back to this if `build` is not installed.
    command = [sys.executable, "setup.py", "--quiet", "sdist"]
    subprocess.run([*command, "--dist-dir", staging], cwd=tree, check=True)
    (archive,) = staging.glob("*.tar.gz")
    assert _sdist_files(archive) == _package_files(tree)


def test_worker_installs_every_file(tree, staging):
    # From the tree to the sdist to the wheel, as on a worker.
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", staging]
    subprocess.run([*command, tree], check=True, stdout=subprocess.DEVNULL)
    (archive,) = staging.glob("*.whl")
    with zipfile.ZipFile(archive) as wheel:
        names = [PurePosixPath(name) for name in wheel.namelist()]
        (scripts,) = (name for name in names if name.name == "entry_points.txt")
        entry_points = wheel.read(str(scripts)).decode()
    installed = {str(name) for name in names if name.parts[0] in PACKAGES}
    assert installed == _package_files(tree)
    assert entry_points == "[console_scripts]\nquire = pipelines.cli.console:script\n"


def test_every_folder_of_modules_is_a_package():
    folders = {path.parent for name in PACKAGES for path in (REPOSITORY / name).rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_every_package_file_is_a_module_or_a_known_kind_of_data():
    pages = "pipelines/web/"
    files = _package_files(REPOSITORY)
    suffixes = {Path(name).suffix for name in files if not name.startswith(pages)}
    assert suffixes <= {".py", ".json", ".onnx", ".bin", ".pbtxt", ".keras", ".md"}
    of_pages = {Path(name).suffix for name in files if name.startswith(pages)}
    assert of_pages == {".py", ".html", ".css", ".js", ".svg", ".txt"}
