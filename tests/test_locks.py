"""The locks pin what pyproject.toml requires."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from locks.choose import Host, choose
from model.training.optimisation import backend
from pipelines.cli import places
from schemas.program import extra_cure

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

REPOSITORY = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
ALL_PYTHONS = ("3.10", "3.11", "3.12", "3.13")
CASES = [
    *[("tfx-1.16", python, ("train", "test")) for python in ("3.10",)],
    *[("tfx-1.21", python, ("train", "test")) for python in ALL_PYTHONS],
    *[("data-plane", python, ("test",)) for python in ALL_PYTHONS],
    *[("buckets", python, ("test", "gcp", "aws")) for python in ALL_PYTHONS],
]
ANSWERS = {
    "tfx-1.16": {"tfx": "1.16.0", "dill": "0.3.1.1", "tensorflow": "2.16.2"},
    "tfx-1.21": {"tfx": "1.21.0", "tensorflow": "2.21.0"},
    "data-plane": {},
    "buckets": {},
}


def _lines(lock: str) -> list[str]:
    return (REPOSITORY / "locks" / f"{lock}.txt").read_text().splitlines()


def _environment(python: str) -> dict[str, str]:
    return default_environment() | {
        "python_version": python,
        "python_full_version": f"{python}.5",
        "platform_machine": "x86_64",
        "sys_platform": "linux",
    }


def _pins(lock: str, python: str) -> dict[str, str]:
    """Return the versions that a lock pins for a Python version on Linux."""
    environment = _environment(python)
    pins = {}
    for line in _lines(lock):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate(environment):
            continue
        name = canonicalize_name(requirement.name)
        assert name not in pins, f"{lock}: {name} is pinned twice for {python}"
        (specifier,) = requirement.specifier
        assert specifier.operator == "=="
        pins[name] = specifier.version
    return pins


@pytest.mark.parametrize(("lock", "python", "extras"), CASES)
def test_lock_pins_what_the_project_needs(lock, python, extras):
    pins = _pins(lock, python)
    wanted = list(PROJECT["dependencies"])
    for extra in extras:
        wanted += PROJECT["optional-dependencies"][extra]
    for requirement in map(Requirement, wanted):
        if requirement.marker and not requirement.marker.evaluate(_environment(python)):
            continue
        pin = pins[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(pin, prereleases=True), requirement.name


@pytest.mark.parametrize(("lock", "python", "extras"), CASES)
def test_lock_pins_the_stack_that_it_is_named_after(lock, python, extras):
    pins = _pins(lock, python)
    assert pins | ANSWERS[lock] == pins


@pytest.mark.parametrize("python", ALL_PYTHONS)
def test_data_plane_has_no_tensorflow(python):
    heavy = {"keras", "tensorflow", "tfx", "tfx-bsl", "torch"}
    assert heavy.isdisjoint(_pins("data-plane", python))


@pytest.mark.parametrize("python", ALL_PYTHONS)
def test_buckets_are_tested_with_the_versions_of_the_data_plane(python):
    assert _pins("data-plane", python).items() <= _pins("buckets", python).items()


def test_errors_name_the_distribution_and_its_extras():
    assert f"'{PROJECT['name']}[gcp]'" in extra_cure("gcp", "/usr")
    sources = [
        p.read_text() for name in ("model", "pipelines") for p in (REPOSITORY / name).rglob("*.py")
    ]
    named = re.findall(r"extra_cure\([\"']([a-z,]+)[\"']\)", "\n".join(sources))
    extras = {extra for several in named for extra in several.split(",")}
    extras |= {extra for _, extra in [*places._NEEDED.values(), *backend._BACKENDS.values()]}
    assert {"train", "vertex", "gcp", "torch"} <= extras <= PROJECT["optional-dependencies"].keys()


@pytest.mark.parametrize(
    ("lock", "least"), [("docs", 3), ("supply", 2), ("buckets", 1), ("airflow", 3), ("flink", 1)]
)
@pytest.mark.parametrize("python", ALL_PYTHONS)
def test_the_locks_of_tools_pin_what_they_ask_for(python, lock, least):
    lines = (REPOSITORY / "locks" / f"{lock}.in").read_text().splitlines()
    asked = [Requirement(line) for line in lines if not line.startswith("#")]
    pins = _pins(lock, python)
    assert len(asked) >= least
    for requirement in asked:
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)])


@pytest.mark.parametrize("lock", [*ANSWERS, "docs", "supply", "airflow", "flink"])
def test_lock_states_its_command_and_names_no_machine(lock):
    lines = _lines(lock)
    assert "uv pip compile" in lines[1]
    leaks = re.compile(r"https?://|file:|--index-url|--find-links|(^|\s)/")
    assert [line for line in lines if leaks.search(line)] == []


def test_the_bill_of_materials_is_made_by_a_pinned_tool():
    made = subprocess.run(
        ["make", "--dry-run", "sbom", "PYTHON=python3"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    steps = made.stdout
    assert "-m locks.install .venv-supply supply" in steps
    assert ".venv-supply/bin/cyclonedx-py requirements" in steps
    (lock,) = re.findall(r"locks/[a-z0-9.-]+[.]txt", steps)
    assert (REPOSITORY / lock).is_file() and "--output-file build/sbom.json" in steps
    assert choose("supply", Host((3, 12), "CPython", "Linux", "x86_64", (2, 41))) == (
        "locks/supply.txt"
    )
