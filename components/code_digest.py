"""The digest of our code: what TFX cached under other code is not used again."""

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
    """Digest the sources that compute what a pipeline's steps keep.

    Returns:
        SHA-256 of `schemas`, `model` and `components`, hexadecimal.
    """
    packages = (schemas, model, components)
    return digest_sources(Path(package.__file__).parent for package in packages)


def digest_sources(folders: Iterable[Path]) -> str:
    """Digest every module in some folders and in the folders below them.

    Args:
        folders: Folders of packages.

    Returns:
        SHA-256 of the modules' names and contents, hexadecimal.
    """
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            content = path.read_bytes()
            name = path.relative_to(folder.parent).as_posix()
            digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()
