"""Measure users who search and read at once: python -m benchmarks.serve TRANSCRIPTS --users 10.

Starts `serve` on one core. Prints the median and the 99th percentile of the time that answers took,
and the memory of the server before and after.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import defaultdict
from pathlib import Path
from urllib.parse import quote

from model.text.words import word_spans
from tests.pipelines.servers import free_port

# Between two clicks of a user.
_THINKS_S = (0.2, 2.0)


def main() -> None:
    """Run the benchmark and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("transcripts")
    parser.add_argument("--users", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--cache", default="")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        port = free_port()
        command = ["-m", "pipelines.serve", "--transcripts", args.transcripts, "--port", str(port)]
        server = subprocess.Popen(
            [sys.executable, *command, "--cache", args.cache or made],
            preexec_fn=lambda: os.sched_setaffinity(0, {args.core}),
        )
        try:
            _measure(f"http://127.0.0.1:{port}", server.pid, args.users, args.seconds)
        finally:
            server.terminate()
            server.wait()


def _measure(address: str, pid: int, users: int, seconds: float) -> None:
    started = time.monotonic()
    while not _is_up(address):
        time.sleep(0.2)
    print(f"ready after {time.monotonic() - started:.1f} s")
    words = _some_words(address)
    before = _resident_mb(pid)
    times: dict[str, list[float]] = defaultdict(list)
    until = time.monotonic() + seconds
    threads = [
        threading.Thread(target=_use, args=(address, words, until, times, seed))
        for seed in range(users)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, taken in sorted(times.items()):
        taken.sort()
        median, late = (taken[int(share * (len(taken) - 1))] * 1000 for share in (0.5, 0.99))
        print(f"{name:8}{len(taken):6} answers, median {median:5.0f} ms, 99 % {late:5.0f} ms")
    print(f"memory {before:.0f} MB before, {_resident_mb(pid):.0f} MB after")


def _use(address: str, words: list[str], until: float, times: dict, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    while time.monotonic() < until:
        sought = " ".join(chance.sample(words, chance.choice((1, 1, 2))))
        html = _timed(times["search"], f"{address}/search?q={quote(sought)}")
        time.sleep(chance.uniform(*_THINKS_S))
        found = re.findall(r'href="(/page/[0-9a-f]{16})#', html)
        for page in found[:1]:
            _timed(times["read"], address + page)
            time.sleep(chance.uniform(*_THINKS_S))


def _some_words(address: str) -> list[str]:
    """Return words of the lines that the model was least sure of, which are of all kinds."""
    html = _timed([], f"{address}/work")
    texts = re.findall(r'<p class="text"[^>]*><a[^>]*>(.*?)</a>', html)
    return sorted({text[a:b] for text in texts for a, b in word_spans(text)})


def _timed(times: list[float], address: str) -> str:
    started = time.monotonic()
    with urllib.request.urlopen(address) as answer:  # noqa: S310 - our own server
        html = answer.read().decode()
    times.append(time.monotonic() - started)
    return html


def _is_up(address: str) -> bool:
    try:
        _timed([], address)
        return True
    except OSError:
        return False


def _resident_mb(pid: int) -> float:
    (pages,) = re.findall(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(pages) / 1000


if __name__ == "__main__":
    main()
