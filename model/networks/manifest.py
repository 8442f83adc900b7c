"""The manifest of a model: the size and the SHA-256 of each of its files.

A flipped bit in a network is read without an error, and gives other texts. So the files of a model
are compared with `manifest.json` when it is opened. A model of an earlier version has none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MANIFEST_FILE = "manifest.json"
_VERSION = 1
_CURE = f"copy the model again; if you changed it yourself, delete its {MANIFEST_FILE}"
# What is in the folder of a model for people, not for programs.
_FOR_PEOPLE = ".md"


@dataclass(frozen=True)
class _Entry:
    """What the manifest states of a file."""

    size_bytes: int
    sha256: str


def write_manifest(directory: str | Path) -> None:
    """Write the manifest of the files that are in the folder of a model.

    Args:
        directory: The folder.
    """
    directory = Path(directory)
    files = {}
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        is_listed = name != MANIFEST_FILE and path.suffix != _FOR_PEOPLE
        if is_listed and path.is_file() and not path.name.startswith("."):
            files[name] = {"bytes": path.stat().st_size, "sha256": _digest(path)}
    text = json.dumps({"version": _VERSION, "files": files}, ensure_ascii=False, indent=1)
    fresh = directory / f".{MANIFEST_FILE}"
    fresh.write_text(text + "\n", "utf-8")
    fresh.replace(directory / MANIFEST_FILE)


@contextmanager
def changing(directory: str | Path) -> Iterator[None]:
    """Let the files of a model be changed in the context, and write its manifest at the end.

    Meanwhile it has none: a model is usable while it is changed, also if that is interrupted.

    Args:
        directory: Its folder.
    """
    (Path(directory) / MANIFEST_FILE).unlink(missing_ok=True)
    try:
        yield
    finally:
        write_manifest(directory)


def has_manifest(directory: Path) -> bool:
    """Return whether there is a manifest; models of earlier versions have none."""
    return (directory / MANIFEST_FILE).is_file()


def listed_files(directory: Path) -> tuple[str, ...]:
    """Return the names of the files in the manifest; none if there is no manifest.

    Raises:
        ValueError: If it is damaged.
    """
    return tuple(_read(directory)) if has_manifest(directory) else ()


def check_files(directory: Path, names: Iterable[str], with_digests: Iterable[str] = ()) -> None:
    """Compare the files of a model with its manifest, if it has one.

    Args:
        directory: Its folder.
        names: Files that are there or should be, of which the size is compared.
        with_digests: Those of them of which the digest is compared, too.

    Raises:
        ValueError: If one of them is not as the manifest states, or the manifest is damaged.
    """
    if not has_manifest(directory):
        return
    stated = _read(directory)
    for name in names:
        path = directory / name
        if name in stated:
            _check_size(path, stated[name])
        elif path.exists():
            raise ValueError(f"{directory}: {MANIFEST_FILE} does not have {name}; {_CURE}")
    for name in with_digests:
        if name in stated and _digest(directory / name) != stated[name].sha256:
            raise ValueError(
                f"{directory}: {name} is damaged: its SHA-256 is not that of {MANIFEST_FILE}; "
                f"{_CURE}"
            )


def _check_size(path: Path, stated: _Entry) -> None:
    if not path.is_file():
        raise ValueError(f"{path.parent}: no {path.name}, which {MANIFEST_FILE} has; {_CURE}")
    size_bytes = path.stat().st_size
    if size_bytes != stated.size_bytes:
        raise ValueError(
            f"{path.parent}: {path.name} has {size_bytes:,} bytes and not the "
            f"{stated.size_bytes:,} of {MANIFEST_FILE}; {_CURE}"
        )


def _read(directory: Path) -> dict[str, _Entry]:
    try:
        content = json.loads((directory / MANIFEST_FILE).read_text("utf-8"))
        if content["version"] != _VERSION:
            raise ValueError(f"version {content['version']!r}; this is {_VERSION}")
        return {name: _entry(facts) for name, facts in content["files"].items()}
    # A file of brackets is too deep for the parser.
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"{directory}: {MANIFEST_FILE} is no manifest ({error}); copy the model again"
        ) from None


def _entry(facts: dict) -> _Entry:
    size_bytes, sha256 = facts["bytes"], facts["sha256"]
    if type(size_bytes) is not int or not isinstance(sha256, str):
        raise TypeError(f"an entry is {facts!r}")
    return _Entry(size_bytes, sha256)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()
