"""A decoder, seen from the process that uses it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np

from model.images.frame import most_pixels
from pipelines.cli.jobs import free_bytes
from pipelines.decoding.deadline import Deadline
from pipelines.decoding.messages import receive_message, send_message

# What an image of 400 megapixels in colours takes, twice.
_MOST_BYTES = 4_000_000_000
_LEAST_BYTES = 1_000_000_000
# Of the memory that is free; decoders of several processes seldom need all of it at once.
_SHARE_OF_FREE = 0.7
_START_S = 120.0
_END_S = 2.0
# Of a page that is done: writing over it is faster than taking new memory.
_MOST_KEPT_BYTES = 64_000_000
# Where the packages are. A decoder starts there, and not where a user may have another `model`.
_ROOT = Path(__file__).parents[2]
_CODE = "import sys; from pipelines.decoding.child import serve; serve(*map(int, sys.argv[1:]))"
# Threads would take address space, which is limited; nothing of this is computed by them. Memory is
# kept for the next page: to take it from the system anew costs more than the rest of a decoder.
_ENVIRONMENT = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONWARNINGS": "ignore",
}


class DecoderGone(ValueError):
    """The decoder ended while it decoded an image.

    Attributes:
        is_transient: Whether a later run may read the image: memory ran out.
    """

    def __init__(self, reason: str, cure: str, is_transient: bool = False):
        super().__init__(f"image does not decode ({reason}); {cure}")
        self.is_transient = is_transient


class Decoder:
    """A process that decodes images. It starts at once, and imports what it needs meanwhile.

    Raises:
        OSError: If it cannot be started.
    """

    def __init__(self):
        self.memory_bytes = _memory_limit(free_bytes())
        self._is_ready = False
        self._cpu_s = 0.0
        self._pixels = os.memfd_create("pixels", os.MFD_CLOEXEC)
        self._link, other = socket.socketpair()
        passed = [other.fileno(), self._pixels]
        try:
            arguments = [*map(str, passed), str(self.memory_bytes)]
            self._process = subprocess.Popen(
                [sys.executable, "-c", _CODE, *arguments],
                pass_fds=passed,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=_ROOT,
                env={**os.environ, **_ENVIRONMENT},
            )
        except BaseException:
            self._close()
            raise
        finally:
            other.close()

    @property
    def is_alive(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        """Wait until it has started.

        Raises:
            OSError: If it does not start.
        """
        if self._is_ready:
            return
        self._link.settimeout(_START_S)
        try:
            receive_message(self._link)
        except (EOFError, OSError, ValueError) as error:
            self.kill()
            raise OSError(f"the process that decodes images did not start ({error})") from None
        self._is_ready = True

    def ask(self, request: dict, file: int, deadline: Deadline) -> tuple[dict, np.ndarray | None]:
        """Have something done with a file; the process is killed where it takes too long.

        Args:
            request: As of `pipelines.decoding.child`.
            file: Descriptor of the file.
            deadline: When the time is over.

        Returns:
            The answer; and the pixels, uint8 [height_px, width_px], None for none.

        Raises:
            DecoderGone: If the process ended, or was ended as it took too much memory.
            TimeLimitError: If it took too long.
        """
        self._link.settimeout(deadline.left_s())
        try:
            send_message(self._link, request, [file])
            answer, _ = receive_message(self._link)
            pixels = self._read_pixels(answer)
        except TimeoutError:
            self.kill()
            raise deadline.error() from None
        except (EOFError, OSError, ValueError):
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_S)
            # None for one that answers nonsense and is ended only now.
            status = self._process.poll()
            self.kill()
            raise self._gone(status) from None
        except BaseException:
            # Ctrl-C: nobody would read the answer.
            self.kill()
            raise
        if answer.get("is_last"):
            self.kill()
        return answer, pixels

    def _read_pixels(self, answer: dict) -> np.ndarray | None:
        if "height_px" not in answer:
            return None
        height_px, width_px = int(answer["height_px"]), int(answer["width_px"])
        if not 0 < height_px * width_px <= most_pixels():
            raise ValueError(f"{width_px} x {height_px} px")
        pixels = np.empty(height_px * width_px, np.uint8)
        place = 0
        while place < pixels.size:
            count = os.preadv(self._pixels, [pixels[place:]], place)
            if not count:
                raise ValueError("pixels are missing")
            place += count
        if pixels.size > _MOST_KEPT_BYTES:
            os.ftruncate(self._pixels, 0)
        return pixels.reshape(height_px, width_px)

    def cpu_s_since(self, answer: dict) -> float:
        """Return the processor time since the last answer, in seconds."""
        before, self._cpu_s = self._cpu_s, float(answer.get("cpu_s", 0.0))
        return max(0.0, self._cpu_s - before)

    def out_of_memory(self) -> DecoderGone:
        """Return the error of an image that takes more memory than is allowed."""
        return DecoderGone(f"it takes more than {self._limit()} of memory", "scale it down")

    def kill(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self._close()

    def _close(self) -> None:
        self._link.close()
        if self._pixels >= 0:
            os.close(self._pixels)
            self._pixels = -1

    def _gone(self, status: int | None) -> DecoderGone:
        if status == -signal.SIGKILL:
            return DecoderGone(
                "memory ran out", "scale it down, or run again when more memory is free", True
            )
        how = f"with signal {-status}" if status and status < 0 else "off"
        return DecoderGone(
            f"the decoder broke {how}: it is damaged, or takes more than {self._limit()} of memory",
            "replace the file",
        )

    def _limit(self) -> str:
        return f"{self.memory_bytes / 1e9:.1f} GB"


def _memory_limit(free: int | None) -> int:
    """Return what decoding an image may take, in bytes.

    Args:
        free: Bytes of free memory; None if unknown.

    Example:
        >>> _memory_limit(None), _memory_limit(3 * 10**9), _memory_limit(10**8)
        (4000000000, 2100000000, 1000000000)
    """
    if free is None:
        return _MOST_BYTES
    return max(_LEAST_BYTES, min(_MOST_BYTES, round(free * _SHARE_OF_FREE)))
