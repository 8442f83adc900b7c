"""Make a virtual environment from the lock that fits, unless it exists already.

    python3 -m locks.install VENV PLANE

The last step writes a stamp file that holds a digest of the lock and the interpreter.
An environment without that stamp, because its installation was interrupted or it was
made from another lock or interpreter, is made again.
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
    """Return the digest of what an environment is made from.

    Args:
        lock: The lock file.
        interpreter: Path and version of the interpreter.

    Returns:
        SHA-256, hexadecimal.
    """
    return hashlib.sha256(lock.read_bytes() + interpreter.encode()).hexdigest()


def is_ready(venv: Path, key: str) -> bool:
    """Return whether an environment is complete and was made from what a key stands for.

    Args:
        venv: Folder of the environment.
        key: Digest from `key_of`.
    """
    stamp = venv / STAMP
    has_python = (venv / "bin" / "python").exists()
    return has_python and stamp.is_file() and stamp.read_text() == key


def install(venv: Path, lock: Path, key: str, python: str, run: Run) -> None:
    """Make an environment from a lock; the stamp is written last.

    Args:
        venv: Folder of the environment; existing content is removed.
        lock: The lock file.
        key: Content of the stamp.
        python: Path of the interpreter.
        run: Runs a command, and raises if it fails.
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
    """List the tools that the system lacks, each with its cure.

    Args:
        plane: One of `locks.choose.PLANES`.

    Returns:
        One message for each; empty if nothing is missing.
    """
    name = "Python {}.{}".format(*sys.version_info[:2])
    package = "python{}.{}".format(*sys.version_info[:2])
    missing = []
    if importlib.util.find_spec("ensurepip") is None:
        missing.append(f"{name} has no ensurepip: `apt-get install {package}-venv`")
    if plane != "tfx":
        return missing
    # TFX needs pyfarmhash, which is written in C++ and has no wheels.
    if not (shutil.which("g++") and shutil.which("gcc")):
        missing.append("no C++ compiler (g++): `apt-get install g++`")
    if not Path(sysconfig.get_paths()["include"], "Python.h").is_file():
        missing.append(f"{name} has no Python.h: `apt-get install {package}-dev`")
    return missing


def _clean_environment() -> Dict[str, str]:
    """Return the environment without variables that would make other packages visible."""
    leaking = ("PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_USER")
    return {key: value for key, value in os.environ.items() if key not in leaking}


def run_isolated(command: List[str]) -> None:
    """Run a command without the environment variables that make other packages visible.

    Raises:
        subprocess.CalledProcessError: If the command fails.
    """
    subprocess.run(command, check=True, env=_clean_environment())


def _require_tools(plane: str) -> None:
    """Raise NoLockFits if the system lacks a tool."""
    missing = missing_tools(plane)
    if missing:
        raise NoLockFits("cannot install the lock: " + "; ".join(missing))


def main() -> int:
    """Make the environment that the arguments name, unless it exists already.

    Returns:
        Exit status: 0, 1 if the installation failed, 2 if no lock fits.
    """
    if len(sys.argv) != 3:
        print("usage: python3 -m locks.install VENV PLANE", file=sys.stderr)
        return 2
    venv, plane = Path(sys.argv[1]), sys.argv[2]
    # In an active environment, sys.executable may lie in the folder that is about to be removed.
    python = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    try:
        lock = Path(choose(plane, this_host()))
        key = key_of(lock, python + sys.version)
        if is_ready(venv, key):
            return 0
        _require_tools(plane)
        print(f"Installing {lock} into {venv}; this takes some minutes.", flush=True)
        install(venv, lock, key, python, run_isolated)
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
