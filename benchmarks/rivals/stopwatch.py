"""Time one recogniser on line images, on one core, reading each file from disk.

The only module that all environments share: it needs nothing but Python.
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

# What a line costs once caches, kernels and memory arenas are there; or a batch, if it is larger.
_WARM_UP_LINES = 5

# A network that cannot be had is drawn at random: its speed does not depend on its weights,
# only on how many characters it can tell apart.
CHARACTERS = "".join(map(chr, [*range(32, 127), *range(0xC0, 0x100)]))

Reader = Callable[[list[str]], list[str]]


@dataclass(frozen=True)
class Options:
    """How a recogniser is to read.

    Attributes:
        batch: Lines at a time.
        model: Its model, as its library wants it named; empty for none.
        precision: 'fp32' or 'int8'; only Quire knows the latter.
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
    """A recogniser, ready to read.

    Attributes:
        version: Of its library.
        weights: What weights it has: a name, or 'random'.
        read: Reads image files.
    """

    version: str
    weights: str
    read: Reader


def race(load: Callable[[Options], Loaded]) -> None:
    """Run a recogniser as the command line says and print what it took, as one line of JSON.

    Args:
        load: Loads it, on one thread.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("images", type=Path, help="folder of PNG line images")
    parser.add_argument("--core", type=int, help="run on this core alone")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--model", default="")
    parser.add_argument("--precision", default="fp32")
    args = parser.parse_args()
    # Before the libraries are imported: they count the cores that they may use.
    if args.core is not None:
        os.sched_setaffinity(0, {args.core})
    options = Options(args.batch, args.model, args.precision)
    paths = sorted(str(path) for path in args.images.glob("*.png"))
    # Libraries print what they like.
    with contextlib.redirect_stdout(sys.stderr):
        loaded = load(options)
        loaded.read(paths[: max(_WARM_UP_LINES, options.batch)])
        started, cpu_started = time.perf_counter(), time.process_time()
        texts = loaded.read(paths)
        seconds = time.perf_counter() - started
        cpu_seconds = time.process_time() - cpu_started
    if len(texts) != len(paths):
        sys.exit(f"read {len(texts)} of {len(paths)} lines; all of them must be read")
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
