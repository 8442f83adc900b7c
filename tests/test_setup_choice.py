"""`make setup` picks the lock that fits, or reports what to install."""

from __future__ import annotations

import subprocess
from itertools import product
from pathlib import Path

import pytest

from locks.choose import Host, NoLockFits, choose, this_host
from locks.install import install, is_ready, key_of, missing_tools

REPOSITORY = Path(__file__).resolve().parents[1]


def _host(python=(3, 10), glibc=(2, 36), **changes):
    host = Host(python, "CPython", "Linux", "x86_64", glibc)
    return host._replace(**changes)


@pytest.mark.parametrize(
    ("python", "glibc", "lock"),
    [
        ((3, 10), (2, 28), "locks/tfx-1.16.txt"),
        ((3, 10), (2, 36), "locks/tfx-1.16.txt"),
        ((3, 10), (2, 38), "locks/tfx-1.16.txt"),
        ((3, 10), (2, 39), "locks/tfx-1.21.txt"),
        ((3, 11), (2, 39), "locks/tfx-1.21.txt"),
        ((3, 12), (2, 41), "locks/tfx-1.21.txt"),
        ((3, 13), (2, 41), "locks/tfx-1.21.txt"),
        ((3, 13), (3, 0), "locks/tfx-1.21.txt"),
    ],
)
def test_tfx_lock_by_python_and_glibc(python, glibc, lock):
    assert choose("tfx", _host(python, glibc)) == lock


@pytest.mark.parametrize(
    ("python", "glibc", "machine"),
    [*product([(3, 10), (3, 11), (3, 13)], [(2, 28), (2, 41)], ["x86_64", "aarch64"])],
)
def test_data_plane_lock_fits_everywhere(python, glibc, machine):
    host = _host(python, glibc, machine=machine)
    assert choose("data-plane", host) == "locks/data-plane.txt"


def test_documentation_has_one_lock_for_all_pythons():
    for python in ((3, 10), (3, 11), (3, 13)):
        assert choose("docs", _host(python)) == "locks/docs.txt"


@pytest.mark.parametrize(
    ("plane", "host", "what", "cure"),
    [
        ("tfx", _host((3, 9)), "Python 3.9 with glibc 2.36", "pyenv install 3.10"),
        ("tfx", _host((3, 11)), "Python 3.11 with glibc 2.36", "or use Debian 13"),
        ("tfx", _host((3, 14), (2, 41)), "Python 3.14", "pyenv install 3.13"),
        ("tfx", _host(glibc=(2, 27)), "glibc 2.27", "glibc 2.28 or later"),
        ("tfx", _host(glibc=(0, 0)), "no glibc", "use Debian 13"),
        ("tfx", _host(machine="aarch64"), "Linux aarch64", "Debian 13 on x86_64"),
        ("tfx", _host(system="Darwin"), "Darwin", "a container of it"),
        ("tfx", _host(implementation="PyPy"), "PyPy 3.10", "install CPython 3.10"),
        ("data-plane", _host((3, 9)), "Python 3.9", "test-data-plane PYTHON"),
        ("docs", _host((3, 9)), "Python 3.9", "make docs PYTHON"),
        ("airflow", _host((3, 9)), "Python 3.9", "make test-airflow PYTHON"),
        ("flink", _host((3, 9)), "Python 3.9", "make flink-demo PYTHON"),
        ("data-plane", _host(machine="riscv64"), "riscv64", "x86_64 or aarch64"),
    ],
)
def test_refusal_names_the_host_and_the_cure(plane, host, what, cure):
    with pytest.raises(NoLockFits) as error:
        choose(plane, host)
    head, tail = str(error.value).split(": no lock fits; ")
    assert what in head
    assert cure in tail


def test_unknown_plane_is_rejected():
    with pytest.raises(ValueError, match="'tfx', 'data-plane', 'buckets'"):
        choose("astral", _host())


def test_this_host_has_a_version():
    assert this_host().python >= (3, 10)


def test_missing_compiler_is_named_with_its_cure(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no C++ compiler (g++): `apt-get install g++`" in missing_tools("tfx")


def test_data_plane_needs_no_compiler(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not any("compiler" in sentence for sentence in missing_tools("data-plane"))


@pytest.fixture
def lock(tmp_path):
    path = tmp_path / "some.txt"
    path.write_text("numpy==2.0\n")
    return path


class FakeRunner:
    """Makes the files that `python -m venv` makes; a chosen command fails."""

    def __init__(self, venv, failing=""):
        self.venv, self.failing, self.commands = venv, failing, []

    def __call__(self, command):
        self.commands.append(command)
        if self.failing and self.failing in command:
            raise subprocess.CalledProcessError(1, command)
        (self.venv / "bin").mkdir(parents=True, exist_ok=True)
        (self.venv / "bin" / "python").touch()


def test_finished_environment_is_ready(tmp_path, lock):
    venv, key = tmp_path / "venv", key_of(lock, "3.10")
    run = FakeRunner(venv)
    install(venv, lock, key, "python3", run)
    assert is_ready(venv, key)
    assert [command[2] for command in run.commands] == ["venv", "pip"]


@pytest.mark.parametrize("failing", ["venv", "pip"])
def test_interrupted_environment_is_not_ready(tmp_path, lock, failing):
    venv, key = tmp_path / "venv", key_of(lock, "3.10")
    install(venv, lock, key, "python3", FakeRunner(venv))
    with pytest.raises(subprocess.CalledProcessError):
        install(venv, lock, key, "python3", FakeRunner(venv, failing))
    assert not is_ready(venv, key)


def test_another_lock_or_interpreter_is_not_ready(tmp_path, lock):
    venv, key = tmp_path / "venv", key_of(lock, "3.10")
    install(venv, lock, key, "python3", FakeRunner(venv))
    assert not is_ready(venv, key_of(lock, "3.13"))
    lock.write_text("numpy==2.1\n")
    assert not is_ready(venv, key_of(lock, "3.10"))


def test_environment_without_its_interpreter_is_not_ready(tmp_path, lock):
    venv, key = tmp_path / "venv", key_of(lock, "3.10")
    install(venv, lock, key, "python3", FakeRunner(venv))
    (venv / "bin" / "python").unlink()
    (venv / "bin" / "python").symlink_to(tmp_path / "uninstalled")
    assert not is_ready(venv, key)


def test_leftovers_are_removed(tmp_path, lock):
    venv = tmp_path / "venv"
    (venv / "lib").mkdir(parents=True)
    (venv / "lib" / "half.py").touch()
    install(venv, lock, key_of(lock, "3.10"), "python3", FakeRunner(venv))
    assert not (venv / "lib").exists()


def test_linked_environment_is_unlinked_not_emptied(tmp_path, lock):
    venv, shared = tmp_path / "venv", tmp_path / "shared"
    shared.mkdir()
    (shared / "precious").touch()
    venv.symlink_to(shared)
    install(venv, lock, key_of(lock, "3.10"), "python3", FakeRunner(venv))
    assert (shared / "precious").exists()
    assert not venv.is_symlink()
