"""The digest of the code, so that TFX does not use results that other code has cached."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import components
import model
import schemas


@cache
def code_digest() -> str:
    """Return the digest of the modules that compute the results of the pipeline's components.

    Returns:
        SHA-256 of `schemas`, `model` and `components`, hexadecimal.
    """
    packages = (schemas, model, components)
    return digest_sources(Path(package.__file__).parent for package in packages)


def digest_sources(folders: Iterable[Path]) -> str:
    """Return the digest of all modules in some folders and their subfolders.

    Args:
        folders: Folders of packages.

    Returns:
        SHA-256 of the names and contents of the modules, hexadecimal.
    """
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            content = path.read_bytes()
            name = path.relative_to(folder.parent).as_posix()
            digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()
