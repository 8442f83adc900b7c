"""The decoders of this process: one for each image that is decoded at the same time."""

from __future__ import annotations

import atexit
import os
import sys
import threading

import numpy as np

from pipelines.decoding.deadline import current_deadline

# Kept for the next images; seldom are there more threads that decode.
_MOST_IDLE = 4
_lock = threading.Lock()
_idle: list = []
_cpu_s = 0.0


def is_possible() -> bool:
    """Return whether this system has what a decoder needs; else images are decoded here."""
    return sys.platform == "linux" and os.path.isdir("/proc/self/fd")


def start_decoder() -> None:
    """Start a decoder if none is idle, without waiting for it.

    Raises:
        OSError: If none can be started.
    """
    if is_possible() and not _idle:
        _put_back(_new())


def await_decoder() -> None:
    """Wait until a decoder is idle, so that its start does not count as time of a page.

    Raises:
        OSError: If none can be started.
    """
    if is_possible():
        decoder = _take()
        decoder.wait_until_ready()
        _put_back(decoder)


def ask(request: dict, file: int) -> tuple[dict, np.ndarray | None]:
    """Have a decoder do something with a file, within the time of the page.

    Args:
        request: As of `pipelines.decoding.child`.
        file: Descriptor of the file.

    Returns:
        The answer, without an error; and the pixels, uint8 [height_px, width_px], or None.

    Raises:
        OSError: If the file cannot be read, or no decoder can be started.
        ValueError: If the image does not decode, or takes too long or too much memory.
    """
    global _cpu_s
    deadline = current_deadline()
    decoder = _take()
    decoder.wait_until_ready()
    answer, pixels = decoder.ask(request, file, deadline)
    with _lock:
        _cpu_s += decoder.cpu_s_since(answer)
    if not answer.get("is_last"):
        _put_back(decoder)
    kind, text = answer.get("error"), str(answer.get("text", ""))
    if kind == "memory":
        raise decoder.out_of_memory()
    if kind == "OSError":
        raise OSError(answer["errno"], text) if "errno" in answer else OSError(text)
    if kind == "ValueError":
        raise ValueError(text)
    if kind:
        raise ValueError(f"image does not decode ({text}); replace the file")
    return answer, pixels


def decoders_cpu_s() -> float:
    """Return the processor time that the decoders of this process have taken, in seconds."""
    return _cpu_s


def stop_decoders() -> None:
    """End the idle decoders."""
    with _lock:
        decoders, _idle[:] = list(_idle), []
    for decoder in decoders:
        decoder.kill()


def _take():
    with _lock:
        decoder = _idle.pop() if _idle else None
    # The system may have ended one that waited, as memory ran out.
    if decoder is not None and not decoder.is_alive:
        decoder.kill()
        return _take()
    return decoder or _new()


def _put_back(decoder) -> None:
    with _lock:
        if len(_idle) < _MOST_IDLE:
            _idle.append(decoder)
            return
    decoder.kill()


def _new():
    # It needs modules that other systems do not have.
    from pipelines.decoding.decoder import Decoder

    return Decoder()


def _forget() -> None:
    """Leave the decoders to the process that this one is a copy of."""
    global _lock
    _lock = threading.Lock()
    _idle.clear()


atexit.register(stop_decoders)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
