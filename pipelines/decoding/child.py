"""The decoder: a process that decodes one image after the other, with a limit of memory.

It ends with the process that started it, also while it decodes. A hostile image may make it hang,
crash or take all memory that it is allowed; the other process then starts a new one.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from pipelines.decoding.messages import receive_message, send_message, write_whole

# Where it keeps more from page to page, it is replaced.
_MOST_KEPT_BYTES = 600_000_000
_PAGE_BYTES = resource.getpagesize()
_POLL_MS = 1_000
# The first that the system ends when memory runs out: the decoder, not the worker.
_FIRST_TO_GO = "1000"


def serve(descriptor: int, pixels: int, memory_bytes: int) -> None:
    """Decode what is asked for, until the other process is gone.

    Args:
        descriptor: Of the socket to it.
        pixels: Of the file in memory that takes the pixels.
        memory_bytes: What decoding an image may take.
    """
    link = socket.socket(fileno=descriptor)
    # Ctrl-C reaches all processes of a terminal; the first one decides.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(link, os.getppid()), daemon=True).start()
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO)

    import cv2

    from model.images import dpi, pages  # noqa: F401 - before memory is limited

    cv2.setNumThreads(1)
    _limit_memory(memory_bytes)
    send_message(link, {"ready": True})
    while True:
        try:
            request, descriptors = receive_message(link)
        except EOFError:
            return
        answer = _answer(request, descriptors, pixels)
        # Who ran out of memory, or keeps much of it, makes room for another.
        is_upset = answer.get("error") in ("memory", "other")
        answer["is_last"] = is_upset or _resident_bytes() > _MOST_KEPT_BYTES
        answer["cpu_s"] = time.process_time()
        send_message(link, answer)
        if answer["is_last"]:
            return


def _answer(request: dict, descriptors: list[int], pixels: int) -> dict:
    """Do what is asked for, and return the answer."""
    (descriptor,) = descriptors
    try:
        # Opened anew, as descriptors that are passed on share their position in the file.
        with open(f"/proc/self/fd/{descriptor}", "rb") as file:
            if request["task"] == "count":
                return _count(file)
            if request["task"] == "tint":
                return _tint(file, request["number"], pixels)
            return _decode(file, request["number"], request["is_paged"], pixels)
    except MemoryError:
        return {"error": "memory"}
    except OSError as error:
        # Errors of Pillow about a bad file have no number.
        facts = {"errno": error.errno} if error.errno else {}
        return {"error": "OSError", "text": error.strerror or str(error), **facts}
    except ValueError as error:
        return {"error": "ValueError", "text": str(error)}
    except Exception as error:
        return {"error": "other", "text": f"{type(error).__name__}: {error}"}
    finally:
        os.close(descriptor)


def _count(file: BinaryIO) -> dict:
    from model.images.pages import count_pages

    return {"count": count_pages(file)}


def _tint(file: BinaryIO, number: int | None, pixels: int) -> dict:
    from model.images.colour import tint_of

    tint = tint_of(file, number or 1)
    if tint is None:
        return {}
    write_whole(pixels, tint.ravel().data)
    # One plane above the other.
    return {"height_px": 2 * tint.shape[1], "width_px": tint.shape[2]}


def _decode(file: BinaryIO, number: int | None, is_paged: bool, pixels: int) -> dict:
    from model.images.decode import decode_page_frame
    from model.images.dpi import page_dpi
    from model.images.pages import open_page

    decode = open_page if is_paged else decode_page_frame
    frame = decode(file, number or 1)
    height_px, width_px = frame.grey.shape
    write_whole(pixels, frame.grey.ravel().data)
    return {
        "height_px": height_px,
        "width_px": width_px,
        "orientation": frame.orientation,
        "warnings": frame.warnings,
        "dpi": page_dpi(file, number, width_px),
    }


def _limit_memory(memory_bytes: int) -> None:
    virtual_bytes = int(Path("/proc/self/statm").read_text().split()[0]) * _PAGE_BYTES
    limit = virtual_bytes + memory_bytes
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if most not in (resource.RLIM_INFINITY, -1):
        limit = min(limit, most)
    resource.setrlimit(resource.RLIMIT_AS, (limit, most))
    # A crash leaves no file of that size behind.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES


def _end_with_parent(link: socket.socket, parent: int) -> None:
    """End this process once the other end of the socket is closed, even while it decodes."""
    poll = select.poll()
    poll.register(link, 0)
    while not poll.poll(_POLL_MS) and os.getppid() == parent:
        pass
    os._exit(1)
