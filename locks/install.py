"""Make a virtual environment from the lock that fits, once.

    python3 -m locks.install VENV PLANE

The environment gets a stamp as the very last step. It is keyed on the lock
and the interpreter: an environment that was interrupted, or made from
something else, has no such stamp and is made again.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Callable, Dict, List

from locks.choose import NoLockFits, choose, this_host

STAMP = "lock.sha256"
Run = Callable[[List[str]], None]


def key_of(lock: Path, interpreter: str) -> str:
    """Digest what an environment is made from.

    Args:
        lock: The lock file.
        interpreter: The interpreter's path and version.

    Returns:
        SHA-256, hexadecimal.
    """
    return hashlib.sha256(lock.read_bytes() + interpreter.encode()).hexdigest()


def is_ready(venv: Path, key: str) -> bool:
    """Tell whether an environment was finished and made from this key.

    Args:
        venv: The environment's folder.
        key: What it should have been made from.

    Returns:
        Whether it can be used as it is.
    """
    stamp = venv / STAMP
    has_python = (venv / "bin" / "python").exists()
    return has_python and stamp.is_file() and stamp.read_text() == key


def install(venv: Path, lock: Path, key: str, python: str, run: Run) -> None:
    """Make an environment from a lock; the stamp comes last.

    Args:
        venv: Folder to make; whatever is there is removed.
        lock: The lock file.
        key: What goes into the stamp.
        python: Path of the interpreter.
        run: Runs a command, raises where it fails.
    """
    if venv.is_symlink():
        venv.unlink()
    elif venv.exists():
        shutil.rmtree(str(venv))
    run([python, "-m", "venv", str(venv)])
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    run([*pip, "--disable-pip-version-check", "--use-pep517", "-r", str(lock)])
    unfinished = venv / (STAMP + ".part")
    unfinished.write_text(key)
    unfinished.replace(venv / STAMP)


def missing_tools(plane: str) -> List[str]:
    """List what the system lacks, each with its cure.

    Args:
        plane: 'tfx' or 'data-plane'.

    Returns:
        One sentence for each; empty where nothing is missing.
    """
    name = "Python {}.{}".format(*sys.version_info[:2])
    package = "python{}.{}".format(*sys.version_info[:2])
    missing = []
    if importlib.util.find_spec("ensurepip") is None:
        missing.append(f"{name} has no ensurepip: `apt-get install {package}-venv`")
    if plane != "tfx":
        return missing
    # pyfarmhash, which TFX needs, is C++ and has no wheels.
    if not (shutil.which("g++") and shutil.which("gcc")):
        missing.append("no C++ compiler (g++): `apt-get install g++`")
    if not Path(sysconfig.get_paths()["include"], "Python.h").is_file():
        missing.append(f"{name} has no Python.h: `apt-get install {package}-dev`")
    return missing


def _clean_environment() -> Dict[str, str]:
    """Drop the variables that would let other packages shine through."""
    leaking = ("PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_USER")
    return {key: value for key, value in os.environ.items() if key not in leaking}


def _run(command: List[str]) -> None:
    """Run a command with its errors visible."""
    subprocess.run(command, check=True, env=_clean_environment())


def _require_tools(plane: str) -> None:
    """Raise NoLockFits where the system lacks a tool."""
    missing = missing_tools(plane)
    if missing:
        raise NoLockFits("cannot install the lock: " + "; ".join(missing))


def main() -> int:
    """Make the environment that the arguments name, unless it is there.

    Returns:
        Exit status: 0, 2 where no lock fits, 1 where installing failed.
    """
    if len(sys.argv) != 3:
        print("usage: python3 -m locks.install VENV PLANE", file=sys.stderr)
        return 2
    venv, plane = Path(sys.argv[1]), sys.argv[2]
    # In an active environment sys.executable is about to be removed.
    python = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    try:
        lock = Path(choose(plane, this_host()))
        key = key_of(lock, python + sys.version)
        if is_ready(venv, key):
            return 0
        _require_tools(plane)
        print(f"Installing {lock} into {venv}; this takes some minutes.", flush=True)
        install(venv, lock, key, python, _run)
    except (NoLockFits, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except subprocess.CalledProcessError as error:
        command = " ".join(error.cmd)
        print(f"{command}: failed; see the lines above", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
