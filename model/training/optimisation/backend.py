"""Whether the libraries are installed that training computes with; imports none of them."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

from schemas.program import extra_cure

# The module of each backend of Keras, and the extra that has it.
_BACKENDS = {
    "tensorflow": ("tensorflow", "train"),
    "torch": ("torch", "torch"),
    "jax": ("jax", "jax"),
}


def check_backend() -> None:
    """Check that Keras, its backend and ONNX are installed.

    Raises:
        ValueError: If something is missing; the message says what to install.
    """
    backend, said_by = _backend()
    if backend not in _BACKENDS:
        known = ", ".join(sorted(_BACKENDS))
        raise ValueError(f"{said_by} is no backend of Keras that can be used here; give {known}")
    module, extra = _BACKENDS[backend]
    cure = extra_cure(extra)
    if not _is_installed(module):
        others = [name for name, (other, _) in _BACKENDS.items() if _is_installed(other)]
        instead = f", or set KERAS_BACKEND={others[0]}, which is installed" if others else ""
        raise ValueError(f"{said_by} needs {module}, which is not installed: {cure}{instead}")
    if not _is_installed("keras"):
        raise ValueError(f"training needs keras, which is not installed: {cure}")
    check_onnx(cure)


def check_onnx(cure: str = extra_cure("train")) -> None:
    """Check that ONNX is installed.

    Args:
        cure: What installs it.

    Raises:
        ValueError: If it is not; the message says what to install.
    """
    if not _is_installed("onnx"):
        raise ValueError(f"training needs onnx, which is not installed: {cure}")


def _backend() -> tuple[str, str]:
    """Return the backend that Keras will use, and what says so."""
    if backend := os.environ.get("KERAS_BACKEND"):
        return backend, f"KERAS_BACKEND={backend}"
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    path = home / "keras.json"
    try:
        backend = str(json.loads(path.read_text("utf-8"))["backend"])
        return backend, f"the backend {backend} of Keras ({path})"
    except (OSError, ValueError, KeyError, TypeError):
        return "tensorflow", "the backend tensorflow of Keras"


def _is_installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
