"""Measure one recogniser on line images, on one core, reading each file from disk.

All environments share this module, so it needs only the standard library.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

# Lines to run before the measurement, to fill caches and memory arenas; a batch, if it is larger.
_WARM_UP_LINES = 5

# The charset of networks with random weights. The speed of a network depends on the size of its
# charset, not on its weights.
CHARACTERS = "".join(map(chr, [*range(32, 127), *range(0xC0, 0x100)]))

Reader = Callable[[list[str]], list[str]]


@dataclass(frozen=True)
class Options:
    """The options of a run.

    Attributes:
        batch: Lines per batch.
        model: The model, in the notation of the recogniser's library; empty for the default.
        precision: 'fp32' or 'int8'; only Quire has the latter.
    """

    batch: int = 1
    model: str = ""
    precision: str = "fp32"


def batches(paths: list[str], size: int) -> list[list[str]]:
    """Divide paths into batches.

    Example:
        >>> batches(["a", "b", "c"], 2)
        [['a', 'b'], ['c']]
    """
    return [paths[start : start + size] for start in range(0, len(paths), size)]


@dataclass(frozen=True)
class Loaded:
    """A loaded recogniser.

    Attributes:
        version: Version of its library.
        weights: Name of its weights, or 'random'.
        read: Returns the texts of image files.
    """

    version: str
    weights: str
    read: Reader


def race(load: Callable[[Options], Loaded]) -> None:
    """Run a recogniser with the options of the command line, and print the result as a JSON line.

    Args:
        load: Loads the recogniser, limited to one thread.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("images", type=Path, help="folder of PNG line images")
    parser.add_argument("--core", type=int, help="run on this core alone")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--model", default="")
    parser.add_argument("--precision", default="fp32")
    args = parser.parse_args()
    # Before the libraries are imported, because they count the available cores.
    if args.core is not None:
        os.sched_setaffinity(0, {args.core})
    options = Options(args.batch, args.model, args.precision)
    paths = sorted(str(path) for path in args.images.glob("*.png"))
    # Libraries may print to stdout, which is for the result only.
    with contextlib.redirect_stdout(sys.stderr):
        loaded = load(options)
        loaded.read(paths[: max(_WARM_UP_LINES, options.batch)])
        started, cpu_started = time.perf_counter(), time.process_time()
        texts = loaded.read(paths)
        seconds = time.perf_counter() - started
        cpu_seconds = time.process_time() - cpu_started
    if len(texts) != len(paths):
        sys.exit(
            f"read {len(texts)} of {len(paths)} lines; a recogniser must return a text for each"
        )
    result = {
        "version": loaded.version,
        "weights": loaded.weights,
        "lines": len(paths),
        "characters": sum(map(len, texts)),
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        **asdict(options),
    }
    print(json.dumps(result), flush=True)
