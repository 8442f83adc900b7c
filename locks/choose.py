"""Choose the lock file that fits an interpreter, or report what to install.

This runs on any Python from 3.6, so that old interpreters get an answer too.

    python3 -m locks.choose PLANE

PLANE is 'tfx' (everything), 'data-plane' (ingest, transcribe and query), 'buckets' (that, with
what opens gs:// and s3://), 'airflow' (Airflow, without Quire), 'flink' (the jars of Flink),
'docs' (the documentation) or 'supply' (the tools that look at what is installed).
Prints the path of the lock, or exits with status 2 and prints the cure.
"""

import os
import platform
import sys
from typing import NamedTuple, Tuple

Version = Tuple[int, int]

PLANES = ("tfx", "data-plane", "buckets", "airflow", "flink", "docs", "supply")
NO_GLIBC = (0, 0)
OLDEST_PYTHON = (3, 10)
NEWEST_PYTHON = (3, 13)
OLDEST_GLIBC = (2, 28)
# TFX 1.21 has wheels only for this glibc and later.
GLIBC_OF_TFX_1_21 = (2, 39)


class Host(NamedTuple):
    """The properties of a host that decide which wheels it can install.

    Attributes:
        python: Major and minor version of the interpreter.
        implementation: Its name, such as 'CPython'.
        system: Operating system, such as 'Linux'.
        machine: Processor, such as 'x86_64'.
        glibc: Version of glibc; (0, 0) if the C library is another one.
    """

    python: Version
    implementation: str
    system: str
    machine: str
    glibc: Version


class NoLockFits(Exception):
    """No lock fits the host; the message says what to install."""


def this_host() -> Host:
    """Return the host that this interpreter runs on."""
    return Host(
        python=(sys.version_info[0], sys.version_info[1]),
        implementation=platform.python_implementation(),
        system=platform.system(),
        machine=platform.machine(),
        glibc=_glibc(),
    )


def choose(plane: str, host: Host) -> str:
    """Choose the lock for a host.

    Args:
        plane: One of `PLANES`.
        host: Host that the lock must fit.

    Returns:
        Path of the lock, relative to the repository root.

    Raises:
        NoLockFits: If no lock fits; the message names the cure.
        ValueError: If the plane is unknown.

    >>> choose("tfx", Host((3, 10), "CPython", "Linux", "x86_64", (2, 36)))
    'locks/tfx-1.16.txt'
    >>> choose("tfx", Host((3, 13), "CPython", "Linux", "x86_64", (2, 41)))
    'locks/tfx-1.21.txt'
    """
    if plane not in PLANES:
        known = ", ".join(map(repr, PLANES))
        raise ValueError(f"plane is {plane!r}; use one of {known}")
    _require_platform(plane, host)
    known_python = OLDEST_PYTHON <= host.python <= NEWEST_PYTHON
    if plane != "tfx" and known_python:
        return f"locks/{plane}.txt"
    if plane == "tfx" and known_python and host.glibc >= GLIBC_OF_TFX_1_21:
        return "locks/tfx-1.21.txt"
    if plane == "tfx" and host.python == OLDEST_PYTHON:
        return "locks/tfx-1.16.txt"
    raise NoLockFits(_refusal(host, _cure(plane, host)))


def _require_platform(plane: str, host: Host) -> None:
    """Raise NoLockFits if no interpreter on this host would fit."""
    machines = ("x86_64",) if plane == "tfx" else ("x86_64", "aarch64")
    cure = ""
    if host.system != "Linux" or host.machine not in machines:
        cure = "use Debian 13 on {}, or a container of it".format(" or ".join(machines))
    elif host.glibc < OLDEST_GLIBC:
        cure = "use Debian 13, or another Linux with glibc 2.28 or later"
    elif host.implementation != "CPython":
        cure = "install CPython 3.10 and run `make setup PYTHON=python3.10`"
    if cure:
        raise NoLockFits(_refusal(host, cure))


def _refusal(host: Host, cure: str) -> str:
    """Return the message that no lock fits a host, with the cure."""
    known = host.glibc != NO_GLIBC
    library = "glibc {}.{}".format(*host.glibc) if known else "no glibc"
    name = host.implementation.replace("CPython", "Python")
    return "{} {}.{} with {} ({} {}): no lock fits; {}".format(
        name, *host.python, library, host.system, host.machine, cure
    )


def _cure(plane: str, host: Host) -> str:
    """Return which interpreter to install."""
    install = "install Python {0} (`pyenv install {0}`) and run `make {1} PYTHON={2}`"
    if plane != "tfx":
        target = {"docs": "docs", "supply": "sbom", "flink": "flink-demo"}.get(
            plane, f"test-{plane}"
        )
        return install.format("3.12", target, "python3.12")
    if host.glibc >= GLIBC_OF_TFX_1_21:
        return install.format("3.13", "setup", "python3.13")
    return install.format("3.10", "setup", "python3.10") + (
        ", or use Debian 13, which has glibc 2.41 and Python 3.13"
    )


def _glibc() -> Version:
    """Return the version of glibc."""
    try:
        name, version = str(os.confstr("CS_GNU_LIBC_VERSION")).split()
    except (AttributeError, ValueError, OSError):
        return NO_GLIBC
    major, minor = version.split(".")[:2]
    return (int(major), int(minor)) if name == "glibc" else NO_GLIBC


def main() -> int:
    """Print the lock that fits this interpreter.

    Returns:
        Exit status: 0, or 2 if no lock fits.
    """
    try:
        print(choose(sys.argv[1] if len(sys.argv) > 1 else "tfx", this_host()))
    except (NoLockFits, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
