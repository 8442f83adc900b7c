"""The digest of our code: what TFX cached under other code is not used again."""

from __future__ import annotations

import hashlib
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
    digest = hashlib.sha256()
    for package in (schemas, model, components):
        for path in sorted(Path(package.__file__).parent.glob("*.py")):
            content = path.read_bytes()
            digest.update(f"{package.__name__} {path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()
