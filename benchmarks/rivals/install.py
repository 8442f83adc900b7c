"""Install the rivals of `benchmarks.recognise`, each in a separate environment.

    python3.10 -m benchmarks.rivals.install FOLDER [NAME ...]

The text files beside this module pin the versions of the recognisers and of the libraries that
run their networks. All of them run on Python 3.10. The environment variable
PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu avoids the CUDA libraries, which no
contestant uses.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from locks.install import install, is_ready, key_of, run_isolated

HERE = Path(__file__).parent
NAMES = tuple(sorted(path.stem for path in HERE.glob("*.txt")))
_PYTHON = (3, 10)


def main(argv: list[str] | None = None) -> int:
    """Install the rivals that are missing.

    Args:
        argv: Arguments; None for those of the process.

    Returns:
        Exit status: 0, 1 if a rival could not be installed, 2 for the wrong Python.
    """
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"rivals to install, of {', '.join(NAMES)}; default: all",
    )
    args = parser.parse_args(argv)
    unknown = sorted(set(args.names) - set(NAMES))
    if unknown:
        parser.error(f"no rival is called {', '.join(unknown)}; name some of {', '.join(NAMES)}")
    if sys.version_info[:2] != _PYTHON:
        print("the rivals need Python 3.10; run this with python3.10", file=sys.stderr)
        return 2
    failed = [name for name in args.names or NAMES if not _install(args.folder, name)]
    return 1 if failed else 0


def _install(folder: Path, name: str) -> bool:
    venv, lock = folder / name, HERE / f"{name}.txt"
    # In an active environment, sys.executable belongs to that environment.
    python = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    key = key_of(lock, python + sys.version)
    if is_ready(venv, key):
        return True
    print(f"Installing {name} into {venv}; this takes some minutes.", flush=True)
    try:
        install(venv, lock, key, python, run_isolated)
    except subprocess.CalledProcessError as error:
        print(f"{name}: {' '.join(error.cmd)} failed; see the lines above", file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
