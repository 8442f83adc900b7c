"""Work that does not end, for worker processes; imports nothing that takes long."""

from __future__ import annotations

import os
import time


def note_and_sleep(path: str) -> None:
    """Write down the number of this process, and wait."""
    with open(f"{path}.part", "w") as file:
        file.write(str(os.getpid()))
    os.rename(f"{path}.part", path)
    time.sleep(600)
